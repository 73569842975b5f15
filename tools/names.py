"""Finds the names that two texts share, though they be in different languages and scripts.

They are compared by how they sound (`crosearch.tools.sounds`), so that an inflected name, or one in
another script, still shares most of its pieces. Names are the capitalised words where a script has
capitals, and all longer words where it has none: those of another language are not found again
anyway. A run compares the same passages in every turn, so what was worked out is kept.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from crosearch.tools.sounds import sound_grams

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
    return tuple(piece for piece in pieces if _grams(piece))


name_grams = lru_cache(maxsize=1024)(sound_grams)
"""The pieces of all the sounds of a text."""


@lru_cache(maxsize=4096)
def coverage(names: tuple[str, ...], grams: frozenset[str]) -> float:
    """Tell which part of the names a text holds, from 0 to 1; 0 where there are no names.

    A name counts with its length, and by the square of the share of its n-grams that are found,
    so that a chance likeness counts little.
    """
    total = sum(map(_weight, names))
    return sum(_weight(name) * _share(name, grams) ** 2 for name in names) / total if total else 0.0


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


_grams = lru_cache(maxsize=16_384)(sound_grams)


def _share(name: str, grams: frozenset[str]) -> float:
    own = _grams(name)
    return len(own & grams) / len(own) if own else 0.0


def _weight(name: str) -> int:
    return min(len(romanise(name)), _LONGEST)
