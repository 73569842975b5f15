"""Scores of several signals are weighed and added as they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.tools.fusion import Candidates, add_scores

SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 10), max_size=6)


def test_what_several_signals_find_adds_up() -> None:
    found = {
        "dense": Candidates(scores={"a": 0.9, "b": 0.8}, others=0.3),
        "lexical": Candidates(scores={"b": 2.0, "c": 1.0}),
    }
    scores = add_scores(found, {"dense": 1.0, "lexical": 0.5})
    assert scores == pytest.approx({"a": 0.9, "b": 1.8, "c": 0.8})


def test_a_passage_that_a_signal_did_not_offer_has_what_others_have() -> None:
    candidates = Candidates(scores={"a": 0.9}, others=0.3)
    assert candidates.score("a") == 0.9
    assert candidates.score("z") == 0.3


def test_nothing_found_is_nothing() -> None:
    assert add_scores({"dense": Candidates()}, {"dense": 1.0}) == {}
    assert add_scores({}, {}) == {}


@settings(deadline=None)
@given(dense=SCORES, lexical=SCORES)
def test_every_passage_found_has_a_score_that_no_other_passage_changes(
    dense: dict[str, float], lexical: dict[str, float]
) -> None:
    weights = {"dense": 1.0, "lexical": 0.3}
    every = {"dense": Candidates(scores=dense), "lexical": Candidates(scores=lexical)}
    scores = add_scores(every, weights)
    assert set(scores) == set(dense) | set(lexical)
    for passage_id in scores:
        alone = {
            name: Candidates(scores={k: v for k, v in one.scores.items() if k == passage_id})
            for name, one in every.items()
        }
        assert add_scores(alone, weights)[passage_id] == pytest.approx(scores[passage_id])
