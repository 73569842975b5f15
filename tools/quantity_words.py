"""The words that stand around numbers in each language: months, eras, scales and units.

They come from CLDR, through babel; what is added by hand is what CLDR has no place for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Literal, TypeVar

from crosearch.tools.languages import Language
from crosearch.tools.quantity_tables import (
    BEFORE_CHRIST,
    MORE_SCALES,
    MORE_UNITS,
    PERCENT,
    UNITS,
    WITH_SYMBOL,
)

T = TypeVar("T")
_UNSPACED = frozenset({"ja", "km", "lo", "my", "th", "zh"})

Place = Literal["before", "after"]

SPACE = r"[\s\u00a0\u202f]"
LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u0655\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e4e])"
"""A letter, or a mark that belongs to one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found(Generic[T]):
    """A word that stands beside a number."""

    meaning: T
    rest: str
    """The text without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words(Generic[T]):
    """Words that stand on one side of a number, and what each stands for."""

    meanings: Mapping[str, T]
    """By folded word, longest first."""
    pattern: re.Pattern[str]

    def find(self, text: str) -> Found[T] | None:
        """Find the word that a text begins or ends with, next to the number."""
        match = self.pattern.search(text) if self.meanings else None
        if match is None:
            return None
        word = next(word for word in self.meanings if match["word"].startswith(word))
        rest = text[: match.start()] + text[match.end() :]
        return Found(meaning=self.meanings[word], rest=rest)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantityWords:
    """How one language writes its quantities; all words are folded by `fold`."""

    decimal: str
    group: str
    spaced: bool
    """Whether words are set apart by spaces."""
    months: Mapping[str, int]
    month: re.Pattern[str] | None
    """Finds a month's name; None where months have numbers."""
    scales_before: Words[int]
    scales_after: Words[int]
    units_before: Words[str]
    units_after: Words[str]
    """A unit's name in CLDR by its word."""
    eras: tuple[str, ...]
    """What marks a year before the common era."""

    @property
    def units(self) -> Mapping[Place, Mapping[str, str]]:
        """The words for units, by the side of the number that they stand on."""
        return {"before": self.units_before.meanings, "after": self.units_after.meanings}


