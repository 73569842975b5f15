"""One ranking out of several signals whose scores cannot be added.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) over the pool of all languages,
with one change: a rank counts as much as its score is near the signal's best. A foreign query's
BM25 then speaks up where a name or number was found, and not where it found noise
(`benchmarks/search.py` has both).
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

RANK_OFFSET = 40
"""The `k` of reciprocal ranks: how little the first ranks differ."""


def fuse_ranks(
    scores: Mapping[str, Mapping[Key, float]],
    weights: Mapping[str, float],
    offset: float = RANK_OFFSET,
) -> dict[Key, float]:
    """Fuse signals over one pool.

    Each signal adds `weight · (score / best score) / (offset + rank)` to what it scored; ranks
    count from 1, and equal scores share the better one. Scores of zero or less speak for nothing.

    Args:
        scores: By signal, the raw scores of what it found, higher is better.
        weights: By signal; all signals of `scores` must be there.
        offset: See `RANK_OFFSET`.

    Returns:
        The fused score of each key that any signal scored above zero.
    """
    fused: dict[Key, float] = {}
    for signal, found in scores.items():
        spoken = {key: score for key, score in found.items() if score > 0}
        ranked = sorted(spoken.values(), reverse=True)
        ranks: dict[float, int] = {}
        for rank, score in enumerate(ranked, start=1):
            ranks.setdefault(score, rank)
        for key, score in spoken.items():
            added = weights[signal] * (score / ranked[0]) / (offset + ranks[score])
            fused[key] = fused.get(key, 0.0) + added
    return fused
