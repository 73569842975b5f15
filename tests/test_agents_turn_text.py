"""A turn's text is its ids': shown as it grows, over once an action is closed."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import FAMILIES, Family, tiny_tokenizer

from crosearch.agents.actions import CLOSING_TAGS
from crosearch.agents.turn_text import ShownText, TurnReader

pieces = st.lists(
    st.sampled_from(
        [
            "</",
            "search",
            ">",
            "</search>",
            "</answer",
            "<answer>",
            "été ",
            "北京",
            "x",
            "</s",
            "🙂",
            "\n",
        ]
    ),
    max_size=12,
).map("".join)

ids_of_any_kind = st.lists(st.integers(0, 600), max_size=20)


@cache
def reader(family: Family) -> TurnReader:
    return TurnReader(tiny_tokenizer(family))


@settings(max_examples=100, deadline=None)
@given(
    family=st.sampled_from(FAMILIES), text=pieces, ids=st.lists(st.integers(0, 600), max_size=20)
)
def test_a_turn_ends_at_the_first_token_that_completes_a_closing_tag(
    family: Family, text: str, ids: list[int]
) -> None:
    ids = [*ids[:10], *tiny_tokenizer(family).encode(text, add_special_tokens=False), *ids[10:]]
    turn = reader(family)
    expected = next(
        (
            n
            for n in range(1, len(ids) + 1)
            if any(tag in turn.decode(ids[:n]) for tag in CLOSING_TAGS)
        ),
        None,
    )
    found = next((n for n in range(1, len(ids) + 1) if turn.closes(ids[:n])), None)
    assert found == expected


@settings(max_examples=100, deadline=None)
@given(
    family=st.sampled_from(FAMILIES),
    ids=ids_of_any_kind,
    text=pieces,
    every=st.integers(1, 4),
)
def test_what_is_shown_adds_up_to_the_text(
    family: Family, ids: list[int], text: str, every: int
) -> None:
    ids = [*ids, *tiny_tokenizer(family).encode(text, add_special_tokens=False)]
    turn = reader(family)
    shown = ShownText(turn.decode)
    parts = [shown.more(ids[:n]) for n in range(1, len(ids) + 1, every)]
    whole = turn.decode(ids)
    assert "".join(parts) + shown.rest(whole) == whole


@pytest.mark.parametrize("family", FAMILIES)
def test_a_closing_tag_inside_of_a_longer_text_is_seen_once_it_is_whole(family: Family) -> None:
    tokenizer = tiny_tokenizer(family)
    ids = tokenizer.encode("why " * 60 + "</answer>", add_special_tokens=False)
    if "</answer>" in tokenizer.decode(ids):
        turn = reader(family)
        assert [turn.closes(ids[:n]) for n in range(len(ids) - 2, len(ids) + 1)] == [
            False,
            False,
            True,
        ]
