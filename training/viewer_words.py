"""Words too short for the trigrams of the text search: one or two letters.

Two characters are a word of Chinese or Japanese, and a year of an era or a `5 %` is looked for as
well. Of scripts that put no spaces between words, every character and every pair is such a word;
of the others, what stands between spaces or is a sign.
"""

import re

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
_PIECE = re.compile(rf"([{_UNSPACED}]+)|([^\W_{_UNSPACED}]+)|([^\w\s]|_)")
_SHORT = 2


def is_short(word: str) -> bool:
    """Say whether a word is too short for trigrams."""
    return len(word) <= _SHORT


def short_words(text: str) -> set[str]:
    """List the short words of a text, as terms that SQLite's `ascii` tokenizer leaves whole."""
    words: set[str] = set()
    for run, word, sign in _PIECE.findall(text.lower()):
        if run:
            words.update(run, (run[start : start + _SHORT] for start in range(len(run) - 1)))
        elif sign:
            words.add(_spell(sign))
        elif len(word) <= _SHORT:
            words.add(word)
    return words


def _spell(sign: str) -> str:
    """Spell a sign that parts words as a word; as no word of two letters is spelled."""
    return f"x{ord(sign):03x}" if sign.isascii() else sign
