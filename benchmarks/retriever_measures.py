"""How well questions in several languages find what answers them, and how partial a ranking is.

Pure functions over vectors. Every value is kept for each question, so that intervals can be drawn
over questions and over seeds (`interval`).

*mono*: the passages of the asker's language are ranked; *cross*: those of each other language, by
itself; *pool*: those of all languages together, where each language holds one right passage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.languages import Language

Floats = NDArray[np.float32]
Ranks = NDArray[np.int64]
Values = NDArray[np.float64]

TOP = 20
_DRAWS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Vectors:
    """One language's questions and passages, as unit vectors."""

    queries: Floats
    """Shape (questions, dimension); question n is the same one in every language."""
    passages: Floats
    """Shape (passages, dimension)."""
    gold: Ranks
    """The number of each question's right passage, shape (questions,)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """For each question, the mean over the languages that it is asked in; shape (questions,)."""

    mono: Values
    """Average precision; with one right passage it is the reciprocal rank."""
    cross: Values
    pool: Values
    rank_distance: Values
    """Places in the pool between the first and the last of the right passages: parallel ones, so
    without partiality they would stand side by side."""
    own_share: Values
    """Share of the asker's language among the pool's first `TOP`; impartial is 1 / languages."""


MEASURES = tuple(field.name for field in fields(Measures))


def measure(vectors: Mapping[Language, Vectors], *, own_in_pool: bool = True) -> Measures:
    """Rank the passages for every question in every language.

    Args:
        vectors: Two languages or more.
        own_in_pool: Whether the pool holds the asker's own language. Without it, for parallel
            texts, where a text would find itself, `own_share` is 0 and `mono` means nothing.
    """
    asked = [_measure_language(vectors, code, own_in_pool) for code in vectors]
    return Measures(
        **{name: np.mean([getattr(one, name) for one in asked], axis=0) for name in MEASURES}
    )


def _measure_language(
    vectors: Mapping[Language, Vectors], asked: Language, own_in_pool: bool
) -> Measures:
    queries = vectors[asked].queries
    scores = {code: queries @ one.passages.T for code, one in vectors.items()}
    alone = {
        code: 1 / gold_ranks(scores[code], vectors[code].gold[:, None])[:, 0] for code in vectors
    }
    pooled = [code for code in vectors if own_in_pool or code != asked]
    starts = np.cumsum([0] + [scores[code].shape[1] for code in pooled])
    pool = np.concatenate([scores[code] for code in pooled], axis=1)
    gold = np.stack(
        [start + vectors[code].gold for start, code in zip(starts, pooled, strict=False)], axis=1
    )
    ranks = gold_ranks(pool, gold)
    owners = np.repeat([code == asked for code in pooled], np.diff(starts))
    return Measures(
        mono=alone[asked],
        cross=np.mean([values for code, values in alone.items() if code != asked], axis=0),
        pool=average_precision(ranks),
        rank_distance=(ranks.max(axis=1) - ranks.min(axis=1)).astype(np.float64),
        own_share=owners[_first(pool, TOP)].mean(axis=1),
    )


def gold_ranks(scores: Floats, gold: Ranks) -> Ranks:
    """Return the ranks, from 1, of the right passages; a tie with another counts against them.

    Args:
        scores: Shape (questions, passages).
        gold: Numbers of the right passages, shape (questions, right).
    """
    own = np.take_along_axis(scores, gold, axis=1)
    ranks = np.empty(gold.shape, np.int64)
    for column in range(gold.shape[1]):
        at_least = (scores >= own[:, column, None]).sum(axis=1)
        # Right passages that tie with one another, itself among them, push none of them down.
        tied = (own == own[:, column, None]).sum(axis=1)
        ranks[:, column] = at_least - tied + 1
    return ranks


def average_precision(ranks: Ranks) -> Values:
    """Return the average precision of each question, from the ranks of its right passages.

    Args:
        ranks: From 1, shape (questions, right); right passages that tie share a rank.
    """
    ordered = np.sort(ranks, axis=1)
    return np.asarray((np.arange(1, ranks.shape[1] + 1) / _spread(ordered)).mean(axis=1))


def _spread(ordered: Ranks) -> Ranks:
    """Give right passages that share a rank the places that they take up together."""
    places = ordered.copy()
    for column in range(1, places.shape[1]):
        places[:, column] = np.maximum(places[:, column], places[:, column - 1] + 1)
    return places


def _first(scores: Floats, k: int) -> Ranks:
    k = min(k, scores.shape[1])
    return np.argpartition(-scores, k - 1, axis=1)[:, :k]


def interval(values: Sequence[Values], *, seed: int = 0) -> tuple[float, float, float]:
    """Return a mean, and the bounds of 95% of it by the bootstrap over seeds and questions.

    Args:
        values: For each seed the values of the questions, the same ones in the same order; for a
            comparison, differences.
        seed: Of the bootstrap's draws.
    """
    table = np.stack([np.asarray(one, np.float64) for one in values])
    rng = np.random.default_rng(seed)
    means = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        some = table[rng.integers(len(table), size=len(table))].mean(axis=0)
        means[draw] = some[rng.integers(len(some), size=len(some))].mean()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(table.mean()), float(low), float(high)
