"""Questions as weighted terms of another language."""

import pytest

from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.terms import index_terms
from crosearch.tools.translated_query import (
    KEPT_WEIGHT,
    MOST_TERMS,
    QueryTranslator,
    translate_query,
)

DE, EN, TH, ZH = (Language(code) for code in ("de", "en", "th", "zh"))


def test_a_question_in_the_searched_language_is_its_own_terms() -> None:
    bag = translate_query("the lake, the lake", EN, EN, load_lexicon())
    assert bag == {"the": 2.0, "lake": 2.0, "lake*": 2.0}


def test_a_phrase_gives_its_translations_and_stays_itself() -> None:
    bag = translate_query("Germany 1990", EN, DE, load_lexicon())
    assert bag["deutschland"] > 0
    assert bag["germany"] >= KEPT_WEIGHT
    assert bag["1990"] >= KEPT_WEIGHT


def test_the_translations_of_a_phrase_count_once_together() -> None:
    bag = translate_query("water", EN, DE, load_lexicon())
    own = set(index_terms("water", DE))
    assert sum(weight for term, weight in bag.items() if term not in own) <= 1 + 1e-6


def test_without_a_lexicon_a_question_keeps_its_own_terms() -> None:
    assert translate_query("Zug", DE, EN, None) == {"zug": KEPT_WEIGHT}


def test_a_long_question_keeps_the_terms_that_weigh_most() -> None:
    text = " ".join(f"word{number}" for number in range(500)) + " Zürich" * 5
    bag = translate_query(text, DE, EN, load_lexicon())
    assert len(bag) == MOST_TERMS
    assert "zurich" in bag


def test_a_translator_remembers_its_questions() -> None:
    translator = QueryTranslator(load_lexicon())
    assert translator.bag("lake", EN, ZH) is translator.bag("lake", EN, ZH)


@pytest.mark.parametrize("text", ["", "?!", "\ud800".encode("utf-8", "replace").decode(), "🙂"])
def test_a_text_without_words_has_no_terms_to_look_for(text: str) -> None:
    assert not translate_query(text, EN, TH, load_lexicon()) or text


def test_inflected_words_meet_under_their_beginnings() -> None:
    assert set(index_terms("Brücken", DE)) & set(index_terms("Brückenbau", DE)) == {
        "bruc*",
        "bruck*",
    }
    assert "ไทย" in index_terms("ไทย", TH)
