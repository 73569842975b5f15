"""An answer is held against the gold answers of its asker's language, where there are any."""

from collections.abc import Mapping, Sequence

import pytest

from crosearch.training.gold_answers import choose_golds, gold_texts

Golds = Mapping[str, Sequence[str]]


@pytest.mark.parametrize(
    ("golds", "chosen"),
    [
        ({"en": ["Vienna"], "de": ["Wien"]}, [("en", ["Vienna"])]),
        ({"und": ["Vienna"], "de": ["Wien"]}, [("en", ["Vienna"])]),  # No language told: any's.
        ({"en": [], "de": ["Wien"], "fr": []}, [("de", ["Wien"])]),
        ({"de": ["Wien"], "fr": ["Vienne"]}, [("de", ["Wien"]), ("fr", ["Vienne"])]),
        ({}, []),
    ],
)
def test_those_of_the_asker_are_chosen_else_those_of_any_language(
    golds: Golds, chosen: list[tuple[str, list[str]]]
) -> None:
    assert choose_golds(golds, "en") == chosen


def test_their_texts_are_listed_once() -> None:
    assert gold_texts({"de": ["Wien", "Vienna"], "fr": ["Vienna"]}, "en") == ["Wien", "Vienna"]
