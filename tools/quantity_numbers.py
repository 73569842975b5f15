"""Finds numbers with their scales and units; four bare digits are taken for a year."""

import re
from collections.abc import Iterator
from decimal import Decimal

from crosearch.tools.han_numbers import HAN, read_han
from crosearch.tools.languages import Language
from crosearch.tools.passages import Span
from crosearch.tools.quantity_dates import common_year
from crosearch.tools.quantity_tables import PERCENT
from crosearch.tools.quantity_values import Quantity, number_value
from crosearch.tools.quantity_words import SPACE, QuantityWords

_COUNTED = "公里|米|公斤|人|个|個|座|条|條|根|岁|歳|本|枚|メートル|キロ|世纪|世紀|年|天|日|回|次"
_MYRIADS = re.compile(
    r"(?:\d[\d,]*(?:\.\d+)?[万萬億亿兆千百])+(?:\d[\d,]*)?"
    rf"|\d[\d,]*(?:\.\d+)?{SPACE}?[천만억조](?:{SPACE}?\d[\d,]*{SPACE}?[천만억조])*(?:{SPACE}?\d[\d,]*)?"
    rf"|[{HAN}]{{2,}}(?=[多余餘]?(?:{_COUNTED}))"
)
_NUMBER = re.compile(
    r"(?<![a-z\d_])(?<!\d[.,])(?:(?<![^\s(])-)?"
    r"(?:\d{1,3}(?:[\u00a0\u202f\u2009]\d{3})+|\d{1,3}(?: \d{3}){2,}(?!\d)|\d+(?:'\d{3})+|\d+)"
    r"(?:[.,]\d+)*(?![\d_])"
)
_SPACED = re.compile(r"(?<![\d.,])(?<!\d )\d{1,3} \d{3}(?:,\d+)?(?![\d_])(?! \d{3}(?!\d))")
_ROUND_SPACED = re.compile(r"(?<![\d.,])(?<!\d )\d{1,3} 000(?!\d)(?! \d{3}(?!\d))")
_DECADE = re.compile(r"(?:er|s)\b|年?代|년대")
_YEAR_NOUN = {"pl": r"rok(?:u|iem)?\b", "ru": r"год(?!ов)", "uk": r"рік\b|ро(?:ку|ком|ці)\b"}
"""Where a year is said with the word for it; spans of years take another form."""


def find_myriads(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Find numbers such as `3万5000`, `2만 5000` and `三百五十`; `text` is folded."""
    if language in ("ja", "ko", "zh"):
        for match in _MYRIADS.finditer(text):
            yield _with_unit(text, match.span(), read_han(match[0].replace(" ", "")), words)


def find_numbers(text: str, language: Language, words: QuantityWords) -> Iterator[Quantity]:
    """Find all other numbers, and years that nothing marks; `text` is folded."""
    for start, end in _digit_spans(text, words):
        value = _read(text[start:end], words)
        if value is None or _DECADE.match(text, end):
            continue
        if year := _read_year(text, (start, end), language):
            found = _with_unit(text, (start, end), value, words)
            is_year = not found.unit or _is_called_year(text[end:], language)
            if is_year and found.value == text[start:end]:
                yield Quantity(kind="year", value=str(year), unit="", span=(start, end))
                continue
        yield _with_unit(text, (start, end), value, words)


def _digit_spans(text: str, words: QuantityWords) -> list[Span]:
    """Find where numbers stand; groups set apart by plain spaces only where that is the custom."""
    spaced = _SPACED if words.group.isspace() else _ROUND_SPACED
    spans = [match.span() for match in spaced.finditer(text)]
    for match in _NUMBER.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in spans):
            spans.append(match.span())
    return sorted(spans)


def _read_year(text: str, span: Span, language: Language) -> int | None:
    written = text[span[0] : span[1]]
    if len(written) != 4 or not written.isdigit():
        return None
    year = common_year(int(written), language)
    return year if 1000 <= year <= 2100 else None


def _is_called_year(after: str, language: Language) -> bool:
    noun = _YEAR_NOUN.get(language)
    return noun is not None and re.match(rf"{SPACE}?(?:{noun})", after) is not None


def _read(written: str, words: QuantityWords) -> Decimal | None:
    """Read digits with separators; None where they are none of the language's numbers."""
    sign = "-" if written.startswith("-") else ""
    digits = re.sub(r"[\s'-]", "", written)
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return Decimal(sign + digits)
    groups = re.split(r"[.,]", digits)
    grouped = 0 < len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    if len(set(marks)) == 2 and marks.count(marks[-1]) == 1:
        whole, _, fraction = digits.rpartition(marks[-1])
        return Decimal(f"{sign}{re.sub('[.,]', '', whole)}.{fraction}")
    if len(marks) == 1 and (not grouped or marks[0] == words.decimal or groups[0] == "0"):
        return Decimal(f"{sign}{groups[0]}.{groups[1]}")
    indian = len(groups[-1]) == 3 and all(len(group) == 2 for group in groups[1:-1])
    if len(set(marks)) == 1 and (grouped or indian):
        return Decimal(sign + "".join(groups))
    return None


def _with_unit(text: str, span: Span, value: Decimal, words: QuantityWords) -> Quantity:
    """Take in the scale and the unit that stand beside a number."""
    start, end = span
    before, after = text[max(0, start - 40) : start], text[end : end + 60]
    if scale := words.scales_before.find(before):
        value, before = value * scale.meaning, scale.rest
    if scale := words.scales_after.find(after):
        value, after = value * scale.meaning, re.sub(r"^\.?\s*(?:de|di|d')?\s*", "", scale.rest)
    unit = words.units_after.find(after) or words.units_before.find(before)
    return Quantity(
        kind="percent" if unit and unit.meaning == PERCENT else "number",
        value=number_value(value),
        unit=unit.meaning if unit else "",
        span=(start, start + len(text[start:end].rstrip())),
    )
