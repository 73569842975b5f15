"""Streamed text is broken between words, and nothing of it is lost or changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.cli.wrapping import WordWrapper

TEXT = "I go on to the languages with most passages: German, French, Italian, Japanese and Arabic."


def wrapped(text: str, width: int, size: int) -> str:
    wrapper = WordWrapper(width)
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    return "".join(map(wrapper.feed, pieces)) + wrapper.end()


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_lines_end_between_words(size: int) -> None:
    lines = wrapped(TEXT, 30, size).split("\n")
    assert len(lines) > 2
    assert all(len(line) <= 30 for line in lines)
    assert " ".join(line.strip() for line in lines) == TEXT


def test_a_word_is_shown_once_it_has_ended() -> None:
    wrapper = WordWrapper(80)
    assert wrapper.feed("Ger") == ""
    assert wrapper.feed("man, Fr") == "German, "
    assert wrapper.end() == "Fr"


def test_scripts_without_spaces_are_left_to_the_terminal() -> None:
    text = "錦帯橋は、山口県岩国市の錦川にかかる五連の木造橋である。" * 5
    assert wrapped(text, 30, 1) == text


def test_the_texts_own_lines_are_kept() -> None:
    assert wrapped("one\n\n  two\n", 80, 2) == "one\n\n  two\n"


@given(st.text("ab \n語", max_size=200), st.integers(2, 40), st.integers(1, 30))
def test_nothing_but_white_space_changes(text: str, width: int, size: int) -> None:
    assert wrapped(text, width, size).split() == text.split() or "語" in text
    assert "".join(wrapped(text, width, size).split()) == "".join(text.split())
