"""Finds the years, dates, percentages and numbers of a text, and makes them comparable.

Rules and CLDR's words do it, no model: digits of every script, each language's separators
(`1.680` is 1680 in German and 1.68 in English), inflected month names, scales (`2,5 Millionen`,
`1億2000万`), units, years before the common era, Thai and Japanese calendars. Two sources agree or
disagree by these values, whatever the language; and an answer shows them in the asker's way.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

from crosearch.tools.languages import Language
from crosearch.tools.quantity_dates import find_dates, find_eastern_dates, find_era_years
from crosearch.tools.quantity_numbers import find_myriads, find_numbers
from crosearch.tools.quantity_values import Quantity, QuantityKind, agree, date_parts
from crosearch.tools.quantity_words import fold, quantity_words

__all__ = ["Quantity", "QuantityKind", "agree", "find_quantities", "format_quantity"]

_FINDERS = (find_dates, find_eastern_dates, find_era_years, find_myriads, find_numbers)
"""The more particular first: what one has found is hidden from the next."""
_DIGIT = re.compile(r"\d")
_NUMBERS_WITHOUT_DIGITS = ("ja", "ko", "zh")
"""Languages whose numbers may be written in Han characters alone."""
_LONGEST = 24
"""Digits; longer ones are codes, and more than decimals are calculated with."""
_PUNCTUATION = str.maketrans("．，％٪﹪٫٬−–’＇", ".,%%%.,--''")


def find_quantities(text: str, language: Language) -> list[Quantity]:
    """Find the quantities of a text, in their order; none overlaps another."""
    return list(_find(text, language))


@lru_cache(maxsize=16_384)
def _find(text: str, language: Language) -> tuple[Quantity, ...]:
    if language not in _NUMBERS_WITHOUT_DIGITS and not _DIGIT.search(text):
        return ()
    words = quantity_words(language)
    plain = _plain(text)
    found: list[Quantity] = []
    for finder in _FINDERS:
        new = list(finder(plain, language, words))
        found += new
        for start, end in (quantity.span for quantity in new):
            plain = plain[:start] + "\0" * (end - start) + plain[end:]
    sane = (quantity for quantity in found if len(quantity.value) <= _LONGEST)
    return tuple(sorted(sane, key=lambda quantity: quantity.span))


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
        return _format_date(quantity.value, str(locale))
    amount = Decimal(quantity.value)
    if quantity.kind == "percent":
        return format_percent(amount / 100, locale=locale, decimal_quantization=False)
    if quantity.unit:
        long = format_unit(amount, quantity.unit, locale=locale)
        # Where CLDR has no long form, babel gives the unit's name in CLDR.
        short = quantity.unit in long
        return format_unit(amount, quantity.unit, "short", locale=locale) if short else long
    return format_decimal(amount, locale=locale, decimal_quantization=False)


def _plain(text: str) -> str:
    """Fold case, digits and full-width punctuation; every place stays where it is."""
    return "".join(
        str(digit) if (digit := unicodedata.decimal(c, -1)) >= 0 else c
        for c in fold(text).translate(_PUNCTUATION)
    )


_BEFORE_CHRIST = {"ja": "紀元前{}年", "ko": "기원전 {}년", "zh": "公元前{}年"}


def _format_date(value: str, locale: str) -> str:
    from babel import Locale
    from babel.dates import format_date, format_skeleton

    year, month, day = date_parts(value)
    if year.startswith("-"):
        pattern = _BEFORE_CHRIST.get(locale, f"{{}} {Locale(locale).eras['abbreviated'][0]}")
        return pattern.format(year[1:])
    moment = date(int(year or 2000), int(month or 1), int(day or 1))
    if not month:
        return format_skeleton("y", moment, locale=locale)
    if year and day:
        return format_date(moment, "long", locale=locale)
    return format_skeleton("yMMMM" if year else "MMMMd", moment, locale=locale)
