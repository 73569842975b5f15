"""What a language promises grows with what speaks for it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.promise import Evidence, estimate_promise, gather_evidence
from crosearch.tools.signals import Rescored

EVIDENCE = st.builds(
    Evidence,
    best=st.floats(0, 10),
    lead=st.floats(0, 10),
    held=st.floats(0, 1),
    own=st.booleans(),
)


def test_the_evidence_is_of_the_best_passage_and_its_lead() -> None:
    scores = {"a": 1.0, "b": 3.0, "c": 2.5}
    evidence = gather_evidence(scores, {"b": Rescored(score=0.8)}, own=True)
    assert evidence == Evidence(best=3.0, lead=0.5, held=0.8, own=True)


def test_a_passage_alone_leads_by_all_it_has() -> None:
    evidence = gather_evidence({"a": 1.5}, {}, own=False)
    assert evidence == Evidence(best=1.5, lead=1.5, held=0.0, own=False)


def test_nothing_found_promises_nothing() -> None:
    assert gather_evidence({}, {}, own=True) is None
    assert estimate_promise(None) == 0.0


@given(EVIDENCE)
def test_a_promise_is_a_probability_and_better_evidence_promises_more(evidence: Evidence) -> None:
    promise = estimate_promise(evidence)
    assert 0 <= promise <= 1
    assert estimate_promise(replace(evidence, best=evidence.best + 0.5)) >= promise
    assert estimate_promise(replace(evidence, lead=evidence.lead + 0.5)) >= promise
