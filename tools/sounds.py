"""How a text sounds, as pieces that names keep when they change scripts or endings.

Москва, Moscow and Moskau share no term, but they share sounds: texts are romanised, spellings of
one sound are made one, and words are cut into pieces of letters and of consonants.
"""

import re
from functools import lru_cache

from anyascii import anyascii

_GREEK = (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("τζ", "j"))
"""Greek writes these sounds with two letters, which say nothing of them one by one."""

_SPELLINGS = (
    ("shch", "s"), ("sch", "s"), ("tch", "c"), ("sh", "s"), ("zh", "s"), ("sz", "s"), ("cz", "c"),
    ("ch", "k"), ("kh", "h"), ("ck", "k"), ("qu", "k"), ("ph", "f"), ("th", "t"), ("ts", "c"),
    ("tz", "c"), ("dz", "c"), ("dj", "y"), ("gn", "n"), ("x", "ks"),
)  # fmt: skip
"""Letters that one sound is written with in different languages, made one."""
_LETTERS = str.maketrans("cqvwz", "kkffs")
_VOWELS = str.maketrans("", "", "aeiouyh")
_DOUBLED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[a-z0-9]+")

_LONGEST_KNOWN = 24
"""Characters; longer runs come from scripts without spaces, and do not come again."""
_GRAM = 4
_SKELETON = 3
"""Length of the pieces of a word, and of its consonants: some scripts write no vowels."""


def sound_grams(text: str) -> frozenset[str]:
    """Cut a text's words, romanised, into pieces of 4 letters and of 3 consonants.

    A piece holds no white space; those of consonants begin with `=`, the first of a word with `_`.
    """
    grams: set[str] = set()
    for run in text.lower().split():
        grams |= _known_grams(run) if len(run) <= _LONGEST_KNOWN else _run_grams(run)
    return frozenset(grams)


def _run_grams(run: str) -> frozenset[str]:
    """Cut the words of a run without white space."""
    for letters, sound in _GREEK:
        run = run.replace(letters, sound)
    sounds = anyascii(run).lower().replace("'", "")
    for spelling, sound in _SPELLINGS:
        sounds = sounds.replace(spelling, sound)
    sounds = _DOUBLED.sub(r"\1", sounds.translate(_LETTERS))
    grams: set[str] = set()
    for word in _WORD.findall(sounds):
        grams |= _pieces(f"_{word}", _GRAM)
        skeleton = word[0] + word[1:].translate(_VOWELS)
        if len(skeleton) >= _SKELETON:
            grams |= {f"={piece}" for piece in _pieces(f"_{skeleton}", _SKELETON)}
    return frozenset(grams)


_known_grams = lru_cache(maxsize=16_384)(_run_grams)


def _pieces(word: str, length: int) -> set[str]:
    return {word[start : start + length] for start in range(len(word) - length + 1)}
