"""Official scores are those of the scripts that they are named after, to the last digit."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import shared_data

from crosearch.tools.official_scores import (
    MLQA_LANGUAGES,
    mlqa_exact_match,
    mlqa_f1,
    mlqa_tokens,
    squad_exact_match,
    squad_f1,
    squad_tokens,
)

TEXTS = st.text(max_size=30)
GOLDS = st.lists(TEXTS, min_size=1, max_size=3)
LANGUAGES = st.sampled_from(sorted(MLQA_LANGUAGES))


@pytest.fixture(scope="module")
def reference() -> list[dict[str, Any]]:
    lines = (shared_data() / "reference" / "answer_scores.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def single_precision_f1(tokens: Sequence[str], gold: Sequence[str]) -> float:
    """Count as the reference's SQuAD scores were: in 32 bits, where the script has 64."""
    shared = (Counter(tokens) & Counter(gold)).total()
    if not shared:
        return 0.0
    precision, recall = (
        np.float32(shared) / np.float32(len(tokens)),
        np.float32(shared) / np.float32(len(gold)),
    )
    return float(np.float32(2) * precision * recall / (precision + recall))


def test_mlqa_scores_are_the_reference_s(reference: list[dict[str, Any]]) -> None:
    lines = [line for line in reference if "mlqa" in line]
    assert len(lines) == 3797
    for line in lines:
        answer, golds, language = line["prediction"], line["answers"], line["language"]
        found = {
            "exact_match": mlqa_exact_match(answer, golds, language),
            "f1": mlqa_f1(answer, golds, language),
        }
        assert found == line["mlqa"], line


def test_squad_scores_are_the_reference_s(reference: list[dict[str, Any]]) -> None:
    assert len(reference) == 6000
    for line in reference:
        answer, golds = line["prediction"], line["answers"]
        tokens = squad_tokens(answer)
        single = max(single_precision_f1(tokens, squad_tokens(gold)) for gold in golds)
        found = {"exact_match": squad_exact_match(answer, golds), "f1": single}
        assert found == line["squad"], line
        assert squad_f1(answer, golds) == pytest.approx(single, abs=2e-7)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The Eiffel-Tower, an icon!", ["eiffeltower", "icon"]),
        ("a.m. then", ["am", "then"]),  # Punctuation goes first, and leaves no article.
        ("«Der Rhein»", ["«der", "rhein»"]),  # It is ASCII's alone.
        ("北京 大学", ["北京", "大学"]),
        ("the", []),
        ("٣ x\u00b2", ["٣", "x\u00b2"]),
    ],
)
def test_squad_knows_english_alone(text: str, tokens: list[str]) -> None:
    assert list(squad_tokens(text)) == tokens


@pytest.mark.parametrize(
    ("text", "language", "tokens"),
    [
        ("«Das Ende, einer Ära»", "de", ["ende", "ära"]),
        ("unas Islas de la Bahía", "es", ["islas", "de", "bahía"]),
        ("của những người", "vi", ["người"]),
        ("ताज महल।", "hi", ["ताज", "महल"]),
        # The article goes out of the middle of words, and parts them.
        ("السلام", "ar", ["سلام"]),
        ("وصالح", "ar", ["وص", "ح"]),
        ("2008年，北京ABC Olympics", "zh", ["2008", "年", "北", "京", "abc", "olympics"]),
        # Characters beyond the script's range are parts of words.
        ("㐀㐁 龦a", "zh", ["㐀㐁", "龦a"]),
        ("日本の", "zh", ["日", "本", "の"]),
        ("The Rhine", "de", ["the", "rhine"]),
        ("the", "en", []),
    ],
)
def test_mlqa_knows_its_languages_as_it_does(text: str, language: str, tokens: list[str]) -> None:
    assert list(mlqa_tokens(text, language)) == tokens


def test_two_answers_of_articles_alone_match_and_share_nothing() -> None:
    assert squad_exact_match("the", ["a"]) and squad_f1("the", ["a"]) == 0.0
    assert mlqa_exact_match("das", ["ein"], "de") and mlqa_f1("das", ["ein"], "de") == 0.0


def test_rounding_is_the_scripts() -> None:
    assert mlqa_f1("uno dos tres cuatro cinco", ["uno"], "es") == 0.33333333333333337
    assert squad_f1("one two three four five", ["one"]) == 0.33333333333333337


def test_the_best_gold_answer_counts() -> None:
    assert squad_f1("blue whale", ["whale", "blue whale", "x"]) == 1.0
    assert mlqa_exact_match("Wal", ["x", "der Wal"], "de")


@pytest.mark.parametrize("golds", [[], "whale"])
def test_gold_answers_are_a_list_with_at_least_one(golds: Any) -> None:
    for score in (squad_exact_match, squad_f1):
        with pytest.raises(ValueError, match="gold answer"):
            score("whale", golds)
    with pytest.raises(ValueError, match="gold answer"):
        mlqa_f1("whale", golds, "en")


def test_a_language_that_mlqa_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr': it knows ar, de, en, es, hi, vi, zh"):
        mlqa_exact_match("le Rhin", ["Rhin"], "fr")


@settings(deadline=None)
@given(TEXTS, GOLDS, LANGUAGES)
def test_scores_are_shares_and_an_exact_match_has_all_of_f1(
    answer: str, golds: list[str], language: str
) -> None:
    for matched, score, tokens in (
        (squad_exact_match(answer, golds), squad_f1(answer, golds), squad_tokens(answer)),
        (
            mlqa_exact_match(answer, golds, language),
            mlqa_f1(answer, golds, language),
            mlqa_tokens(answer, language),
        ),
    ):
        assert 0.0 <= score <= 1.0
        assert not (matched and tokens) or score == 1.0


@settings(deadline=None)
@given(TEXTS, TEXTS, LANGUAGES)
def test_answer_and_gold_may_change_places(one: str, other: str, language: str) -> None:
    assert squad_f1(one, [other]) == squad_f1(other, [one])
    assert mlqa_f1(one, [other], language) == mlqa_f1(other, [one], language)


@settings(deadline=None)
@given(TEXTS, LANGUAGES)
def test_tokens_hold_neither_space_nor_punctuation(text: str, language: str) -> None:
    for token in mlqa_tokens(text, language):
        assert token and not any(letter.isspace() or letter in "!-,.«»。" for letter in token)
