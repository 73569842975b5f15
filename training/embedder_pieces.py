"""What the pieces of a vocabulary share: character n-grams, by which rare pieces learn.

While it is trained, a piece's vector is its own row plus the rows of the n-grams inside it
(after Bojanowski et al. 2017), so the forms of one word, each its own piece, learn from
one another. Afterwards the sums are all that is kept: n-grams cost nothing in the artefact.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]  # ships no types

_LENGTHS = (4, 5, 6)
_MOST_PIECES = 300
_END = "$"


def piece_features(pieces: Sequence[str]) -> csr_array:
    """Return how each piece's vector is made of rows, shape (pieces, pieces + n-grams).

    The first columns are the pieces' own rows, with weight 1; a piece's n-grams share a
    length of 1. An n-gram is kept where 2 to 300 pieces have it, and one of several that
    the same pieces have.
    """
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        for ngram in dict.fromkeys(_ngrams(piece + _END)):
            groups[ngram].append(number)
    shared = dict.fromkeys(tuple(g) for g in groups.values() if 2 <= len(g) <= _MOST_PIECES)
    return _combine(len(pieces), list(shared))


def _ngrams(text: str) -> list[str]:
    return [
        text[start : start + length]
        for length in _LENGTHS
        for start in range(len(text) - length + 1)
    ]


def _combine(pieces: int, groups: Sequence[tuple[int, ...]]) -> csr_array:
    own: NDArray[np.int64] = np.arange(pieces)
    members = np.array([number for group in groups for number in group], np.int64)
    columns = np.repeat(np.arange(len(groups)), [len(group) for group in groups]) + pieces
    counts = np.bincount(members, minlength=pieces)
    values = np.concatenate([np.ones(pieces), counts[members] ** -0.5]).astype(np.float32)
    places = (np.concatenate([own, members]), np.concatenate([own, columns]))
    return csr_array((values, places), shape=(pieces, pieces + len(groups)))
