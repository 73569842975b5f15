"""The list's filters: an address spells all of them, and says when it is wrong."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.errors import UsageError
from crosearch.training.viewer_filters import FACETS, SORTS, Filters, read_filters

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "Cc"]), min_size=1)
NUMBERS = st.integers(-1000, 1000).map(lambda number: number / 8)
PLACES = st.tuples(st.one_of(WORDS, NUMBERS), st.integers(1, 10**9))
FILTERS = st.builds(
    Filters,
    chosen=st.lists(
        st.tuples(st.sampled_from(FACETS), st.lists(WORDS, min_size=1, unique=True).map(tuple)),
        unique_by=lambda item: item[0],
    ).map(lambda items: tuple(sorted(items, key=lambda item: FACETS.index(item[0])))),
    reward=st.one_of(st.just(""), WORDS),
    least=st.none() | NUMBERS,
    most=st.none() | NUMBERS,
    text=st.one_of(st.just(""), WORDS),
    group=st.one_of(st.just(""), WORDS),
    sort=st.sampled_from(list(SORTS)),
    descending=st.booleans(),
)


@given(FILTERS)
def test_an_address_spells_every_filter(filters: Filters) -> None:
    assert read_filters(parse_qsl(filters.query(), keep_blank_values=True)) == filters


@given(FILTERS, PLACES)
def test_an_address_spells_a_place_in_the_list(
    filters: Filters, place: tuple[str | float, int]
) -> None:
    for name in ("after", "before"):
        (value,) = (v for n, v in parse_qsl(filters.query(**{name: place})) if n == name)
        read = read_filters([(name, value)])
        assert (read.after or read.before) == place


def test_a_value_is_taken_away_alone() -> None:
    filters = read_filters([("language", "de"), ("language", "fr"), ("status", "found")])
    assert filters.values("language") == ("de", "fr")
    assert filters.without("language", "de") == "status=found&language=fr"
    assert filters.without("status", "found") == "language=de&language=fr"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("least", "much", "'much'"),
        ("most", "nan", "'nan'"),
        ("sort", "beauty", "'beauty'"),
        ("after", "[1]", "'[1]'"),
        ("after", "{", "'{'"),
        ("before", '["x", "y"]', "no place"),
        ("before", "[null, 1]", "no place"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, value: str, told: str) -> None:
    with pytest.raises(UsageError, match=name) as error:
        read_filters([(name, value)])
    assert told in str(error.value)