def fold(text: str) -> str:
    """Lower the case without changing the length, so that places stay places."""
    return "".join(lower if len(lower := c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=64)
def quantity_words(language: Language) -> QuantityWords:
    """Collect a language's words; a language that babel does not know is read as English."""
    from babel import Locale, UnknownLocaleError, localedata
    from babel.numbers import get_decimal_symbol, get_group_symbol

    try:
        locale = Locale(language)
    except UnknownLocaleError:
        locale = Locale("en")
    data = localedata.LocaleDataDict({k: v for k, v in localedata.load(str(locale)).items()})
    eras = {*BEFORE_CHRIST.get(language, "").split("|"), "BCE"} - {""}
    months = _months(data["months"])
    scales = _scales(language, data["compact_decimal_formats"])
    units = _units(language, data["unit_patterns"])
    spaced = language not in _UNSPACED
    return QuantityWords(
        decimal=get_decimal_symbol(locale),
        group=get_group_symbol(locale),
        spaced=spaced,
        months=months,
        month=_month_pattern(months, spaced) if months else None,
        scales_before=_words_before(scales["before"]),
        scales_after=_words_after(scales["after"], spaced),
        units_before=_words_before(units["before"]),
        units_after=_words_after(units["after"], spaced),
        eras=tuple(sorted(map(fold, eras), key=lambda era: (-len(era), era))),
    )


def _month_pattern(months: Mapping[str, int], spaced: bool) -> re.Pattern[str]:
    names = "|".join(map(re.escape, months))
    edges = (rf"(?<!{LETTER})", rf"(?!{LETTER}|\d)") if spaced else ("", "")
    return re.compile(f"{edges[0]}(?:{names}){edges[1]}")


def _words_before(meanings: Mapping[str, T]) -> Words[T]:
    words = "|".join(map(re.escape, meanings))
    return Words(meanings=meanings, pattern=re.compile(rf"(?<![^\W\d_])(?P<word>{words}){SPACE}*$"))


def _words_after(meanings: Mapping[str, T], spaced: bool) -> Words[T]:
    words = "|".join(re.escape(word) + _ending(word, spaced) for word in meanings)
    return Words(meanings=meanings, pattern=re.compile(rf"^(?:{SPACE}|-)?(?P<word>{words})"))


def _ending(word: str, spaced: bool) -> str:
    """Say what may follow a word's letters: longer words may be inflected, `km` may not."""
    if not word[-1].isalpha() and word[-1].isascii():
        return ""
    if not spaced:
        return "(?![a-z])" if word.isascii() else ""
    longest = 0 if len(word) < 3 else 1 if word.isascii() and len(word) < 4 else 4
    return rf"{LETTER}{{0,{longest}}}(?!{LETTER})"


def _months(forms: Mapping[str, Mapping[str, Mapping[int, str]]]) -> dict[str, int]:
    """Read all forms: `январь` alone, `января` with a day, and the short ones."""
    months: dict[str, int] = {}
    for form in ("stand-alone", "format"):
        for width in ("abbreviated", "wide"):
            for number, name in forms[form].get(width, {}).items():
                word = fold(name).strip(".")
                if not word.strip("月월 ").isdigit() and (len(word) > 2 or not word.isascii()):
                    months[word] = number
    return _longest_first(months)


def _scales(
    language: Language, data: Mapping[str, Mapping[str, Mapping[str, object]]]
) -> dict[Place, dict[str, int]]:
    """Read `0 Millionen` and `elfu 0` from the patterns for short numbers."""
    scales: dict[Place, dict[str, int]] = {"before": {}, "after": {}}
    for word, value in MORE_SCALES.get(language, {}).items():
        scales["after"][word] = value
    for forms in data.get("long", {}).values():
        for size, pattern in forms.items():
            text = str(getattr(pattern, "pattern", pattern)).partition(";")[0].replace("'", "")
            zeros = re.search("0+", text)
            if not zeros or text == zeros[0]:
                continue
            value = int(size) // 10 ** (len(zeros[0]) - 1)
            for place, word in _around(text, zeros.span()):
                scales[place].setdefault(word.rstrip("."), value)
    return {place: _longest_first(words) for place, words in scales.items()}


def _units(
    language: Language, patterns: Mapping[str, Mapping[str, Mapping[str, object]]]
) -> dict[Place, dict[str, str]]:
    """Read `{0} Meter` and `mita {0}`."""
    units: dict[Place, dict[str, str]] = {"before": {"%": PERCENT}, "after": {"%": PERCENT}}
    for unit in UNITS:
        widths = patterns.get(unit, {})
        forms = [*widths.get("long", {}).items()]
        if unit in WITH_SYMBOL or all(form == "per" for form, _ in forms):
            forms += widths.get("short", {}).items()
        for text in (str(pattern) for form, pattern in forms if form != "per"):
            number = re.search(r"\{0\}", text)
            for place, word in _around(text, number.span()) if number else ():
                units[place].setdefault(word, unit)
                units[place].setdefault(word.replace("²", "2"), unit)
    for word, unit in MORE_UNITS.get(language, {}).items():
        units["after"][word] = unit
        if unit == PERCENT:
            units["before"][word] = unit
    return {place: _longest_first(words) for place, words in units.items()}


def _around(text: str, span: tuple[int, int]) -> Iterator[tuple[Place, str]]:
    text = fold(text.replace("\u200e", " ").replace("\u200f", " "))
    before, after = text[: span[0]].strip(), text[span[1] :].strip()
    if before and not after:
        yield "before", before
    if after and not before:
        yield "after", after


def _longest_first(words: Mapping[str, T]) -> dict[str, T]:
    return dict(sorted(words.items(), key=lambda item: (-len(item[0]), item[0])))
