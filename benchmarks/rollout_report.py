"""The rollout benchmark's table: what was asked of each figure, and what was got."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a part, once for each repeat."""

    part: str
    name: str
    values: Sequence[float]
    unit: str = ""
    least: float | None = None
    """What was asked for; None with `most` too: it is there to be compared with."""
    most: float | None = None

    @property
    def median(self) -> float:
        """The middle of the repeats."""
        return statistics.median(self.values)

    @property
    def holds(self) -> bool | None:
        """Whether the median is as asked; None where nothing was."""
        if self.least is not None:
            return self.median >= self.least
        return None if self.most is None else self.median <= self.most


@dataclass(kw_only=True)
class Report:
    """All figures of a run of the benchmark, and what is to be known with them."""

    figures: list[Figure] = field(default_factory=list[Figure])
    notes: list[str] = field(default_factory=list[str])

    def note(self, text: str) -> None:
        """Say something now, and again below the table."""
        self.notes.append(text)
        print(text, flush=True)

    def add(self, figure: Figure) -> None:
        """Keep a figure, and print it as it comes."""
        self.figures.append(figure)
        print(f"{figure.part}: {figure.name}: {_got(figure)}", flush=True)

    def show(self, console: Console) -> None:
        """Print the table, and the notes below it."""
        table = Table("part", "figure", "asked", "median", "spread", "n", "")
        for figure in self.figures:
            table.add_row(
                figure.part,
                figure.name,
                _asked(figure),
                _number(figure.median, figure.unit),
                _spread(figure),
                str(len(figure.values)),
                {True: "holds", False: "MISSED", None: ""}[figure.holds],
            )
        console.print(table)
        for note in self.notes:
            console.print(f"- {note}", markup=False, highlight=False)

    def plain(self) -> dict[str, object]:
        """Give it as JSON values."""
        figures = [
            {**asdict(figure), "median": figure.median, "holds": figure.holds}
            for figure in self.figures
        ]
        return {"figures": figures, "notes": self.notes}


def _asked(figure: Figure) -> str:
    if figure.least is not None:
        return f"≥ {figure.least:g}"
    return "" if figure.most is None else f"≤ {figure.most:g}"


def _got(figure: Figure) -> str:
    asked = _asked(figure)
    spread = f" ({_spread(figure)})" if len(figure.values) > 1 else ""
    return f"{_number(figure.median, figure.unit)}{spread}{f', asked {asked}' if asked else ''}"


def _spread(figure: Figure) -> str:
    if len(figure.values) < 2:
        return ""
    return f"{_number(min(figure.values))} to {_number(max(figure.values))}"


def _number(value: float, unit: str = "") -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
