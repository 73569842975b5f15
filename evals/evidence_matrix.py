"""Where the evidence came from: the asker's language by the language of the evidence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

from crosearch.evals.citations import cited_entries
from crosearch.training.trajectories import Trajectory

EvidenceUse = Literal["cited", "retrieved"]
"""What an answer cites; or all that its run's searches found, each passage once a run."""


class EvidenceMatrix(TypedDict):
    """Pieces of evidence by asker's language, then by their own; plain JSON."""

    use: EvidenceUse
    askers: list[str]
    """The askers' languages, sorted; one who had no evidence is among them."""
    languages: list[str]
    """The languages of the evidence, sorted."""
    counts: dict[str, dict[str, int]]
    """Every asker's language has every language of the evidence, if only with 0."""
    shares: dict[str, dict[str, float]]
    """Of an asker's evidence, from 0 to 1; an asker's language without any evidence is absent."""


def evidence_languages(record: Trajectory, use: EvidenceUse) -> tuple[str, ...]:
    """List the languages of a run's evidence, one for each piece."""
    entries = cited_entries(record) if use == "cited" else record["evidence"]
    return tuple(entry["language"] for entry in entries)


def evidence_matrix(found: Iterable[tuple[str, Iterable[str]]], use: EvidenceUse) -> EvidenceMatrix:
    """Count in which languages askers of each language were given evidence.

    Args:
        found: Of each run the asker's language, and what `evidence_languages` lists. Runs that the
            machine failed count like others: leave them out before.
        use: Which evidence that is.
    """
    askers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for asker, pieces in found:
        askers[asker].update(pieces)
    languages = sorted({language for row in askers.values() for language in row})
    counts = {
        asker: {language: askers[asker][language] for language in languages}
        for asker in sorted(askers)
    }
    return EvidenceMatrix(
        use=use,
        askers=list(counts),
        languages=languages,
        counts=counts,
        shares={asker: _shares(row) for asker, row in counts.items() if any(row.values())},
    )


def _shares(row: Mapping[str, int]) -> dict[str, float]:
    total = sum(row.values())
    return {language: count / total for language, count in row.items()}
