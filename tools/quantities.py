"""Finds the years, dates, percentages and numbers of a text, and makes them comparable.

Rules and CLDR's words do it, no model: digits of every script, each language's separators
(`1.680` is 1680 in German and 1.68 in English), inflected month names, scales (`2,5 Millionen`,
`1億2000万`), units, years before the common era, Thai and Japanese calendars. Two sources agree or
disagree by these values, whatever the language; and an answer shows them in the asker's way.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from crosearch.tools.languages import Language
from crosearch.tools.passages import Span
from crosearch.tools.quantity_words import PERCENT, UNITS, QuantityWords, fold, quantity_words

QuantityKind = Literal["number", "year", "date", "percent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A quantity that a text states."""

    kind: QuantityKind
    value: str
    """`1885` (`-44` before the common era), `1885-11-01`, `1885-11`, `--11-01`, or a decimal."""
    unit: str
    """The CLDR name of its unit, such as `length-meter`; empty where there is none."""
    span: Span
    """Where it stands in the text, its unit left out."""


def find_quantities(text: str, language: Language) -> list[Quantity]:
    """Find the quantities of a text, in their order; none overlaps another."""
    words = quantity_words(language)
    plain = _plain(text)
    found: list[Quantity] = []
    for finder in (_dates, _eastern, _years, _numbers):
        new = list(finder(plain, language, words))
        found += new
        for quantity in new:
            start, end = quantity.span
            plain = plain[:start] + "\0" * (end - start) + plain[end:]
    return sorted(found, key=lambda quantity: quantity.span)


def agree(one: Quantity, other: Quantity) -> bool | None:
    """Tell whether two quantities can be the same; None: they measure different things.

    A year agrees with each date in it, `13.3 km` with `13 km` and with `13,300 m`: numbers are
    compared up to half a unit of the last digit of the coarser.
    """
    calendar = ("year", "date")
    if one.kind in calendar and other.kind in calendar:
        return _dates_agree(one.value, other.value)
    if one.kind in calendar or other.kind in calendar:
        return None
    dimension, factor = UNITS.get(one.unit, ("", Decimal(1)))
    other_dimension, other_factor = UNITS.get(other.unit, ("", Decimal(1)))
    if dimension != other_dimension:
        return None
    slack = max(_half_digit(one.value) * factor, _half_digit(other.value) * other_factor)
    return abs(Decimal(one.value) * factor - Decimal(other.value) * other_factor) <= slack


def format_quantity(quantity: Quantity, language: Language) -> str:
    """Write a quantity as people write it in a language."""
    from babel import Locale, UnknownLocaleError
    from babel.numbers import format_decimal, format_percent
    from babel.units import format_unit

    try:
        locale = Locale(language)
    except UnknownLocaleError:
        locale = Locale("en")
    if quantity.kind in ("year", "date"):
        return _format_date(quantity.value, locale.language, locale.eras["abbreviated"].get(0, "BCE"))
    amount = Decimal(quantity.value)
    if quantity.kind == "percent":
        return format_percent(amount / 100, locale=locale, decimal_quantization=False)
    if quantity.unit:
        number = format_decimal(amount, locale=locale, decimal_quantization=False)
        return format_unit(number, quantity.unit, locale=locale)
    return format_decimal(amount, locale=locale, decimal_quantization=False)


_PUNCTUATION = str.maketrans("．，％٪﹪٫٬−–’＇：", ".,%%%.,--'':")
_SPACE = r"[\s\u00a0\u202f]"


def _plain(text: str) -> str:
    """Fold case, digits and full-width punctuation; every place stays where it is."""
    return "".join(
        str(digit) if (digit := unicodedata.decimal(c, -1)) >= 0 else c
        for c in fold(text).translate(_PUNCTUATION)
    )


_NUMERIC_DATE = re.compile(
    r"(?<![\d.\-/])(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2})\.\s?(?P<y2>\d{4}))(?![\d\-/])"
)
_DAY_BEFORE = re.compile(rf"(?<!\d)(\d{{1,2}})(?:[.ºª]|er|st|nd|rd|th|[-]?[^\W\d]{{1,3}})?{_SPACE}*$")
_DAY_LINKED = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:[.ºª]|er|st|nd|rd|th)?{_SPACE}+(?:de|di|of|d'|tháng){_SPACE}*$"
)
_YEAR_AFTER = re.compile(
    rf"^['.]?[^\W\d]{{0,2}}{_SPACE}*[,،]?{_SPACE}*(?:(?:de|del|of|năm|พ\.?ศ\.?|ค\.?ศ\.?|سنة|عام){_SPACE}*)?"
    r"(\d{3,4})(?![\d%])"
)
_DAY_YEAR_AFTER = re.compile(rf"^{_SPACE}+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?{_SPACE}+(\d{{4}})(?!\d))?")


