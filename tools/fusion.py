"""One score out of several signals, on one scale for all languages and all searches.

The signals' scores are absolute (a cosine; BM25 in units of the rarest term; a share of the
question), so they are weighed and added as they are: a passage has the same score for the same
question whatever else is searched. Ranks over the pool, and statistics kept for each pair of
languages, were measured and do less well (`docs/retrieval.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """What a signal offers of a language."""

    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    """Of its best passages, by id; higher is better."""
    others: float = 0.0
    """About what a passage has that is not among them."""

    def score(self, passage_id: str) -> float:
        """Return a passage's score, or what others have."""
        return self.scores.get(passage_id, self.others)


def add_scores(found: Mapping[str, Candidates], weights: Mapping[str, float]) -> dict[str, float]:
    """Add the weighted scores of a language's candidates.

    Args:
        found: By signal.
        weights: By signal; all signals of `found` must be there.

    Returns:
        The sum for each passage that any signal found.
    """
    ids = dict.fromkeys(passage_id for one in found.values() for passage_id in one.scores)
    terms = [(weights[name], one.scores, one.others) for name, one in found.items()]
    return {
        passage_id: sum(weight * scores.get(passage_id, others) for weight, scores, others in terms)
        for passage_id in ids
    }
