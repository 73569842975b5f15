"""Evidence is counted by the asker's language and its own."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_runs import DE, EN, FR, recorded_run

from crosearch.evals.evidence_matrix import (
    EvidenceMatrix,
    EvidenceUse,
    evidence_languages,
    evidence_matrix,
)
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.training.trajectories import Trajectory

LANGUAGES = st.sampled_from([DE, EN, FR])


def run_with(
    asker: Language,
    evidence: Sequence[Language],
    *,
    cites: Sequence[int] = (),
    found: bool = True,
) -> Trajectory:
    """Make a run that found evidence in these languages, and cites entries by their numbers."""
    run = recorded_run(language=asker)
    entries: list[Evidence] = [
        {**run["evidence"][0], "number": number, "passage_id": f"p{number}", "language": language}
        for number, language in enumerate(evidence, start=1)
    ]
    return {**run, "evidence": entries, "citations": list(cites), "found": found}


def matrix_of(runs: Sequence[Trajectory], use: EvidenceUse) -> EvidenceMatrix:
    """Count the evidence of runs."""
    return evidence_matrix(((run["language"], evidence_languages(run, use)) for run in runs), use)


def test_what_was_retrieved_and_what_is_cited_are_counted_apart() -> None:
    runs = [
        run_with(EN, [DE, DE, EN], cites=[1, 3]),
        run_with(EN, [FR], cites=[1]),
        run_with(DE, [DE], cites=[]),
    ]
    retrieved = matrix_of(runs, "retrieved")
    assert retrieved == {
        "use": "retrieved",
        "askers": ["de", "en"],
        "languages": ["de", "en", "fr"],
        "counts": {"de": {"de": 1, "en": 0, "fr": 0}, "en": {"de": 2, "en": 1, "fr": 1}},
        "shares": {"de": {"de": 1, "en": 0, "fr": 0}, "en": {"de": 0.5, "en": 0.25, "fr": 0.25}},
    }
    cited = matrix_of(runs, "cited")
    assert cited["counts"]["en"] == {"de": 1, "en": 1, "fr": 1}
    # Who cites nothing has no shares.
    assert cited["askers"] == ["de", "en"] and list(cited["shares"]) == ["en"]


def test_who_declines_cites_nothing_and_an_entry_is_cited_once() -> None:
    declined = run_with(EN, [DE], cites=[1], found=False)
    assert matrix_of([declined], "cited")["shares"] == {}
    assert matrix_of([declined], "retrieved")["counts"] == {"en": {"de": 1}}
    twice = run_with(EN, [DE], cites=[1, 1, 9])
    assert matrix_of([twice], "cited")["counts"] == {"en": {"de": 1}}


def test_no_runs_have_an_empty_matrix() -> None:
    matrix = matrix_of([], "cited")
    assert (matrix["askers"], matrix["languages"], matrix["counts"]) == ([], [], {})


@given(st.lists(st.tuples(LANGUAGES, st.lists(LANGUAGES, max_size=4)), max_size=5))
@settings(deadline=None)
def test_counts_hold_every_piece_and_shares_sum_to_one(
    asked: list[tuple[Language, list[Language]]],
) -> None:
    matrix = matrix_of([run_with(*one) for one in asked], "retrieved")
    rows = matrix["counts"].values()
    assert sum(sum(row.values()) for row in rows) == sum(len(found) for _, found in asked)
    assert all(list(row) == matrix["languages"] for row in rows)
    for shares in matrix["shares"].values():
        assert sum(shares.values()) == pytest.approx(1)
