"""Finds years and dates: numeric, with month names, with eras, and as East Asia writes them."""

import re
from collections.abc import Iterator

from crosearch.tools.han_numbers import HAN, read_han
from crosearch.tools.languages import Language
from crosearch.tools.quantity_values import Quantity, QuantityKind, date_value
from crosearch.tools.quantity_words import LETTER, SPACE, QuantityWords

_NUMERIC = re.compile(
    r"(?<![\d.\-/])(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2})\.\s?(?P<y2>\d{4}))(?![\d\-/])"
)
_ORDINAL = r"(?:[.ºª]|er|st|nd|rd|th)?"
_DAY_BEFORE = re.compile(rf"(?<!\d)(\d{{1,2}})(?:{_ORDINAL}|-?[^\W\d]{{1,3}}){SPACE}*$")
_DAY_LINKED = re.compile(rf"(?<!\d)(\d{{1,2}}){_ORDINAL}{SPACE}+(?:de|di|of|d'){SPACE}*$")
_YEAR_AFTER = re.compile(
    rf"^['.]?[^\W\d]{{0,2}}{SPACE}*[,،]?{SPACE}*"
    rf"(?:(?:de|del|of|năm|พ\.?ศ\.?|ค\.?ศ\.?|سنة|عام){SPACE}*)?(\d{{3,4}})(?![\d%])"
)
_DAY_AND_YEAR_AFTER = re.compile(
    rf"^{SPACE}+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?{SPACE}+(\d{{4}})(?!\d))?"
)


def find_dates(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Find dates; `text` is folded."""
    for match in _NUMERIC.finditer(text):
        year, month, day = match["y"] or match["y2"], match["m"] or match["m2"], match["d"]
        if value := date_value(
            common_year(int(year), language), int(month), int(day or match["d2"])
        ):
            yield Quantity(kind="date", value=value, unit="", span=match.span())
    for match in words.month.finditer(text) if words.month else ():
        if quantity := _around_month(text, match, words.months[match[0]], language):
            yield quantity


def _around_month(
    text: str, match: re.Match[str], month: int, language: Language
) -> Quantity | None:
    """Read what stands around a month's name: `1. November 1885`, `November 1, 1885`."""
    before, after = text[max(0, match.start() - 16) : match.start()], text[match.end() :][:24]
    start, end = match.span()
    day = year = None
    if found := _DAY_LINKED.search(before) or _DAY_BEFORE.search(before):
        day, start = int(found[1]), match.start() - len(before) + found.start(1)
    if found := _YEAR_AFTER.search(after):
        year, end = common_year(int(found[1]), language), match.end() + found.end()
    elif day is None and (found := _DAY_AND_YEAR_AFTER.search(after)):
        day, end = int(found[1]), match.end() + found.end()
        year = common_year(int(found[2]), language) if found[2] else None
    if day is None and year is None:
        return None
    value = date_value(year, month, day)
    return Quantity(kind="date", value=value, unit="", span=(start, end)) if value else None


def common_year(year: int, language: Language) -> int:
    """Turn a year of the Buddhist era, as Thai writes it, into one of the common era."""
    return year - 543 if language == "th" and 2300 < year < 2700 else year


_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
"""Japan's eras, with the year before their first."""
_EASTERN_NUMBER = rf"\d{{1,2}}|[{HAN}]{{1,3}}"
_EASTERN = re.compile(
    rf"(?:(?P<bc>公元前|紀元前|西元前|기원전){SPACE}?)?(?:(?P<era>{'|'.join(_ERAS)}){SPACE}?)?"
    rf"(?<!\d)(?P<y>\d{{1,4}}|元|[〇零一二三四五六七八九]{{3,4}}|[{HAN}]{{1,3}}){SPACE}?[年년](?![代대])"
    rf"(?:{SPACE}?(?P<m>{_EASTERN_NUMBER}){SPACE}?[月월]"
    rf"(?:{SPACE}?(?P<d>{_EASTERN_NUMBER}){SPACE}?[日号號일])?)?"
)


def find_eastern_dates(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Find dates such as `1908年10月10日`, `明治41年`, `公元前221年` and `1920년 3월`."""
    if language not in ("ja", "ko", "zh"):
        return
    for match in _EASTERN.finditer(text):
        if value := _eastern_value(match):
            kind: QuantityKind = "date" if match["m"] else "year"
            yield Quantity(kind=kind, value=value, unit="", span=match.span())


def _eastern_value(match: re.Match[str]) -> str | None:
    year = 1 if match["y"] == "元" else int(read_han(match["y"]))
    if match["bc"]:
        return str(-year)
    if match["era"]:
        year += _ERAS[match["era"]]
    elif len(match["y"]) < 3 or not 100 <= year <= 2200:
        return None  # a span of so many years
    if not match["m"]:
        return str(year)
    return date_value(year, int(read_han(match["m"])), int(read_han(match["d"] or "0")) or None)


_THAI_YEAR = re.compile(rf"พ\.?{SPACE}?ศ\.?{SPACE}?(?P<y>\d{{1,4}})(?!\d)")


def find_era_years(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Find years that their era marks as such: `44 v. Chr.`, `พ.ศ. 2451`."""
    eras = "|".join(map(re.escape, words.eras))
    after = rf"(?<![\d.,])(?P<y>\d{{1,4}}){SPACE}?(?:{eras})(?!{LETTER})"
    before = rf"(?<!{LETTER})(?:{eras}){SPACE}?(?P<y2>\d{{1,4}})(?!\d)"
    for match in re.finditer(f"{after}|{before}", text):
        value = str(-int(match["y"] or match["y2"]))
        yield Quantity(kind="year", value=value, unit="", span=match.span())
    for match in _THAI_YEAR.finditer(text) if language == "th" else ():
        yield Quantity(kind="year", value=str(int(match["y"]) - 543), unit="", span=match.span())
