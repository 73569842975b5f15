"""What was read is kept up to a number of bytes, and never found in another state."""

from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.byte_cache import ByteCache


def test_what_was_kept_is_found_again_by_state_and_id() -> None:
    cache = ByteCache[str](100, len)
    cache.keep("one", {"a": "first", "b": "second"})
    assert cache.find("one", ["b", "a", "c"]) == {"a": "first", "b": "second"}
    assert cache.find("two", ["a"]) == {}


def test_nothing_is_kept_of_a_state_that_is_not_known() -> None:
    cache = ByteCache[str](100, len)
    cache.keep(None, {"a": "first"})
    assert cache.find(None, ["a"]) == {}


def test_what_was_not_asked_for_longest_goes_first() -> None:
    cache = ByteCache[str](8, len)
    cache.keep("one", {"a": "aaaa", "b": "bbbb"})
    cache.find("one", ["a"])
    cache.keep("one", {"c": "cccc"})
    assert cache.find("one", ["a", "b", "c"]) == {"a": "aaaa", "c": "cccc"}


def test_a_value_that_takes_more_than_there_is_is_not_kept() -> None:
    cache = ByteCache[str](8, len)
    cache.keep("one", {"a": "a" * 9})
    assert cache.find("one", ["a"]) == {}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9)), max_size=60))
def test_no_more_is_held_than_fits_whatever_is_put_in(puts: list[tuple[str, int]]) -> None:
    cache = ByteCache[bytes](20, len)
    for key, size in puts:
        cache.keep("one", {key: bytes(size)})
        held = cache.find("one", "abcdef").values()
        assert sum(map(len, held)) <= 20
        assert cache.find("one", [key]) == {key: bytes(size)}
