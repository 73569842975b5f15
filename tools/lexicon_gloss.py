"""Glosses: a text put into another language word by word, in the order of the words it has."""

import re
from collections.abc import Sequence

from anyascii import anyascii

from crosearch.tools.languages import Language, describe_language
from crosearch.tools.lexicon_matches import Match

_LEAST_KNOWN = 0.5
"""Of the content words; with fewer, a gloss misleads."""
_SHORTEST_CONTENT_WORD = 4
"""Letters, where words have spaces between them; shorter ones are mostly grammar."""
_WITHOUT_SPACES = frozenset({"Hans", "Hant", "Jpan", "Thai"})
_ASCII_PUNCTUATION = str.maketrans("。，、？！：；（）「」『』؟،؛।", '.,,?!:;()""""?,;.')
_OPENING = "([{«„“‘\"'¿¡"


def write_gloss(
    text: str, matches: Sequence[Match], source: Language, target: Language
) -> str | None:
    """Write the likeliest translation of each match; None where too few content words are known."""
    if not _is_known_enough(text, matches, source):
        return None
    pieces: list[str] = []
    place = 0
    spaces = _script(target) not in _WITHOUT_SPACES
    for match in matches:
        start, end = match.span
        _add_punctuation(pieces, text[place:start])
        pieces.append(_word(text[start:end], match, source, target))
        if spaces:
            pieces.append(" ")
        place = end
    _add_punctuation(pieces, text[place:])
    written = re.sub(r"\s+", " ", "".join(pieces)).strip()
    return written[:1].upper() + written[1:]


def _is_known_enough(text: str, matches: Sequence[Match], source: Language) -> bool:
    unspaced = _script(source) in _WITHOUT_SPACES
    known = whole = 0
    for match in matches:
        start, end = match.span
        word = text[start:end]
        if not (unspaced or _is_content(word)):
            continue
        whole += end - start
        if match.translations or not word.isalpha() or _is_name(text, start):
            known += end - start
    return whole > 0 and known >= _LEAST_KNOWN * whole


def _is_content(word: str) -> bool:
    return len(word) >= _SHORTEST_CONTENT_WORD or word[0].isupper() or word[0].isdigit()


def _is_name(text: str, start: int) -> bool:
    return start > 0 and text[start].isupper()


def _word(word: str, match: Match, source: Language, target: Language) -> str:
    if match.translations:
        return match.translations[0].text
    return word if _script(source) == _script(target) or word.isascii() else anyascii(word)


def _add_punctuation(pieces: list[str], between: str) -> None:
    """Add what stands between two words: closing marks to the word before them."""
    marks = between.translate(_ASCII_PUNCTUATION).strip()
    if not marks:
        if between and pieces and not pieces[-1].isspace():
            pieces.append(" ")
        return
    if marks[-1] in _OPENING:
        pieces.append(marks)
        return
    if pieces and pieces[-1] == " ":
        pieces.pop()
    pieces.append(marks if marks in "-–'’/" else marks + " ")


def _script(language: Language) -> str:
    return describe_language(language).script
