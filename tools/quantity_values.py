"""What a quantity is, and when two of them agree."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from crosearch.tools.passages import Span
from crosearch.tools.quantity_tables import UNITS

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


def number_value(number: Decimal) -> str:
    """Write a number as its value: no exponent, no zeros at the end of a fraction."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def date_value(year: int | None, month: int, day: int | None) -> str | None:
    """Write a date as its value; None if there is no such date."""
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return None
    if year is None:
        return f"--{month:02}-{day:02}"
    return f"{year:04}-{month:02}" if day is None else f"{year:04}-{month:02}-{day:02}"


def date_parts(value: str) -> tuple[str, str, str]:
    """Split the value of a year or date into year, month and day; what is missing is empty.

    Raises:
        ValueError: It is no such value.
    """
    match = re.fullmatch(r"(?P<y>-?\d+|-)(?:-(?P<m>\d\d))?(?:-(?P<d>\d\d))?", value)
    if match is None:
        raise ValueError(f"{value!r} is no value of a date: give one like 1885-11-01")
    year = match["y"]
    return ("" if year == "-" else year, match["m"] or "", match["d"] or "")


def _dates_agree(one: str, other: str) -> bool | None:
    pairs = zip(date_parts(one), date_parts(other), strict=True)
    shared = [(first, second) for first, second in pairs if first and second]
    return all(first == second for first, second in shared) if shared else None


def _half_digit(value: str) -> Decimal:
    """Give half a unit of the last digit that is written."""
    exponent = Decimal(value).as_tuple().exponent
    return Decimal(5).scaleb(int(exponent) - 1)
