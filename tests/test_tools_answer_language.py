"""Short answers are judged by their language only where something tells it."""

import pytest
from answer_language import tabulate
from answer_language_cases import draw
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import shared_data

from crosearch.tools.answer_language import judge_answer_language
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.scoring import normalise_answer


@pytest.mark.parametrize(
    ("answer", "language", "verdict"),
    [
        # Figures and names are of every language.
        ("1611", "fr", "unknown"),
        ("", "en", "unknown"),
        ("Berlin", "fr", "unknown"),
        ("Universidad Complutense de Madrid", "en", "unknown"),
        ("Duke of Wellington", "fr", "unknown"),
        ("Łódź", "en", "unknown"),
        # The script tells.
        ("Германия", "fr", "wrong"),
        ("Berlin", "ru", "wrong"),
        ("東京", "de", "wrong"),
        ("ไทย", "th", "right"),
        ("서울", "ko", "right"),
        ("Σωκράτης", "el", "right"),
        ("とうきょう", "zh", "wrong"),
        ("東京", "ja", "unknown"),
        ("東京", "zh", "unknown"),
        ("Берлин", "ru", "unknown"),
        ("Берлин", "uk", "unknown"),
        # Acronyms, models and brands are written as they are.
        ("NASA", "ja", "unknown"),
        ("iPhone", "ar", "unknown"),
        ("R2-D2", "ru", "unknown"),
        ("COVID-19", "ar", "unknown"),
        ("United States of America", "ru", "wrong"),
        # Letters that a neighbour has not.
        ("Київ", "uk", "right"),
        ("Київ", "ru", "wrong"),
        ("Крым", "uk", "wrong"),
        ("پاریس", "fa", "right"),
        ("پاریس", "ar", "wrong"),
        ("القاهرة", "fa", "wrong"),
        ("سوئد", "fa", "unknown"),
        # Brands, formulas and what stands in brackets leave the rest to tell.
        ("BSkyB", "zh", "unknown"),
        ("n2 + 1", "th", "unknown"),
        ("28.5°E", "hi", "unknown"),
        ("12.ª", "es", "unknown"),
        ("ดัลลัส (Dallas)", "th", "right"),
        ("COVID-19 वायरस", "hi", "right"),
        ("कोविड virus", "hi", "right"),
        ("ο Miller", "el", "right"),
        ("ο Miller", "en", "unknown"),
        # A name in Latin letters may stay so; a text may not, nor a name that is written otherwise.
        ("Kony Ealy", "ru", "unknown"),
        ("Lady Gaga", "el", "unknown"),
        ("the Northern Star", "ru", "wrong"),
        ("New York", "ja", "wrong"),
        ("John Smith", "th", "wrong"),
        # Arabic and Hindi write every name in their own letters.
        ("Kony Ealy", "hi", "wrong"),
        ("Kony Ealy", "ar", "wrong"),
        # Characters that one of China and Japan has.
        ("气候", "zh", "right"),
        ("气候", "ja", "wrong"),
        ("駅前", "ja", "right"),
        ("駅前", "zh", "wrong"),
        ("生涯で一人", "ja", "right"),
        ("生涯で一人", "zh", "unknown"),
        # Words that one language has, and none beside it.
        ("genetische Zweige", "de", "right"),
        ("genetische Zweige", "en", "wrong"),
        ("automatización", "es", "right"),
        ("hợp số", "vi", "right"),
        ("hợp số", "en", "wrong"),
        ("1970'lerin", "tr", "right"),
        ("Frankreich", "de", "right"),
        # Several have these, or a name may be what it is.
        ("automation", "fr", "unknown"),
        ("dos", "es", "unknown"),
        ("John Elway", "de", "unknown"),
        ("Frankreich", "fr", "unknown"),
        ("110 mph", "de", "unknown"),
        # Of a language without a lexicon, a word or two tell nothing.
        ("hus", "sv", "unknown"),
        ("Москва", "sr", "unknown"),
        ("det röda huset vid den stora sjön", "sv", "right"),
        # Running words.
        ("it was completed in the year 1611 by the king", "fr", "wrong"),
        ("il a été achevé par le roi en 1611", "fr", "right"),
        ("the red river of the north", "de", "wrong"),
    ],
)
def test_script_then_letters_then_words(answer: str, language: str, verdict: str) -> None:
    assert judge_answer_language(answer, Language(language)) == verdict


def test_an_answer_that_is_known_needs_no_guess() -> None:
    golds = {"fr": ["Allemagne"], "en": ["Germany"], "ru": ["Germany"]}
    fr = Language("fr")
    assert judge_answer_language("l'Allemagne", fr, golds) == "right"
    assert judge_answer_language("Germany", fr, golds) == "wrong"
    assert judge_answer_language("Germany", Language("ru"), golds) == "right"
    assert judge_answer_language("Austria", fr, golds) == "unknown"
    assert judge_answer_language("Germany", Language("de"), golds) == "unknown"
    assert judge_answer_language("Germany", fr, {"fr": ["x"], "und": ["Germany"]}) == "unknown"


@settings(deadline=None)  # The detector's model is loaded once.
@given(st.text(max_size=80), st.sampled_from(EMBEDDED_LANGUAGES))
def test_every_text_gets_a_verdict(answer: str, language: Language) -> None:
    assert judge_answer_language(answer, language) in ("right", "wrong", "unknown")


@given(st.text("0123456789 .,:/-%", max_size=20), st.sampled_from(EMBEDDED_LANGUAGES))
def test_nothing_without_letters_is_in_the_wrong_language(answer: str, language: Language) -> None:
    assert judge_answer_language(answer, language) == "unknown"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=20), st.sampled_from(EMBEDDED_LANGUAGES))
def test_a_gold_answer_is_never_in_the_wrong_language(answer: str, language: Language) -> None:
    golds = {language: [answer], "en": [answer]}
    verdict = judge_answer_language(answer, language, golds)
    assert verdict == ("right" if normalise_answer(answer, language) else verdict)


def test_the_figures_are_reached_on_answers_that_nothing_was_chosen_by() -> None:
    cases = draw(shared_data(), 2_000, seed=0)
    shares = tabulate(cases, [judge_answer_language(one.text, one.asked) for one in cases])
    assert len({case.asked for case in cases}) == 12
    assert shares["all"].answers >= 2_000
    assert shares["all"].wrong <= 0.02
    assert shares["all"].unknown <= 0.25
    hinted = [judge_answer_language(one.text, one.asked, one.golds) for one in cases]
    assert tabulate(cases, hinted)["all"].wrong == 0.0
