"""Texts as numbered pieces with vectors: what words mean one by one, kept beside the terms.

The pieces are the tokens of a static embedder, and their vectors its rows. A passage keeps the
numbers alone, which a lexical index stores; search looks up the vectors of those it compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.static_embedder import Pieces, StaticEmbedder, Vectors, load_default

END = 0xFFFFFFFF
"""In a passage's pieces, ends the title and each sentence."""

__all__ = ["END", "PieceTable", "Pieces", "QueryPieces", "piece_table"]

_COMMON = -5.0
"""The log-probability of the commonest pieces, which tell nothing."""
_LEAST_WEIGHT = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryPieces:
    """A question's pieces."""

    directions: Vectors
    """Their vectors, of length 1, shape (pieces, dimension)."""
    weights: Vectors
    """How much each tells, shape (pieces,); they sum to 1."""
    spans: NDArray[np.int64]
    """Where they stand in the question, in code points, shape (pieces, 2)."""
    mass: float
    """What the weights summed to before that: compares parts of one question."""


class PieceTable:
    """The pieces of one static embedder. Thread-safe."""

    def __init__(self, embedder: StaticEmbedder) -> None:
        """Cut with the tokenizer, and compare with the rows, of an embedder."""
        self.fingerprint = embedder.fingerprint
        self._embedder = embedder
        self.cut_query = lru_cache(maxsize=256)(self._cut_query)
        """Cut a question, and weigh its pieces; remembered."""

    def cut_passages(self, texts: Sequence[Sequence[str]]) -> list[bytes]:
        """Cut passages, each given as its title and its sentences, to what an index stores."""
        pieces = self._embedder.pieces([text for parts in texts for text in parts])
        end = np.array([END], np.uint32)
        place, cut = 0, list[bytes]()
        for parts in texts:
            own = pieces[place : place + len(parts)]
            cut.append(np.concatenate([row for one in own for row in (one, end)]).tobytes())
            place += len(parts)
        return cut

    def _cut_query(self, text: str) -> QueryPieces:
        """Cut a question."""
        numbers, spans = self._embedder.piece_spans(text)
        rows = self._embedder.piece_vectors(numbers)
        weights = self.weigh(numbers)
        mass = float(weights.sum())
        return QueryPieces(
            directions=rows / np.maximum(np.linalg.norm(rows, axis=1), 1e-9)[:, None],
            weights=weights / max(mass, 1e-9),
            spans=spans,
            mass=mass,
        )

    def cut_texts(self, texts: Sequence[str]) -> list[Pieces]:
        """Cut texts that are no passages."""
        return self._embedder.pieces(texts)

    def weigh(self, numbers: Pieces) -> Vectors:
        """Tell how much pieces say, shape (pieces,).

        A piece weighs as much as its vector is long and as it is rare in the embedder's training
        texts (the log-probability that the unigram tokenizer gives it).
        """
        rarity = np.maximum(_COMMON - self._embedder.piece_scores[numbers], _LEAST_WEIGHT)
        weights: Vectors = np.linalg.norm(self._embedder.piece_vectors(numbers), axis=1) * rarity
        return weights

    def find_pieces(
        self, directions: Vectors, wanted: Pieces, passages: Sequence[Pieces]
    ) -> tuple[Vectors, Vectors, NDArray[np.int64]]:
        """Look for directions, and for pieces as they are, in each sentence of some passages.

        The title of a passage counts as said in each of its sentences; where there are none, it is
        one itself.

        Args:
            directions: Vectors of length 1, shape (n, dimension).
            wanted: Pieces.
            passages: Each as an index keeps it.

        Returns:
            The greatest cosine to each direction, and at least 0, shape (n, sentences); 1 where a
            wanted piece is there, else 0, shape (wanted, sentences); and the number of each
            sentence's passage, shape (sentences,).
        """
        lengths = np.array([len(passage) for passage in passages], np.int64)
        if not lengths.sum():
            nothing = np.zeros((len(directions), 0), np.float32)
            return nothing, np.zeros((len(wanted), 0), np.float32), np.zeros(0, np.int64)
        every = np.concatenate(list(passages))
        numbers, places = np.unique(every, return_inverse=True)
        ends = np.flatnonzero(every == END)
        starts = np.concatenate(([0], ends[:-1] + 1))
        likeness = np.concatenate((self._cosines(directions, numbers), _equal(wanted, numbers)))
        parts = np.maximum.reduceat(likeness[:, places], starts, axis=1)
        owners = np.searchsorted(np.cumsum(lengths), ends, side="right")
        is_title = np.diff(owners, prepend=-1) > 0
        titles = np.flatnonzero(is_title)[np.cumsum(is_title) - 1]
        is_sentence = ~is_title | np.diff(owners, append=len(passages)).astype(bool)
        parts = np.maximum(parts, parts[:, titles])[:, is_sentence]
        return parts[: len(directions)], parts[len(directions) :], owners[is_sentence]

    def cosines_found(self, directions: Vectors, passage: Pieces) -> Vectors:
        """Tell how near a passage comes to each of some directions, sentence by sentence.

        Args:
            directions: Vectors of length 1, shape (n, dimension).
            passage: A passage's pieces.

        Returns:
            The greatest cosine, and at least 0, in each sentence or the title, shape
            (n, sentences).
        """
        return self.find_pieces(directions, np.zeros(0, np.uint32), [passage])[0]

    def _cosines(self, directions: Vectors, numbers: Pieces) -> Vectors:
        """Compare directions with pieces; what is opposite is no more than unlike."""
        known = numbers[numbers != END]
        rows = self._embedder.piece_vectors(known)
        lengths = np.maximum(np.linalg.norm(rows, axis=1), 1e-9)
        cosines = np.zeros((len(directions), len(numbers)), np.float32)
        cosines[:, : len(known)] = np.maximum(directions @ rows.T / lengths, 0.0)
        return cosines


def _equal(wanted: Pieces, numbers: Pieces) -> Vectors:
    """Return 1 where a wanted piece is a number, else 0, shape (wanted, numbers)."""
    places = np.searchsorted(numbers, wanted)
    equal = np.zeros((len(wanted), len(numbers)), np.float32)
    known = np.flatnonzero(numbers.take(places, mode="clip") == wanted)
    equal[known, places[known]] = 1.0
    return equal


def piece_table(embedder: Embedder) -> PieceTable:
    """Return the pieces of an embedder, or, where it has none of its own, the shipped one's."""
    return _table(embedder if isinstance(embedder, StaticEmbedder) else load_default())


@lru_cache(maxsize=4)
def _table(embedder: StaticEmbedder) -> PieceTable:
    return PieceTable(embedder)
