"""Word pairs found in parallel sentences: the inflected forms and the usual words.

IBM model 1 (Brown et al. 1993, "The Mathematics of Statistical Machine Translation") in both
directions, started from what dictionaries already say of a pair; a pair counts where both
directions agree on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 4
_KNOWN_PAIR = 20.0
"""How many times likelier than others a pair of the dictionaries is before any text is read."""
_LEAST_TIMES = 1.5
"""Expected occurrences; a pair met once in a long sentence may be anything."""
_LEAST_AGREEMENT = 0.1
_LONGEST = 80
"""Units of a sentence; longer ones tell little of any word and cost the most."""

Sentences = Sequence[tuple[Sequence[str], Sequence[str]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AlignedPair:
    """Two words that stand for each other in parallel sentences."""

    left: str
    right: str
    right_given_left: float
    left_given_right: float
    times: float
    """Expected occurrences together."""


def align_words(sentences: Sentences, is_known: Callable[[str, str], bool]) -> list[AlignedPair]:
    """Find the pairs of words that translate each other, in the order of their words."""
    lefts, rights = _numbered(sentences, 0), _numbered(sentences, 1)
    links = _Links.of(sentences, lefts, rights)
    left_words, right_words = list(lefts), list(rights)
    start = np.array(
        [
            _KNOWN_PAIR if is_known(left_words[left], right_words[right]) else 1.0
            for left, right in zip(links.left.tolist(), links.right.tolist(), strict=True)
        ]
    )
    forward, times = _estimate(links, start, links.left, links.right_token)
    backward, times_back = _estimate(links, start, links.right, links.left_token)
    together = np.minimum(times, times_back)
    kept = (np.sqrt(forward * backward) >= _LEAST_AGREEMENT) & (together >= _LEAST_TIMES)
    return [
        AlignedPair(
            left=left_words[links.left[place]],
            right=right_words[links.right[place]],
            right_given_left=float(forward[place]),
            left_given_right=float(backward[place]),
            times=float(together[place]),
        )
        for place in np.flatnonzero(kept).tolist()
    ]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Links:
    """Each word of a sentence with each of the other side, and the kinds of such links."""

    kind: NDArray[np.int32]
    """Of each link: its place in `left` and `right`."""
    left_token: NDArray[np.int32]
    """Of each link: which token of all sentences it starts from, as `right_token` where it ends."""
    right_token: NDArray[np.int32]
    left: NDArray[np.int64]
    """Of each kind: the number of its left word, as `right` of its right one."""
    right: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sentences, lefts: dict[str, int], rights: dict[str, int]) -> "_Links":
        pairs, left_tokens, right_tokens = [], [], []
        left_count = right_count = 0
        for left, right in sentences:
            numbers = np.array([lefts[word] for word in left[:_LONGEST]], np.int64)
            others = np.array([rights[word] for word in right[:_LONGEST]], np.int64)
            pairs.append((numbers[:, None] * len(rights) + others[None, :]).ravel())
            left_tokens.append(
                np.repeat(np.arange(len(numbers), dtype=np.int32) + left_count, len(others))
            )
            right_tokens.append(
                np.tile(np.arange(len(others), dtype=np.int32) + right_count, len(numbers))
            )
            left_count += len(numbers)
            right_count += len(others)
        kinds, kind = np.unique(np.concatenate(pairs), return_inverse=True)
        return cls(
            kind=kind.astype(np.int32),
            left_token=np.concatenate(left_tokens),
            right_token=np.concatenate(right_tokens),
            left=kinds // len(rights),
            right=kinds % len(rights),
        )


def _numbered(sentences: Sentences, side: int) -> dict[str, int]:
    words = sorted({word for pair in sentences for word in pair[side][:_LONGEST]})
    return {word: number for number, word in enumerate(words)}


def _estimate(
    links: _Links,
    start: NDArray[np.float64],
    given: NDArray[np.int64],
    explained: NDArray[np.int32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each kind's probability given one of its words, and its expected occurrences."""
    likelihood = start / np.bincount(given, start)[given]
    times: NDArray[np.float64] = start
    for _ in range(_ROUNDS):
        share = likelihood[links.kind]
        # A word may also stand for nothing on the other side.
        total = np.bincount(explained, share) + 1e-4
        parts = share / total[explained]
        times = np.bincount(links.kind, parts, minlength=len(given)).astype(np.float64)
        likelihood = times / np.bincount(given, times)[given]
    return likelihood, times
