"""Several signals become one ranking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.fusion import fuse_ranks

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-10, 100), max_size=8)


def test_a_signal_adds_its_weight_by_rank_and_by_nearness_to_its_best() -> None:
    fused = fuse_ranks({"dense": {"a": 0.8, "b": 0.4}}, {"dense": 2.0}, offset=10)
    assert fused == pytest.approx({"a": 2 / 11, "b": 2 * 0.5 / 12})


def test_what_two_signals_find_comes_before_what_one_does() -> None:
    scores = {"dense": {"a": 0.9, "b": 0.89}, "lexical": {"b": 7.0, "c": 6.9}}
    fused = fuse_ranks(scores, {"dense": 1.0, "lexical": 1.0})
    assert max(fused, key=lambda key: fused[key]) == "b"


def test_equal_scores_are_equal_ranks() -> None:
    fused = fuse_ranks({"dense": {"a": 0.5, "b": 0.5, "c": 0.1}}, {"dense": 1.0})
    assert fused["a"] == fused["b"] > fused["c"]


def test_scores_of_zero_or_less_speak_for_nothing() -> None:
    assert fuse_ranks({"dense": {"a": 0.0, "b": -1.0}}, {"dense": 1.0}) == {}


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse_ranks({"dense": {}, "lexical": {}}, {"dense": 1.0, "lexical": 0.7}) == {}


@given(dense=SCORES, lexical=SCORES, factor=st.floats(0.01, 100))
def test_the_scale_of_a_signal_does_not_matter(
    dense: dict[str, float], lexical: dict[str, float], factor: float
) -> None:
    weights = {"dense": 1.0, "lexical": 0.7}
    scaled = {key: score * factor for key, score in lexical.items()}
    fused = fuse_ranks({"dense": dense, "lexical": lexical}, weights)
    again = fuse_ranks({"dense": dense, "lexical": scaled}, weights)
    assert set(fused) == {key for found in (dense, lexical) for key in found if found[key] > 0}
    if len(set(lexical.values())) == len(set(scaled.values())):
        assert again == pytest.approx(fused, abs=1e-9)


@given(scores=SCORES)
def test_one_signal_alone_keeps_its_order(scores: dict[str, float]) -> None:
    fused = fuse_ranks({"dense": scores}, {"dense": 1.0})
    positive = [key for key in scores if scores[key] > 0]
    for better in positive:
        assert all(
            fused[better] >= fused[other] for other in positive if scores[other] <= scores[better]
        )
