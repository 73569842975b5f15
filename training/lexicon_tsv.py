"""A user's own terms: tab-separated lines under a first line that names format and version.

    crosearch-lexicon-tsv	1
    # language, term, language, translation, weight (may be left out: 1)
    de	Göltzschtalbrücke	en	Göltzsch Viaduct
    de	Kessel	pl	kocioł	0.5

Lines of one weight whose English term is the same are one sense, so that their other languages
translate each other. Empty lines and lines that begin with # are skipped.
"""

import math
from collections import defaultdict
from pathlib import Path

from crosearch.tools.errors import UnknownLanguageError, UsageError
from crosearch.tools.languages import Language, parse_language
from crosearch.tools.lexicon_text import key_of
from crosearch.training.lexicon_sources import Sense

FORMAT = "crosearch-lexicon-tsv"
VERSION = 1

_ENGLISH = Language("en")
_TRUST = 4.0
"""Beside the data folder's senses: who writes a term down means it."""
_MOST_WEIGHT = 10.0
_LONGEST_TERM = 80

_Pair = tuple[tuple[Language, str], tuple[Language, str]]


def read_tsv(path: Path) -> list[Sense]:
    """Read a file of terms.

    Raises:
        UsageError: The file is missing, of another version, or a line is broken; the message
            names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start:,}): save it as UTF-8") from error
    _check_first_line(path, lines[0] if lines else "")
    groups: defaultdict[tuple[str, float], list[_Pair]] = defaultdict(list)
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() and not line.startswith("#"):
            try:
                pair, weight = _read_line(line)
            except UsageError as error:
                raise UsageError(f"{path}, line {number}: {error}") from error
            groups[_group(pair, number), weight].append(pair)
    if not groups:
        raise UsageError(f"{path} holds no terms: write one a line below the first")
    return [_sense(pairs, weight) for (_, weight), pairs in groups.items()]


def _check_first_line(path: Path, line: str) -> None:
    name, _, version = line.strip().partition("\t")
    if name != FORMAT:
        raise UsageError(
            f"{path}, line 1: {line[:60]!r} names no format: write {FORMAT!r}, a tab and {VERSION}"
        )
    if version != str(VERSION):
        raise UsageError(
            f"{path}, line 1: version {version[:20]!r} of {FORMAT}, and this CroSearch reads "
            f"{VERSION}: write {VERSION} where the lines are as documented, or update CroSearch"
        )


def _read_line(line: str) -> tuple[_Pair, float]:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) not in (4, 5):
        raise UsageError(
            f"{len(cells)} columns in {line[:80]!r}: write language, term, language, translation "
            "and, if you like, a weight, with tabs between them"
        )
    left, right = _term(cells[0], cells[1]), _term(cells[2], cells[3])
    if left[0] == right[0]:
        raise UsageError(f"both terms are in {left[0]!r}: a translation is in another language")
    return (left, right), _weight(cells[4]) if len(cells) == 5 else 1.0


def _term(code: str, term: str) -> tuple[Language, str]:
    try:
        language = parse_language(code)
    except UnknownLanguageError as error:
        raise UsageError(f"{code[:20]!r} is no language code: write one such as de") from error
    if len(term) > _LONGEST_TERM:
        raise UsageError(
            f"a term of {len(term):,} characters ({term[:30]!r}…): at most {_LONGEST_TERM}"
        )
    if not key_of(term, language):
        raise UsageError(f"the term {term!r} has neither letter nor digit")
    return language, term


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= _MOST_WEIGHT:
        raise UsageError(f"the weight {text[:20]!r} is no number over 0 and up to {_MOST_WEIGHT:g}")
    return weight


def _group(pair: _Pair, number: int) -> str:
    english = next((term for language, term in pair if language == _ENGLISH), None)
    return f"line {number}" if english is None else f"term {english}"


def _sense(pairs: list[_Pair], weight: float) -> Sense:
    texts: defaultdict[Language, dict[str, None]] = defaultdict(dict)
    for pair in pairs:
        for language, term in pair:
            texts[language][term] = None
    return Sense(
        texts={language: tuple(terms) for language, terms in texts.items()}, weight=_TRUST * weight
    )
