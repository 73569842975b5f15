"""The pieces of a text's sounds are the same, whether they are texts or numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.sounds import held_codes, sound_codes, sound_grams

SIGNS = "_abcdefghijklmnopqrstuvwxyz0123456789"


def number(gram: str) -> int:
    value = 0
    for sign in gram.removeprefix("="):
        value = value * len(SIGNS) + SIGNS.index(sign)
    return value + len(SIGNS) ** 4 * gram.startswith("=")


@given(st.text(max_size=60))
def test_a_piece_has_one_number_and_a_number_one_piece(text: str) -> None:
    assert sound_codes(text).tolist() == sorted(map(number, sound_grams(text)))


@pytest.mark.parametrize(
    "text", ["l’eau de Köln", "Лев Термен", "μπ ντ Κόρινθος", "東京タワー", "กรุงเทพ", "ab a_bc"]
)
def test_texts_of_all_scripts_have_the_same_pieces_both_ways(text: str) -> None:
    assert sound_codes(text).tolist() == sorted(map(number, sound_grams(text)))


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_held_is_what_both_have(one: str, other: str) -> None:
    held = held_codes(sound_codes(one), sound_codes(other))
    shared = np.intersect1d(sound_codes(one), sound_codes(other))
    assert sound_codes(one)[held].tolist() == shared.tolist()
