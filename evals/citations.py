"""What an answer cites, and whether that is what answers its question.

Gold are documents, and what a run cites are entries of its evidence ledger: an entry is gold when
its `document_id`, which is the id that the document was ingested under, is a gold document's. Which
of a long document's passages it is, does not matter.
"""

from collections.abc import Container, Sequence

from crosearch.evals.endings import has_answered
from crosearch.tools.ledger import Evidence
from crosearch.training.trajectories import Trajectory


def cited_entries(record: Trajectory) -> list[Evidence]:
    """List the evidence that a run's answer cites, each once; none where it gave no answer."""
    if not has_answered(record):
        return []
    cited = set(record["citations"])
    return [entry for entry in record["evidence"] if entry["number"] in cited]


def citation_figures(record: Trajectory, gold: Container[str]) -> dict[str, float]:
    """Score a run's citations against the documents that answer its question.

    ALCE's citation precision and recall (Gao et al. 2023, arXiv 2305.14627), with gold documents
    in the place of a judge, and the answer as the one statement that it makes:

    - `cited_gold`: 1 where the run gave an answer that cites a gold document. It is there for every
      run, so that one that cites nothing, declines or never ends has 0.
    - `citation_recall`: the same of the runs that gave an answer. The gold documents all tell the
      one fact that the question asks for, be they translations of each other or not: one of them is
      all that an answer needs, and to cite several is worth no more.
    - `citation_precision`: the share of the cited entries that are gold; absent where the answer
      cites nothing.

    Args:
        record: The run.
        gold: The ids of the documents, in any language, that answer its question; at least one.
    """
    verdicts = [entry["document_id"] in gold for entry in cited_entries(record)]
    figures = {"cited_gold": float(any(verdicts))}
    if has_answered(record):
        figures["citation_recall"] = figures["cited_gold"]
    if verdicts:
        figures["citation_precision"] = _share(verdicts)
    return figures


def _share(verdicts: Sequence[bool]) -> float:
    return sum(verdicts) / len(verdicts)
