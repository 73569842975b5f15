"""Shows how a collection goes: a bar in a terminal, a line now and then elsewhere."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crosearch.cli.collection_report import duration, print_notes
from crosearch.cli.output import progress_console

if TYPE_CHECKING:
    from rich.console import Console

    from crosearch.training.collection_report import CollectionReport, Progress

_WINDOW = 60.0
"""Seconds over which the rate is measured."""
_LINE_EVERY = 10.0


class Pace:
    """Measures the rate at which runs become durable now, and what that means for the rest."""

    def __init__(self) -> None:
        """Start the clock."""
        self._seen: deque[tuple[float, int]] = deque([(0.0, 0)])

    def add(self, report: "CollectionReport") -> None:
        """Note how far it has come."""
        self._seen.append((report.seconds, report.runs))
        while len(self._seen) > 2 and self._seen[0][0] < report.seconds - _WINDOW:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Runs a second."""
        (began, before), (now, runs) = self._seen[0], self._seen[-1]
        return (runs - before) / max(now - began, 1e-3)

    def seconds_left(self, report: "CollectionReport") -> float | None:
        """Say how long the rest will take; None where nobody knows."""
        if report.expected is None or not self.rate:
            return None
        return (report.expected - report.resumed - report.runs) / self.rate


@contextmanager
def showing_collection() -> "Iterator[Progress]":
    """Show how it goes for as long as the block lasts."""
    console = progress_console()
    if console.is_terminal:
        with _bar(console) as show:
            yield noting(console, show)
    else:
        yield noting(console, _lines(console))


def noting(console: "Console", show: "Progress") -> "Progress":
    """Print first, once, what the log holds already that is not as one might think."""
    noted = False

    def note(report: "CollectionReport") -> None:
        nonlocal noted
        if not noted:
            noted = True
            print_notes(console, report)
        show(report)

    return note


@contextmanager
def _bar(console: "Console") -> "Iterator[Progress]":
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}")
    with Progress(*columns, console=console, transient=True) as moving:
        task = moving.add_task("reading the log", total=None)
        pace = Pace()

        def show(report: "CollectionReport") -> None:
            pace.add(report)
            moving.update(
                task,
                total=report.expected,
                completed=report.resumed + report.runs,
                description=describe(report, pace),
            )

        yield show


def _lines(console: "Console") -> "Progress":
    pace = Pace()
    told = time.monotonic()

    def show(report: "CollectionReport") -> None:
        nonlocal told
        pace.add(report)
        if time.monotonic() - told >= _LINE_EVERY:
            told = time.monotonic()
            console.print(describe(report, pace))

    return show


def describe(report: "CollectionReport", pace: Pace) -> str:
    """Say on one line how far a collection is."""
    done = f"{report.resumed + report.runs:,}"
    parts = [
        f"{done} of {report.expected:,} runs" if report.expected is not None else f"{done} runs",
        f"{pace.rate:,.1f} a second",
        f"{report.turns / max(report.runs, 1):.1f} turns",
        f"{report.found / max(report.runs, 1):.0%} found",
    ]
    if report.failed:
        parts.append(f"{report.failed:,} failed")
    left = pace.seconds_left(report)
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)
