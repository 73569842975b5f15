"""Tells which statements say the same, agree or contradict each other, across languages.

Two statements belong together where their sentences' vectors are near, or where both give a
quantity that the question asks for and their passages are about the same subject. What belongs
together forms a cluster, by average linkage: the outcome does not depend on the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.names import coverages
from crosearch.tools.products import row_products
from crosearch.tools.quantities import Quantity, agree
from crosearch.tools.sounds import SoundCodes

SAME_SENTENCE = 0.5
"""Cosine of two sentences from which on they say the same.

Measured with the embedded embedder on sentences of XQuAD-R in two of eleven languages, where each
pair that says the same stands against two that do not, one of them from the same paragraph.
"""
SAME_SUBJECT = 0.5
"""From here on two passages are about the same subject, by `_subject_likeness`."""

Vector = NDArray[np.float32]

_agree = lru_cache(maxsize=16_384)(agree)
"""A run compares the same quantities after every search."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Statement:
    """What an entry of the ledger says to the question."""

    key: tuple[str, str]
    """Language and passage id: what puts statements in an order of their own."""
    sentence: Vector
    """The sentence's vector, shape (dimension,); zero where it is not known."""
    passage: Vector
    """The normalised mean of the passage's sentence vectors, shape (dimension,)."""
    names: tuple[str, ...]
    """The passage's names, as of `name_words`; only asked for where there are answers."""
    grams: SoundCodes
    """The passage's n-grams, as of `name_grams`; likewise."""
    answers: tuple[Quantity, ...]
    """The quantities of the sentence that can be what the question asks for."""
    score: float
    """How well the passage fits the question, in about 0..1."""


def cluster_statements(statements: Sequence[Statement]) -> list[list[int]]:
    """Group statements that say the same, or contradict each other about the same.

    Returns:
        Clusters of places in `statements`, each sorted, ordered by their first place.
    """
    order = sorted(range(len(statements)), key=lambda place: statements[place].key)
    affinity = _affinities([statements[place] for place in order])
    groups = _average_linkage(affinity)
    return sorted(sorted(order[place] for place in group) for group in groups)


def contradict(one: Statement, other: Statement) -> bool:
    """Tell whether two statements answer with quantities of which none can be the same."""
    verdicts = [_agree(a, b) for a in one.answers for b in other.answers]
    return False in verdicts and True not in verdicts


def _affinities(statements: Sequence[Statement]) -> NDArray[np.float64]:
    """Tell how much each two statements belong together; below zero they do not."""
    if not statements:
        return np.zeros((0, 0))
    vectors = np.stack([statement.sentence for statement in statements]).astype(np.float64)
    affinities: NDArray[np.float64] = row_products(vectors, vectors) - SAME_SENTENCE
    answering = [place for place, statement in enumerate(statements) if statement.answers]
    if len(answering) < 2:
        return affinities
    likeness = _subject_likeness([statements[place] for place in answering]) - SAME_SUBJECT
    for (a, one), (b, other) in combinations(enumerate(answering), 2):
        if _answer_alike(statements[one], statements[other]):
            affinities[one, other] = max(affinities[one, other], likeness[a, b])
            affinities[other, one] = affinities[one, other]
    return affinities


def _answer_alike(one: Statement, other: Statement) -> bool:
    """Tell whether both give quantities that can be compared, whether they agree or not."""
    return any(_agree(a, b) is not None for a in one.answers for b in other.answers)


def _subject_likeness(statements: Sequence[Statement]) -> NDArray[np.float64]:
    """Weigh sentences, passages, shared names, and how well both fit the question.

    The weights were chosen on the questions of the sample corpus, where a logistic regression on
    the same measures ranks pairs no better.
    """
    held = coverages([s.names for s in statements], [s.grams for s in statements])
    sentences = np.stack([statement.sentence for statement in statements]).astype(np.float64)
    passages = np.stack([statement.passage for statement in statements]).astype(np.float64)
    scores = np.array([statement.score for statement in statements])
    likeness: NDArray[np.float64] = (
        0.3 * row_products(sentences, sentences)
        + 0.7 * row_products(passages, passages)
        + 0.8 * (held + held.T) / 2
        + 0.2 * np.minimum.outer(scores, scores)
    )
    return likeness


def _average_linkage(affinity: NDArray[np.float64]) -> list[list[int]]:
    """Merge the two nearest groups as long as they belong together on average."""
    groups = [[place] for place in range(len(affinity))]
    sums = affinity.copy()
    np.fill_diagonal(sums, -np.inf)
    sizes = np.ones(len(groups))
    for _ in groups[1:]:
        means = sums / np.outer(sizes, sizes)
        one, other = divmod(int(means.argmax()), len(groups))
        if means[one, other] < 0:
            break
        groups[one] += groups[other]
        groups[other] = []
        sizes[one] += sizes[other]
        sums[one] += sums[other]
        sums[:, one] = sums[one]
        sums[other] = sums[:, other] = sums[one, one] = -np.inf
    return [group for group in groups if group]
