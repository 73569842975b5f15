"""How likely it is that a language holds an answer, by what its best passages score.

A logistic of a few features of one language's search, once for the asker's own language and once
for others, at even odds: half of the questions that it was fitted on had an answer. The weights
come from training questions, none of them of an evaluation set:

    python benchmarks/promise.py --data ../shared/data --cases 150
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from crosearch.tools.signals import Rescored

LOOKED_AT = 3
"""How many of each language's passages, its best, have to be reranked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for a language."""

    best: float
    """The score of its best passage."""
    lead: float
    """How far that is above the second's; above 0 where there is no second."""
    held: float
    """The share of the question that the best passage holds, from 0 to 1."""
    own: bool
    """Whether it is the asker's language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weights:
    bias: float
    best: float
    lead: float
    held: float


_OWN = _Weights(bias=-5.12, best=0.23, lead=1.02, held=4.81)
_FOREIGN = _Weights(bias=-2.49, best=0.61, lead=2.27, held=0.99)


def gather_evidence(
    scores: Mapping[str, float], rescored: Mapping[str, Rescored], *, own: bool
) -> Evidence | None:
    """Gather what speaks for a language; None where it has no candidate.

    Args:
        scores: Of its reranked passages, by id.
        rescored: What the reranker of pieces says of them, by id.
        own: Whether it is the asker's language.
    """
    ranked = sorted(scores, key=lambda passage_id: -scores[passage_id])
    if not ranked:
        return None
    best = scores[ranked[0]]
    second = scores[ranked[1]] if len(ranked) > 1 else 0.0
    held = rescored.get(ranked[0], Rescored()).score
    return Evidence(best=best, lead=best - second, held=held, own=own)


def estimate_promise(evidence: Evidence | None) -> float:
    """Estimate the probability that a language holds an answer; nothing found is 0."""
    if evidence is None:
        return 0.0
    weights = _OWN if evidence.own else _FOREIGN
    logit = (
        weights.bias
        + weights.best * evidence.best
        + weights.lead * evidence.lead
        + weights.held * evidence.held
    )
    return 1 / (1 + math.exp(-logit))