def _dates(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    for match in _NUMERIC_DATE.finditer(text):
        year, month, day = (match["y"] or match["y2"], match["m"] or match["m2"], match["d"] or match["d2"])
        if (value := _date_value(int(year), int(month), int(day), language)) is not None:
            yield Quantity(kind="date", value=value, unit="", span=match.span())
    for match in _month_names(words, text):
        if (quantity := _named_date(text, match, words.months[match[0]], language)) is not None:
            yield quantity


def _month_names(words: QuantityWords, text: str) -> Iterator[re.Match[str]]:
    if not words.months:
        return iter(())
    names = "|".join(map(re.escape, words.months))
    edge = r"(?![^\W\d_])" if words.spaced else ""
    return re.finditer(rf"(?<![^\W\d_])(?:{names})(?!\d){edge}" if edge else rf"(?:{names})", text)


def _named_date(
    text: str, match: re.Match[str], month: int, language: Language
) -> Quantity | None:
    """Read what stands around a month's name: `1. November 1885`, `November 1, 1885`."""
    before, after = text[max(0, match.start() - 16) : match.start()], text[match.end() :][:24]
    start, end = match.span()
    day = year = None
    if found := _DAY_LINKED.search(before) or _DAY_BEFORE.search(before):
        day, start = int(found[1]), match.start() - len(before) + found.start(1)
    if found := _YEAR_AFTER.search(after):
        year, end = int(found[1]), match.end() + found.end()
    elif day is None and (found := _DAY_YEAR_AFTER.search(after)):
        day, year = int(found[1]), int(found[2]) if found[2] else None
        end = match.end() + found.end()
    if day is None and year is None:
        return None
    value = _date_value(year, month, day, language)
    return Quantity(kind="date", value=value, unit="", span=(start, end)) if value else None


def _date_value(year: int | None, month: int, day: int | None, language: Language) -> str | None:
    """Write a date as its value; None if there is no such date."""
    if year is not None:
        year = _common_year(year, language)
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return None
    if year is None:
        return f"--{month:02}-{day:02}"
    return f"{year:04}-{month:02}" if day is None else f"{year:04}-{month:02}-{day:02}"


def _common_year(year: int, language: Language) -> int:
    """Turn a year of the Buddhist era, as Thai writes it, into one of the common era."""
    return year - 543 if language == "th" and 2300 < year < 2700 else year


_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_SCALES = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12}
_KOREAN_SCALES = {"천": 10**3, "만": 10**4, "억": 10**8, "조": 10**12}
_HAN = "〇零一二三四五六七八九十百千万萬億亿兆两兩"
_ONE = rf"(?:\d[\d,]*(?:\.\d+)?|[{_HAN}]+)"
_EASTERN_DATE = re.compile(
    rf"(?P<bc>公元前|紀元前|西元前|기원전)?{_SPACE}?(?P<era>{'|'.join(_ERAS)})?{_SPACE}?"
    rf"(?P<y>\d{{1,4}}|元|[〇零一二三四五六七八九]{{3,4}}|[{_HAN}]{{1,3}}){_SPACE}?[年년](?!代)"
    rf"(?:{_SPACE}?(?P<m>\d{{1,2}}|[十一二三四五六七八九]{{1,3}}){_SPACE}?[月월]"
    rf"(?:{_SPACE}?(?P<d>\d{{1,2}}|[十一二三四五六七八九]{{1,3}}){_SPACE}?[日号號일])?)?"
)
_MYRIADS = re.compile(
    rf"(?:\d[\d,]*(?:\.\d+)?[{''.join(_HAN_SCALES)}千百])+(?:\d[\d,]*)?"
    rf"|(?:\d[\d,]*(?:\.\d+)?{_SPACE}?[{''.join(_KOREAN_SCALES)}]{_SPACE}?)+(?:\d[\d,]*)?"
    rf"|[{_HAN}]{{2,}}(?=多?(?:公里|米|公斤|人|个|個|座|条|條|根|岁|歳|本|枚|メートル|キロ|世纪|世紀|年|天|日|回|次))"
)


