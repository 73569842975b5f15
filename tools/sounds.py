"""How a text sounds, as pieces that names keep when they change scripts or endings.

Москва, Moscow and Moskau share no term, but they share sounds: texts are romanised, spellings of
one sound are made one, and words are cut into pieces of letters and of consonants.
"""

import re
from functools import lru_cache

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

SoundCodes = NDArray[np.int32]
"""The pieces of a text's sounds as numbers, sorted, each once."""

_GREEK = (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("τζ", "j"))
"""Greek writes these sounds with two letters, which say nothing of them one by one."""

_SPELLINGS = (
    ("shch", "s"), ("sch", "s"), ("tch", "c"), ("sh", "s"), ("zh", "s"), ("sz", "s"), ("cz", "c"),
    ("ch", "k"), ("kh", "h"), ("ck", "k"), ("qu", "k"), ("ph", "f"), ("th", "t"), ("ts", "c"),
    ("tz", "c"), ("dz", "c"), ("dj", "y"), ("gn", "n"), ("x", "ks"),
)  # fmt: skip
"""Letters that one sound is written with in different languages, made one."""
_LETTERS = str.maketrans("cqvwz", "kkffs")
_VOWEL_LETTERS = "aeiouyh"
_VOWELS = str.maketrans("", "", _VOWEL_LETTERS)
_DOUBLED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[a-z0-9]+")

_LONGEST_KNOWN = 24
"""Characters; longer runs come from scripts without spaces, and do not come again."""
_GRAM = 4
_SKELETON = 3
"""Length of the pieces of a word, and of its consonants: some scripts write no vowels."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_BASE = len(_ALPHABET) + 1
_SIGNS = np.array([_ALPHABET.find(chr(code)) + 1 for code in range(128)], np.int32)
"""By ASCII code, the place in the alphabet, from 1; 0 for what parts words."""
_IS_VOWEL = np.array([sign in _VOWEL_LETTERS for sign in "-" + _ALPHABET])


def sound_grams(text: str) -> frozenset[str]:
    """Cut a text's words, romanised, into pieces of 4 letters and of 3 consonants.

    A piece holds no white space; those of consonants begin with `=`, the first of a word with `_`.
    """
    grams: set[str] = set()
    for run in text.lower().split():
        grams |= _known_grams(run) if len(run) <= _LONGEST_KNOWN else _run_grams(run)
    return frozenset(grams)


def sound_codes(text: str) -> SoundCodes:
    """Give the pieces of `sound_grams` as numbers: a tenth of the memory, and quick to compare.

    Read in base 37, a piece of letters is the number of its four signs, 0 where a word begins;
    one of consonants that of its three, above all of the others.
    """
    sounds = _sounds(" ".join(text.lower().split()))
    signs = _SIGNS[np.frombuffer(f"  {sounds}   ".encode("ascii", "replace"), np.uint8)]
    first = np.concatenate(([False], signs[:-1] == 0))
    skeleton = signs[~_IS_VOWEL[signs] | first]
    letters = (signs[:-3], signs[1:-2], signs[2:-1], signs[3:])
    consonants = (skeleton[:-3], skeleton[1:-2], skeleton[2:-1])
    is_word = (letters[1] > 0) & (letters[2] > 0) & (letters[3] > 0)
    # The consonants of a word are cut into pieces where they are three or more.
    is_long = (consonants[0] > 0) | (skeleton[3:] > 0)
    is_skeleton = (consonants[1] > 0) & (consonants[2] > 0) & is_long
    codes = (_number(letters)[is_word], _number(consonants)[is_skeleton] + _BASE**_GRAM)
    return np.unique(np.concatenate(codes))


def held_codes(wanted: SoundCodes, held: SoundCodes) -> NDArray[np.bool_]:
    """Tell for each of `wanted`, in any order, whether it is among `held`."""
    if not len(held):
        return np.zeros(len(wanted), np.bool_)
    places = np.searchsorted(held, wanted)
    found: NDArray[np.bool_] = held.take(places, mode="clip") == wanted
    return found


def _number(signs: tuple[SoundCodes, ...]) -> SoundCodes:
    """Read signs, one after the other, as the digits of numbers."""
    number = signs[0]
    for sign in signs[1:]:
        number = number * _BASE + sign
    return number


def _sounds(run: str) -> str:
    """Write words as they sound: in small plain letters, and one spelling for a sound."""
    for letters, sound in _GREEK:
        run = run.replace(letters, sound)
    sounds = run.translate(_ROMANISED)
    for spelling, sound in _SPELLINGS:
        sounds = sounds.replace(spelling, sound)
    return _DOUBLED.sub(r"\1", sounds.translate(_LETTERS))


class _Romanised(dict[int, str]):
    """A table for `str.translate` that fills itself with the characters it meets."""

    def __missing__(self, code: int) -> str:
        romanised = self[code] = anyascii(chr(code)).lower().replace("'", "")
        return romanised


_ROMANISED = _Romanised()


def _run_grams(run: str) -> frozenset[str]:
    """Cut the words of a run without white space."""
    grams: set[str] = set()
    for word in _WORD.findall(_sounds(run)):
        grams |= _pieces(f"_{word}", _GRAM)
        skeleton = word[0] + word[1:].translate(_VOWELS)
        if len(skeleton) >= _SKELETON:
            grams |= {f"={piece}" for piece in _pieces(f"_{skeleton}", _SKELETON)}
    return frozenset(grams)


_known_grams = lru_cache(maxsize=16_384)(_run_grams)


def _pieces(word: str, length: int) -> set[str]:
    return {word[start : start + length] for start in range(len(word) - length + 1)}
