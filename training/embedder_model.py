"""A table of token vectors trained with an in-batch softmax, in numpy.

Gradients are written out by hand: a step touches some ten thousand of the table's rows,
and sparse products over those rows are several times faster than a framework's dense
gradient over the whole table.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]  # ships no types

Floats = NDArray[np.float32]

_BETA1 = 0.9
_BETA2 = 0.999
_EPSILON = 1e-8


@dataclass(frozen=True, kw_only=True)
class Bags:
    """A batch of token bags: the ids of all, one after the other, and each one's length."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]
    texts: NDArray[np.int64]
    """Numbers that are equal where the texts are."""


@dataclass(kw_only=True)
class TokenTable:
    """Token vectors with Adam's moments; all arrays are (tokens, dimension)."""

    weights: Floats
    mean: Floats
    square: Floats
    updates: NDArray[np.int32]
    """How often each row was updated, shape (tokens,): Adam's bias correction is by row."""

    @classmethod
    def start(cls, frequencies: NDArray[np.float64], dimension: int, seed: int) -> Self:
        """Return random vectors, shorter for frequent tokens.

        The lengths are the smooth inverse frequencies of Arora et al. (2017), a / (a + p)
        with a = 0.001.
        """
        rng = np.random.default_rng(seed)
        lengths = 1e-3 / (1e-3 + frequencies / frequencies.sum())
        scale = (lengths / np.sqrt(dimension)).astype(np.float32)
        shape = (len(frequencies), dimension)
        return cls(
            weights=rng.standard_normal(shape, np.float32) * scale[:, None],
            mean=np.zeros(shape, np.float32),
            square=np.zeros(shape, np.float32),
            updates=np.zeros(len(frequencies), np.int32),
        )

    def step(self, left: Bags, right: Bags, *, inverse_temperature: float, rate: float) -> float:
        """Take one Adam step on a batch of pairs and return its loss, in nats a pair."""
        rows, columns = np.unique(np.concatenate([left.ids, right.ids]), return_inverse=True)
        table = self.weights[rows]
        bags = [
            _bag_matrix(columns[: len(left.ids)], left.lengths, len(rows)),
            _bag_matrix(columns[len(left.ids) :], right.lengths, len(rows)),
        ]
        same = _equal_texts(left, right)
        loss, gradients = contrastive_loss(
            bags[0] @ table, bags[1] @ table, same, inverse_temperature
        )
        gradient = bags[0].T @ gradients[0] + bags[1].T @ gradients[1]
        self._update(rows, table, gradient, rate)
        return loss

    def _update(
        self, rows: NDArray[np.int32], table: Floats, gradient: Floats, rate: float
    ) -> None:
        self.updates[rows] += 1
        count = self.updates[rows].astype(np.float32)[:, None]
        mean = self.mean[rows]
        mean += (1 - _BETA1) * (gradient - mean)
        self.mean[rows] = mean
        np.square(gradient, out=gradient)
        square = self.square[rows]
        square += (1 - _BETA2) * (gradient - square)
        self.square[rows] = square
        square /= 1 - np.float32(_BETA2) ** count
        np.sqrt(square, out=square)
        square += _EPSILON
        mean /= square
        mean *= rate / (1 - np.float32(_BETA1) ** count)
        table -= mean
        self.weights[rows] = table


def contrastive_loss(
    left: Floats, right: Floats, same: NDArray[np.bool_], inverse_temperature: float
) -> tuple[float, tuple[Floats, Floats]]:
    """Return the softmax loss of matching rows, both ways, and its gradients.

    Args:
        left: Vectors, shape (n, dimension), of any length: the loss is on cosines.
        right: The vectors they belong to, row by row.
        same: Shape (n, n): pairs beside the diagonal that are not negatives.
        inverse_temperature: Factor of the cosines.
    """
    left_norm, left_unit = _normalised(left)
    right_norm, right_unit = _normalised(right)
    # Cosines are at most 1, so nothing overflows when 1 is taken off before exp.
    scores: Floats = left_unit @ right_unit.T
    scores *= inverse_temperature
    diagonal = scores.diagonal().copy()
    scores -= inverse_temperature
    np.exp(scores, out=scores)
    scores[same] = 0
    by_row = scores.sum(axis=1)
    by_column = scores.sum(axis=0)
    target = diagonal - inverse_temperature
    loss = float((np.log(by_row) + np.log(by_column) - 2 * target).mean() / 2)
    scores *= 1 / by_row[:, None] + 1 / by_column[None, :]
    np.fill_diagonal(scores, scores.diagonal() - 2)
    scores *= inverse_temperature / (2 * len(left))
    left_gradient: Floats = scores @ right_unit
    right_gradient: Floats = scores.T @ left_unit
    return loss, (
        _through_norm(left_gradient, left_unit, left_norm),
        _through_norm(right_gradient, right_unit, right_norm),
    )


def _normalised(vectors: Floats) -> tuple[Floats, Floats]:
    norm = np.linalg.norm(vectors, axis=1, keepdims=True) + np.float32(1e-6)
    unit: Floats = vectors / norm
    return norm, unit


def _through_norm(gradient: Floats, unit: Floats, norm: Floats) -> Floats:
    along = np.einsum("ij,ij->i", gradient, unit)[:, None]
    through: Floats = (gradient - unit * along) / norm
    return through


def _bag_matrix(columns: NDArray[np.int64], lengths: NDArray[np.int64], width: int) -> csr_array:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ones = np.ones(len(columns), np.float32)
    return csr_array((ones, columns, offsets), shape=(len(lengths), width))


def _equal_texts(left: Bags, right: Bags) -> NDArray[np.bool_]:
    """Mark the pairs (i, j), i not j, whose left texts or right texts are equal."""
    same = left.texts[:, None] == left.texts[None, :]
    same |= right.texts[:, None] == right.texts[None, :]
    same |= left.texts[:, None] == right.texts[None, :]
    np.fill_diagonal(same, False)
    return np.asarray(same)