def _eastern(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Read dates and numbers as Chinese, Japanese and Korean write them."""
    if language not in ("zh", "ja", "ko"):
        return
    taken: list[Span] = []
    for match in _EASTERN_DATE.finditer(text):
        if (value := _eastern_date(match)) is not None:
            taken.append(match.span())
            kind: QuantityKind = "date" if "-" in value.lstrip("-") else "year"
            yield Quantity(kind=kind, value=value, unit="", span=match.span())
    for match in _MYRIADS.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            value = _han_number(match[0].replace(" ", ""))
            yield _with_unit(text, match.span(), value, words)


def _eastern_date(match: re.Match[str]) -> str | None:
    digits = match["y"]
    year = 1 if digits == "元" else int(_han_number(digits))
    if match["era"]:
        year += _ERAS[match["era"]]
    elif match["bc"]:
        return str(-year)
    elif len(digits) < 3 or not 100 <= year <= 2200:
        return None
    if not match["m"]:
        return str(year)
    month = int(_han_number(match["m"]))
    return _date_value(year, month, int(_han_number(match["d"])) if match["d"] else None, Language("ja"))


def _han_number(text: str) -> Decimal:
    """Read `1億2000万`, `三百五十`, `一九〇八`, `2만 5000`."""
    if all(c in _HAN_DIGITS for c in text):
        return Decimal("".join(str(_HAN_DIGITS[c]) for c in text))
    total = section = Decimal(0)
    pending: Decimal | None = None
    for token in re.findall(r"\d[\d,]*(?:\.\d+)?|\D", text):
        scale = _HAN_SCALES.get(token) or (_KOREAN_SCALES.get(token) if token != "천" else None)
        if token[0].isdigit():
            pending = Decimal(token.replace(",", ""))
        elif token in _HAN_DIGITS:
            pending = (pending or 0) * 10 + Decimal(_HAN_DIGITS[token])
        elif unit := _HAN_UNITS.get(token) or (1000 if token == "천" else None):
            section += (Decimal(1) if pending is None else pending) * unit
            pending = None
        elif scale:
            total += (section + (pending or 0) or Decimal(1)) * scale
            section, pending = Decimal(0), None
    return total + section + (pending or 0)


_YEAR_ERA = r"(?P<y>\d{1,4})(?!\d)"


def _years(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Read years that their era marks as such: `44 v. Chr.`, `พ.ศ. 2451`."""
    eras = "|".join(map(re.escape, words.eras))
    for match in re.finditer(rf"(?<![\d.,]){_YEAR_ERA}{_SPACE}?(?:{eras})(?![^\W\d_])", text):
        yield Quantity(kind="year", value=str(-int(match["y"])), unit="", span=match.span())
    for match in re.finditer(rf"(?<![^\W\d_])(?:{eras}){_SPACE}?{_YEAR_ERA}", text):
        yield Quantity(kind="year", value=str(-int(match["y"])), unit="", span=match.span())
    if language == "th":
        for match in re.finditer(rf"พ\.?{_SPACE}?ศ\.?{_SPACE}?{_YEAR_ERA}", text):
            yield Quantity(kind="year", value=str(int(match["y"]) - 543), unit="", span=match.span())


_NUMBER = re.compile(
    r"(?<![a-z\d_])(?<!\d[.,])(?:(?<![^\s(])-)?"
    r"(?:\d{1,3}(?:[\u00a0\u202f\u2009]\d{3})+|\d+(?:'\d{3})+|\d+)(?:[.,]\d+)*(?![\d_])"
)
_SPACED_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?:,\d+)?(?![\d_])")


def _numbers(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    spans: list[Span] = []
    if words.group.isspace():
        spans = [match.span() for match in _SPACED_NUMBER.finditer(text)]
    for match in _NUMBER.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in spans):
            spans.append(match.span())
    for start, end in sorted(spans):
        value = _read_number(text[start:end], words)
        if value is None or text[end:].startswith(("er ", "s ")):
            continue  # decades, and version numbers
        quantity = _with_unit(text, (start, end), value, words)
        yield _as_year(quantity, text[start:end], language) or quantity


def _as_year(quantity: Quantity, written: str, language: Language) -> Quantity | None:
    """Take four bare digits for a year."""
    if quantity.unit or len(written) != 4 or not written.isdigit() or quantity.value != written:
        return None
    year = _common_year(int(written), language)
    if not 1000 <= year <= 2100:
        return None
    return Quantity(kind="year", value=str(year), unit="", span=quantity.span)


