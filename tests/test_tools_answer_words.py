"""What a few words, letters and names say of a language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.tools.answer_letters import telling_letters
from crosearch.tools.answer_names import is_brand
from crosearch.tools.answer_words import is_spelled, likely_languages, words_of
from crosearch.tools.languages import Language

DE, EN, NL, TR = Language("de"), Language("en"), Language("nl"), Language("tr")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Rusya'da 12 km", ["Rusya", "da"]),  # Units are none.
        ("x mph y2k", []),
        ("مربّعاً", ["مربّعاً"]),  # Marks belong to their word.
        ("亨利·戴维", ["亨利", "戴维"]),
        ("Ο Miller", ["Ο", "Miller"]),
        ("1611", []),
    ],
)
def test_words_are_letters_with_their_marks(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_language_that_spells_all_words_so_is_likelier_than_one_that_does_not() -> None:
    likely = likely_languages("schädlich", [DE, EN, NL])
    assert max(likely, key=lambda code: likely[code]) == DE and likely[DE] > 0.9
    # Both have the word: the letters alone decide, and leave it open.
    shared = likely_languages("protest", [EN, NL])
    assert 0.05 < shared[EN] < 0.95


def test_an_inflected_form_counts_less_than_the_word_and_more_than_none() -> None:
    found = [likely_languages(word, [TR, EN])[TR] for word in ("kitap", "kitaplar", "xqzvwt")]
    assert found[0] > 0.9 and found[1] > 0.9 > found[2]


def test_a_language_without_a_lexicon_is_left_out() -> None:
    assert set(likely_languages("hus", [EN, Language("sv")])) == {EN}
    assert likely_languages("hus", [Language("sv")]) == {}


def test_spelling_tells_capitals_and_accents_apart() -> None:
    assert is_spelled("Frankreich", DE) and not is_spelled("frankreich", DE)
    assert is_spelled("años", Language("es")) and not is_spelled("anos", Language("es"))


@settings(deadline=None)
@given(st.text("abcdefßäöüçşığéñ ", min_size=1, max_size=30))
def test_likelihoods_sum_to_one(text: str) -> None:
    assert sum(likely_languages(text, [DE, EN, TR]).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("Крым", "ru", True),
        ("Крым", "uk", False),
        ("Берлин", "ru", None),
        ("ыі", "ru", None),  # Both's letters tell nothing.
        ("汉字", "zh", True),
        ("國", "ja", None),  # An old form that Japan's character set has, too.
        ("駅", "zh", False),
        ("ä", "de", None),  # A language without such a neighbour.
    ],
)
def test_letters_tell_neighbours_apart(text: str, language: str, told: bool | None) -> None:
    assert telling_letters(text, language) is told


@pytest.mark.parametrize("word", ["NASA", "iPhone", "DuMont", "BSkyB", "D2", "x", "PCs"])
def test_brands_are_left_in_latin_letters(word: str) -> None:
    assert is_brand(word)


@pytest.mark.parametrize("word", ["Berlin", "the", "Москва", "東京"])
def test_other_words_are_no_brands(word: str) -> None:
    assert not is_brand(word)
