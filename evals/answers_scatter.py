"""Plots of one figure against another, laid out: points, ticks, and labels that find a place."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_CHARACTER, _LINE = 6.9, 14
"""About the size of a label's letters."""

_CROWD = 24
"""With more points than this, a label that would lie on another is left out."""

_NOTHING = 1e-9
"""What no figure tells apart from 0."""

Anchor = Literal["start", "middle", "end"]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Place = tuple[float, float, Anchor]
"""Where a label's text is anchored."""

_PLACES: tuple[Place, ...] = (
    (9, 4, "start"),
    (-9, 4, "end"),
    (8, -8, "start"),
    (8, 17, "start"),
    (-8, -8, "end"),
    (-8, 17, "end"),
    (12, -22, "start"),
    (12, 31, "start"),
    (-12, -22, "end"),
    (-12, 31, "end"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A plot's view box, and the frame in it that points lie in."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int


FRAME = Frame(width=460, height=330, left=46, right=438, top=12, bottom=290)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a point stands for."""

    label: str
    x: float
    y: float
    low: float
    high: float
    """The interval of `y`."""
    main: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A point, and where its label stands."""

    measured: Measured
    x: float
    y: float
    low: float
    high: float
    label: str
    """Empty where there is no place for it."""
    label_x: float
    label_y: float
    anchor: Anchor


@dataclass(frozen=True, kw_only=True, slots=True)
class Scatter:
    """A plot, in the units of its view box."""

    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    points: Sequence[Point]


def scatter(measured: Sequence[Measured]) -> Scatter | None:
    """Lay out a plot: `x` from 0, `y` over what there is; None where there is no point."""
    if not measured:
        return None
    x_ticks = ticks(0, max(one.x for one in measured))
    y_ticks = ticks(min(one.low for one in measured), max(one.high for one in measured))

    def across(x: float) -> float:
        return FRAME.left + _part(x, x_ticks) * (FRAME.right - FRAME.left)

    def up(y: float) -> float:
        return FRAME.bottom - _part(y, y_ticks) * (FRAME.bottom - FRAME.top)

    placed = [(one, across(one.x), up(one.y)) for one in measured]
    marks = [
        box
        for one, x, y in placed
        for box in ((x - 5, y - 5, x + 5, y + 5), (x - 1, up(one.high), x + 1, up(one.low)))
    ]
    labels = _place_labels(
        [_Wanted(x=x, y=y, top=up(one.high), bottom=up(one.low), one=one) for one, x, y in placed],
        marks,
    )
    return Scatter(
        x_ticks=[(round(across(tick), 1), _write(tick, x_ticks)) for tick in x_ticks],
        y_ticks=[(round(up(tick), 1), _write(tick, y_ticks)) for tick in y_ticks],
        points=[
            Point(
                measured=one,
                x=round(x, 1),
                y=round(y, 1),
                low=round(up(one.low), 1),
                high=round(up(one.high), 1),
                label=label,
                label_x=round(label_x, 1),
                label_y=round(label_y, 1),
                anchor=anchor,
            )
            for (one, x, y), (label, (label_x, label_y, anchor)) in zip(placed, labels, strict=True)
        ],
    )


def ticks(low: float, high: float, *, steps: int = 5) -> list[float]:
    """Return round numbers that lie evenly, the first not above `low`, the last not below `high`.

    Args:
        low: The least value.
        high: The greatest.
        steps: About how many steps lie between the first and the last.
    """
    span = next((width for width in (high - low, abs(high)) if width > _NOTHING), 1.0)
    power = 10.0 ** math.floor(math.log10(span / steps))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= span / steps * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def _part(value: float, span: Sequence[float]) -> float:
    return (value - span[0]) / (span[-1] - span[0])


def _write(tick: float, among: Sequence[float]) -> str:
    step = among[1] - among[0]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    exact = round(step, digits) == round(step, digits + 1)
    return f"{tick:,.{digits if exact else digits + 1}f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    one: Measured
    x: float
    y: float
    top: float
    bottom: float
    """The ends of its interval."""

    @property
    def places(self) -> list[Place]:
        beside: list[Place] = [(self.x + dx, self.y + dy, anchor) for dx, dy, anchor in _PLACES]
        beyond: list[Place] = [
            (self.x, self.top - 5, "middle"),
            (self.x, self.bottom + 14, "middle"),
        ]
        return [*beside[:2], *beyond, *beside[2:]]


def _place_labels(wanted: Sequence[_Wanted], marks: Sequence[Box]) -> list[tuple[str, Place]]:
    """Give each label the place where it covers least; those of main entries choose first.

    Args:
        wanted: Of which points.
        marks: Where no label should lie.
    """
    taken = list(marks)
    placed: dict[int, tuple[str, Place]] = {}
    for at in sorted(range(len(wanted)), key=lambda at: not wanted[at].one.main):
        label = wanted[at].one.label
        costs = [
            (round(_covered(_box(label, place), taken), 3), order, place)
            for order, place in enumerate(wanted[at].places)
        ]
        cost, _, place = min(costs)
        if cost and len(wanted) > _CROWD:
            label = ""
        else:
            taken.append(_box(label, place))
        placed[at] = label, place
    return [placed[at] for at in range(len(wanted))]


def _box(label: str, place: Place) -> Box:
    x, y, anchor = place
    wide = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label)
    width = _CHARACTER * wide
    left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
    return left, y - _LINE + 3, left + width, y + 3


def _covered(box: Box, taken: Sequence[Box]) -> float:
    """Return how much of a label lies on others, or outside of the plot, which is worse."""
    left, top, right, bottom = box
    outside = max(0, FRAME.left - left) + max(0, right - FRAME.width) + max(0, -top)
    outside += max(0, bottom - FRAME.bottom)
    shared = 0.0
    for x0, y0, x1, y1 in taken:
        shared += max(0, min(right, x1) - max(left, x0)) * max(0, min(bottom, y1) - max(top, y0))
    return shared + 100 * outside
