"""A table of token vectors trained with an in-batch softmax, in numpy.

Gradients are written out by hand: a step touches some ten thousand of the table's rows,
and sparse products over those rows are several times faster than a framework's dense
gradient over the whole table. (For any sentence-transformers model there is
training/retriever.py.)
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]  # ships no types

Floats = NDArray[np.float32]

_DECAY = 0.999
_EPSILON = 1e-8


@dataclass(frozen=True, kw_only=True)
class Bags:
    """Some texts' token ids, one after the other, and each text's number of them."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A batch: text n of the left belongs to text n of the right."""

    left: Bags
    right: Bags
    same: NDArray[np.bool_]
    """Shape (pairs, pairs): which others are not negatives."""


@dataclass(kw_only=True)
class TokenTable:
    """Rows of numbers, and how the tokens' vectors are made of them."""

    features: csr_array
    """Shape (tokens, rows); a token's vector is its line times the rows."""
    rows: Floats
    """Shape (rows, dimension)."""
    square: NDArray[np.float64]
    """Running mean of each row's squared gradients, shape (rows,)."""
    updates: NDArray[np.int32]
    """How often each row was updated, shape (rows,): the bias correction is by row."""

    @classmethod
    def start(
        cls, features: csr_array, frequencies: NDArray[np.float64], dimension: int, seed: int
    ) -> Self:
        """Return random rows, such that vectors of frequent tokens are shorter.

        The lengths are the smooth inverse frequencies of Arora et al. (2017), a / (a + p)
        with a = 0.001; a row that several tokens share has their mean.
        """
        rng = np.random.default_rng(seed)
        lengths = 1e-3 / (1e-3 + frequencies / frequencies.sum())
        ones = np.ones(len(features.data))
        uses = csr_array((ones, features.indices, features.indptr), shape=features.shape).T
        scale = (uses @ lengths) / uses.sum(axis=1) * np.sqrt(0.5 / dimension)
        rows = rng.standard_normal((len(scale), dimension), np.float32)
        rows *= scale.astype(np.float32)[:, None]
        return cls(
            features=features,
            rows=rows,
            square=np.zeros(len(rows)),
            updates=np.zeros(len(rows), np.int32),
        )

    def weights(self) -> Floats:
        """Return the token vectors, shape (tokens, dimension)."""
        return np.asarray(self.features @ self.rows)

    def step(self, pairs: Pairs, *, inverse_temperature: float, rate: float) -> float:
        """Take one step on a batch of pairs and return its loss, in nats a pair."""
        left, right = pairs.left, pairs.right
        tokens, columns = _distinct(
            np.concatenate([left.ids, right.ids]), len(self.features.indptr) - 1
        )
        bags = [
            bag_matrix(columns[: len(left.ids)], left.lengths, len(tokens)),
            bag_matrix(columns[len(left.ids) :], right.lengths, len(tokens)),
        ]
        parts = self.features[tokens]
        rows, columns = _distinct(parts.indices, len(self.rows))
        parts = csr_array((parts.data, columns, parts.indptr), shape=(len(tokens), len(rows)))
        values = self.rows[rows]
        table = parts @ values
        loss, gradients = contrastive_loss(
            bags[0] @ table, bags[1] @ table, pairs.same, inverse_temperature
        )
        gradient = parts.T @ (bags[0].T @ gradients[0] + bags[1].T @ gradients[1])
        self._update(rows, values, gradient, rate)
        return loss

    def _update(
        self, rows: NDArray[np.int64], values: Floats, gradient: Floats, rate: float
    ) -> None:
        """Scale each row's gradient by the running mean of its squares: one number a row.

        Adam's two arrays of moments, with a number for each weight, take half of the time
        again and end no better.
        """
        size = np.einsum("ij,ij->i", gradient, gradient) / gradient.shape[1]
        self.updates[rows] += 1
        self.square[rows] += (1 - _DECAY) * (size - self.square[rows])
        mean = self.square[rows] / (1 - _DECAY ** self.updates[rows])
        gradient *= (rate / (np.sqrt(mean) + _EPSILON)).astype(np.float32)[:, None]
        values -= gradient
        self.rows[rows] = values


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


def bag_matrix(columns: NDArray[np.integer], lengths: NDArray[np.int64], width: int) -> csr_array:
    """Return how often each token is in each text, by the root, shape (texts, width)."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ones = np.ones(len(columns), np.float32)
    bags = csr_array((ones, columns, offsets), shape=(len(lengths), width))
    bags.sum_duplicates()
    np.sqrt(bags.data, out=bags.data)
    return bags


def _distinct(
    numbers: NDArray[np.int32], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct numbers, all below a limit, and the place of each among them."""
    seen = np.zeros(limit, bool)
    seen[numbers] = True
    places = np.cumsum(seen) - 1
    return np.flatnonzero(seen), places[numbers]
