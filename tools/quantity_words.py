"""The words that stand around numbers in each language: months, eras, scales and units.

They come from CLDR, through babel; what is added by hand is what CLDR has no place for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Generic, Literal, TypeVar

from crosearch.tools.languages import Language

PERCENT = "concentr-percent"

UNITS: Mapping[str, tuple[str, Decimal]] = {
    unit: (dimension, Decimal(factor))
    for unit, dimension, factor in (
        (PERCENT, "percent", "1"),
        ("length-kilometer", "length", "1000"),
        ("length-meter", "length", "1"),
        ("length-centimeter", "length", "0.01"),
        ("length-millimeter", "length", "0.001"),
        ("length-mile", "length", "1609.344"),
        ("length-foot", "length", "0.3048"),
        ("mass-tonne", "mass", "1000"),
        ("mass-kilogram", "mass", "1"),
        ("mass-gram", "mass", "0.001"),
        ("area-square-kilometer", "area", "1000000"),
        ("area-hectare", "area", "10000"),
        ("area-square-meter", "area", "1"),
        ("volume-cubic-meter", "volume", "1000"),
        ("volume-liter", "volume", "1"),
        ("temperature-celsius", "temperature", "1"),
        ("speed-kilometer-per-hour", "speed", "1"),
        ("duration-century", "centuries", "1"),
        ("duration-year", "years", "1"),
        ("duration-month", "months", "1"),
        ("duration-week", "weeks", "1"),
        ("duration-day", "days", "1"),
        ("duration-hour", "time", "3600"),
        ("duration-minute", "time", "60"),
        ("duration-second", "time", "1"),
    )
}
"""CLDR's units that are understood, with their dimension and what they are of its base unit."""

_WITH_SYMBOL = (
    PERCENT,
    "length-kilometer",
    "length-meter",
    "length-centimeter",
    "length-millimeter",
    "mass-kilogram",
    "area-square-kilometer",
    "area-square-meter",
    "temperature-celsius",
    "speed-kilometer-per-hour",
)
"""Those whose symbols no other word looks like: `ha` is a verb, `г.` a year, `in` a preposition."""

_MORE_SCALES: Mapping[str, Mapping[str, int]] = {
    "hi": {"मिलियन": 10**6, "हजार": 10**3},
    "de": {"mio": 10**6, "mrd": 10**9},
    "it": {"mila": 10**3},
    "pl": {"tys": 10**3, "mln": 10**6, "mld": 10**9},
    "ro": {"mil": 10**6, "mld": 10**9},
    "ru": {"тыс": 10**3, "млн": 10**6, "млрд": 10**9},
    "uk": {"тис": 10**3, "млн": 10**6, "млрд": 10**9},
}
_MORE_UNITS: Mapping[str, Mapping[str, str]] = {
    "ar": {"بالمئة": PERCENT, "في المئة": PERCENT, "في المائة": PERCENT},
    "en": {
        "kilometres": "length-kilometer",
        "kilometre": "length-kilometer",
        "metres": "length-meter",
        "metre": "length-meter",
        "centimetres": "length-centimeter",
        "millimetres": "length-millimeter",
        "square kilometres": "area-square-kilometer",
        "tonnes": "mass-tonne",
        "per cent": PERCENT,
    },
    "hi": {"मील": "length-mile", "टन": "mass-tonne"},
    "th": {"ร้อยละ": PERCENT},
    "tr": {"yüzde": PERCENT},
    "zh": {
        "公尺": "length-meter",
        "厘米": "length-centimeter",
        "平方公里": "area-square-kilometer",
    },
}
"""What people write beside CLDR's words; a percent word may stand on either side."""
_BEFORE_CHRIST: Mapping[str, str] = {
    "ar": "ق.م|قبل الميلاد",
    "de": "v. Chr.|vor Christus|v.Chr.|v. u. Z.",
    "el": "π.Χ.|π.Χ",
    "en": "BC|BCE|B.C.",
    "es": "a. C.|a.C.|antes de Cristo",
    "fa": "ق.م|پیش از میلاد|قبل از میلاد",
    "fr": "av. J.-C.|avant J.-C.|avant notre ère",
    "hi": "ई.पू.|ईसा पूर्व|ई॰पू॰",
    "id": "SM|sebelum Masehi",
    "it": "a.C.|a. C.|avanti Cristo",
    "ja": "紀元前",
    "ko": "기원전",
    "nl": "v.Chr.|v. Chr.|voor Christus",
    "pl": "p.n.e.|przed Chr.",
    "pt": "a.C.|a. C.|antes de Cristo",
    "ro": "î.Hr.|î.e.n.",
    "ru": "до н. э.|до н.э.|до Р. Х.",
    "sw": "KK|BK|kabla ya Kristo",
    "th": "ก่อนคริสตกาล|ก่อน ค.ศ.",
    "tr": "MÖ|M.Ö.|milattan önce",
    "uk": "до н. е.|до н.е.",
    "vi": "TCN|trước Công nguyên",
    "zh": "公元前",
}

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
    data = localedata.LocaleDataDict(localedata.load(str(locale)))
    eras = {*_BEFORE_CHRIST.get(language, "").split("|"), "BCE"} - {""}
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
                if not word.strip("月월 ").isdigit() and len(word) > 2:
                    months[word] = number
    return _longest_first(months)


def _scales(
    language: Language, data: Mapping[str, Mapping[str, Mapping[str, object]]]
) -> dict[Place, dict[str, int]]:
    """Read `0 Millionen` and `elfu 0` from the patterns for short numbers."""
    scales: dict[Place, dict[str, int]] = {"before": {}, "after": {}}
    for word, value in _MORE_SCALES.get(language, {}).items():
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
        if unit in _WITH_SYMBOL or all(form == "per" for form, _ in forms):
            forms += widths.get("short", {}).items()
        for form, pattern in forms:
            number = re.search(r"\{0\}", text := str(pattern)) if form != "per" else None
            for place, word in _around(text, number.span()) if number else ():
                units[place].setdefault(word, unit)
                units[place].setdefault(word.replace("²", "2"), unit)
    for word, unit in _MORE_UNITS.get(language, {}).items():
        units["after"][word] = units["before"][word] = unit
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
