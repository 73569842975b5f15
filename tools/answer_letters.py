"""Letters that tell two languages of one script apart, where one has them and the other has not.

Simplified Chinese characters and those of Japan's own simplification are told by the character sets
of the countries: what is in GB 2312 or Big5, and not in JIS X 0208, is no Japanese; what is in JIS
X 0208, and in neither of the others, is no Chinese.
"""

from collections.abc import Mapping
from functools import lru_cache

_LETTERS: Mapping[str, str] = {
    # Letters that one language of a pair has, and the other has not.
    "ru": "ыэъё",
    "uk": "іїєґ",
    "fa": "پچژگ",
    "ar": "ةإ",
}
_SHARING = (("ru", "uk"), ("ar", "fa"), ("zh", "ja"))
"""Pairs of languages of one script."""
_CHARACTER_SETS = {"zh": ("gb2312", "big5"), "ja": ("shift_jis",)}


def telling_letters(text: str, language: str) -> bool | None:
    """Tell whether a text has letters of a language that its neighbour in the script has not.

    Returns:
        Whether it is the language's own letters that were seen, or its neighbour's; None where
        there is no such neighbour, or neither's letters or both's were seen.
    """
    folded = text.casefold()
    for pair in _SHARING:
        if language not in pair:
            continue
        other = pair[1 - pair.index(language)]
        own_seen = any(_is_told(letter, language, other) for letter in folded)
        other_seen = any(_is_told(letter, other, language) for letter in folded)
        if own_seen != other_seen:
            return own_seen
    return None


def _is_told(letter: str, language: str, other: str) -> bool:
    if language not in _CHARACTER_SETS:
        return letter in _LETTERS[language]
    return _is_han(letter) and _has(language, letter) and not _has(other, letter)


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


@lru_cache(maxsize=16_384)
def _has(language: str, letter: str) -> bool:
    return any(_encodes(letter, name) for name in _CHARACTER_SETS[language])


def _encodes(letter: str, name: str) -> bool:
    try:
        letter.encode(name)
    except UnicodeEncodeError:
        return False
    return True