def _read_number(written: str, words: QuantityWords) -> Decimal | None:
    """Read digits with separators; None where they are none of the language's numbers."""
    sign, digits = ("-", written[1:]) if written.startswith("-") else ("", written)
    digits = re.sub(r"[\s']", "", digits)
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return Decimal(sign + digits)
    groups = re.split(r"[.,]", digits)
    grouped = all(len(group) == 3 for group in groups[1:]) and 0 < len(groups[0]) <= 3
    last = marks[-1]
    if len(set(marks)) == 2 and marks.count(last) == 1:
        whole, _, fraction = digits.rpartition(last)
        return Decimal(f"{sign}{re.sub(r'[.,]', '', whole)}.{fraction}")
    if len(marks) == 1 and not (grouped and last != words.decimal and groups[0] != "0"):
        return Decimal(f"{sign}{groups[0]}.{groups[1]}")
    indian = len(groups[-1]) == 3 and all(len(group) == 2 for group in groups[1:-1])
    if len(set(marks)) == 1 and (grouped or indian):
        return Decimal(sign + "".join(groups))
    return None


def _with_unit(text: str, span: Span, value: Decimal, words: QuantityWords) -> Quantity:
    """Take in the scale and the unit that stand beside a number."""
    start, end = span
    before, after = text[max(0, start - 40) : start].rstrip(), text[end : end + 60]
    for word, scale in words.scales["before"].items():
        if _ends_with(before, word):
            value, before = value * scale, before[: -len(word)].rstrip()
            break
    for word, scale in words.scales["after"].items():
        if (length := _begins_with(after, word, words.spaced)) is not None:
            value, after = value * scale, re.sub(r"^[\s.]*(?:de|di|d')?\s*", " ", after[length:])
            break
    unit = next((u for w, u in words.units["after"].items()
                 if _begins_with(after, w, words.spaced) is not None), "") or next(
        (u for w, u in words.units["before"].items() if _ends_with(before, w)), "")
    kind: QuantityKind = "percent" if unit == PERCENT else "number"
    return Quantity(kind=kind, value=_canonical(value), unit=unit, span=span)


def _begins_with(text: str, word: str, spaced: bool) -> int | None:
    """Give the length up to a word's end if a text begins with it; longer words may be inflected."""
    lead = re.match(r"[\s\u00a0\u202f-]?", text)
    start = lead.end() if lead else 0
    if not text.startswith(word, start):
        return None
    end = start + len(word)
    if not spaced or not word[-1].isalpha():
        return end if not (word.isascii() and text[end : end + 1].isascii() and text[end : end + 1].isalpha()) else None
    tail = re.match(r"[^\W\d_]*", text[end:])
    extra = tail.end() if tail else 0
    most = 0 if len(word) < 3 else 1 if word.isascii() and len(word) < 4 else 4
    return end + extra if extra <= most else None


def _ends_with(text: str, word: str) -> bool:
    return text.endswith(word) and not text[: -len(word)][-1:].isalpha()


def _canonical(value: Decimal) -> str:
    """Write a decimal without an exponent; zeros after the point are dropped."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _half_digit(value: str) -> Decimal:
    """Give half a unit of the last digit that is written."""
    exponent = Decimal(value).as_tuple().exponent
    return Decimal(5).scaleb(int(exponent) - 1)


def _dates_agree(one: str, other: str) -> bool | None:
    first, second = _date_parts(one), _date_parts(other)
    shared = [(a, b) for a, b in zip(first, second, strict=True) if a and b]
    return all(a == b for a, b in shared) if shared else None


def _date_parts(value: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"(?P<y>-?\d+|-)(?:-(?P<m>\d\d))?(?:-(?P<d>\d\d))?", value)
    if match is None:
        raise ValueError(f"{value!r} is no date value such as 1885-11-01")
    year = match["y"]
    return ("" if year == "-" else year, match["m"] or "", match["d"] or "")


def _format_date(value: str, locale: str, before_christ: str) -> str:
    from babel.dates import format_date, format_skeleton

    year, month, day = _date_parts(value)
    if year.startswith("-"):
        return f"{year[1:]} {before_christ}"
    moment = date(int(year or 2000), int(month or 1), int(day or 1))
    if not month:
        return format_skeleton("y", moment, locale=locale)
    if year and day:
        return format_date(moment, "long", locale=locale)
    return format_skeleton("yMMMM" if year else "MMMMd", moment, locale=locale)
