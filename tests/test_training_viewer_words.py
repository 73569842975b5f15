"""Words of one or two letters are found, in scripts with spaces and without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.training.viewer_words import is_short, short_words


@pytest.mark.parametrize("word", ["東", "京は", "5", "%", "_", "it", "؟", "の。", "カ", "5月", "ك"])
def test_a_short_word_of_a_text_is_among_its_words(word: str) -> None:
    text = "東京は5月の。 カフェ it costs 5 % _ (ك) ؟"
    assert is_short(word)
    assert short_words(word) <= short_words(text)


def test_a_part_of_a_longer_word_is_none_where_words_are_spaced() -> None:
    assert not short_words("os") <= short_words("it costs")
    assert not short_words("大京") <= short_words("東京は大きい")


def test_case_is_no_difference() -> None:
    assert short_words("IT Ää") == short_words("it ää")


@given(st.text())
def test_any_text_has_words_that_are_terms(text: str) -> None:
    for word in short_words(text):
        assert word
        assert not set(word) & set(" \t\n\"'()*:^-+")
