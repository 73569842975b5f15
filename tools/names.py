"""Finds the names that two texts share, though they be in different languages and scripts.

They are compared by how they sound (`crosearch.tools.sounds`), so that an inflected name, or one in
another script, still shares most of its pieces. Names are the capitalised words where a script has
capitals, and all longer words where it has none: those of another language are not found again
anyway. A run compares the same passages in every turn, so what was worked out is kept.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.sounds import SoundCodes, held_codes, sound_codes

_WORD = re.compile(r"[^\W_]+(?:[’'\u0300-\u036f\u0900-\u0dff\u0e00-\u0e7f\u064b-\u065f]+[^\W_]+)*")
_SHORTEST = 4
"""Letters of a romanised word; shorter ones are found in any text. Numbers need three digits."""
_LONGEST = 12
"""Letters; longer runs come from scripts without spaces, and are cut into overlapping pieces."""


@lru_cache(maxsize=1024)
def name_words(text: str, *, title: bool = False) -> tuple[str, ...]:
    """List a text's probable names and numbers, in lower case, each once.

    The first word of a sentence is capitalised whatever it is, and left out unless a name follows
    it; a title's is not.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text))
    alone = not title and not (len(words) > 1 and words[1][0].isupper())
    chosen = (
        word for place, word in enumerate(words) if _may_be_name(word, first=alone and place == 0)
    )
    pieces = dict.fromkeys(piece for word in chosen for piece in _pieces(word))
    return tuple(piece for piece in pieces if len(_grams(piece)))


@lru_cache(maxsize=65_536)
def name_grams(text: str) -> SoundCodes:
    """Return the pieces of all the sounds of a text: a few kilobytes at most for a passage."""
    grams = sound_codes(text)
    grams.flags.writeable = False  # Many share it.
    return grams


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NamePieces:
    """Names as the pieces of their sounds, one name after the other."""

    grams: SoundCodes
    starts: NDArray[np.int64]
    """Where each name begins in `grams`, shape (names,)."""
    lengths: NDArray[np.int64]
    weights: NDArray[np.int64]

    def shares(self, held: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return which part of each name texts hold, given which of `grams` each of them holds.

        Args:
            held: Shape (texts, grams).

        Returns:
            Shares in 0..1, shape (texts, names).
        """
        counts = np.add.reduceat(held, self.starts, axis=1, dtype=np.int64)
        shares: NDArray[np.float64] = counts / self.lengths
        return shares

    def coverages(self, held: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum up the shares of the names in each text, as `coverage` does, shape (texts,)."""
        total = max(int(self.weights.sum()), 1)
        covered: NDArray[np.float64] = self.shares(held) ** 2 @ self.weights / total
        return covered


@lru_cache(maxsize=4096)
def name_pieces(names: tuple[str, ...]) -> NamePieces:
    """Cut names into the pieces of their sounds; each must have some, as those of `name_words`."""
    grams = [_grams(name) for name in names]
    lengths = np.array([len(own) for own in grams], np.int64)
    return NamePieces(
        grams=np.concatenate(grams),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        weights=np.array([_weight(name) for name in names], np.int64),
    )


def coverage(names: tuple[str, ...], grams: SoundCodes) -> float:
    """Tell which part of the names a text holds, from 0 to 1; 0 where there are no names.

    A name counts with its length, and by the square of the share of its n-grams that are found,
    so that a chance likeness counts little.
    """
    if not names:
        return 0.0
    pieces = name_pieces(names)
    return float(pieces.coverages(held_codes(pieces.grams, grams)[np.newaxis])[0])


def coverages(names: Sequence[tuple[str, ...]], grams: Sequence[SoundCodes]) -> NDArray[np.float64]:
    """Tell as `coverage` does which part of each list of names each text holds.

    Returns:
        Shares in 0..1, shape (lists of names, texts).
    """
    cut = [name_pieces(some) if some else None for some in names]
    every = np.unique(np.concatenate([np.zeros(0, np.int32), *(c.grams for c in cut if c)]))
    held = np.stack([held_codes(every, own) for own in grams])
    nothing = np.zeros(len(grams))
    return np.stack(
        [c.coverages(held[:, np.searchsorted(every, c.grams)]) if c else nothing for c in cut]
    )


@lru_cache(maxsize=16_384)
def romanise(word: str) -> str:
    """Write a word in plain lower-case Latin letters and digits."""
    from anyascii import anyascii

    return re.sub(r"[^a-z0-9]", "", anyascii(word).lower())


def _may_be_name(word: str, *, first: bool) -> bool:
    letter = word[0]
    if letter.isdigit() or letter.lower() == letter.upper():
        return True
    return letter.isupper() and not first


def _pieces(word: str) -> Iterable[str]:
    """Give a word, or the overlapping pieces of a run of words that no space sets apart."""
    romanised = romanise(word)
    if word.isdigit() or _SHORTEST <= len(romanised) <= _LONGEST:
        return (word.lower(),)
    return (romanised[start : start + 8] for start in range(0, len(romanised) - 4, 4))


_grams = lru_cache(maxsize=32_768)(sound_codes)


def _weight(name: str) -> int:
    return min(len(romanise(name)), _LONGEST)
