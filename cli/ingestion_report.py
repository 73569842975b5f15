"""Shows how an ingestion goes, and what it came to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crosearch.cli.output import language_name, one_line, progress_console, result_console

if TYPE_CHECKING:
    from rich.console import Console

    from crosearch.tools.ingestion import IngestionProgress, IngestionReport

_SKIPS_SHOWN = 20


@contextmanager
def showing_progress() -> "Iterator[Callable[[IngestionProgress], None]]":
    """Show a line that moves, in a terminal, for as long as the block lasts."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = progress_console()
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    start = time.monotonic()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as moving:
        task = moving.add_task("opening the store", total=None)

        def show(progress: "IngestionProgress") -> None:
            rate = progress.passages / max(time.monotonic() - start, 1e-3)
            skipped = f", {progress.skipped:,} skipped" if progress.skipped else ""
            moving.update(
                task,
                description=f"{progress.documents:,} documents, {progress.passages:,} new passages "
                f"({rate:,.0f} a second){skipped}",
            )

        yield show


def print_report(report: "IngestionReport") -> None:
    """Print what the corpus holds now, what the run changed, and what it could not read."""
    console = result_console()
    _print_languages(console, report)
    console.print(
        f"{report.documents:,} documents read in {report.seconds:.1f} s: {report.added:,} added, "
        f"{report.changed:,} changed, {report.unchanged:,} unchanged; {report.removed:,} removed",
        soft_wrap=True,
    )
    if report.prune_held_back:
        console.print(
            "Nothing was pruned, since something could not be read: its documents may still exist.",
            style="yellow",
            soft_wrap=True,
        )
    print_skipped(console, report)


def _print_languages(console: "Console", report: "IngestionReport") -> None:
    from rich import box
    from rich.table import Table

    counts = report.languages
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=len(counts) > 1)
    table.add_column("language", footer="all")
    for heading, numbers in (
        ("documents", [count.documents for count in counts.values()]),
        ("passages", [count.passages for count in counts.values()]),
        ("sentences", [count.sentences for count in counts.values()]),
    ):
        table.add_column(heading, justify="right", footer=f"{sum(numbers):,}")
    for code, count in counts.items():
        name = f"{code} {language_name(code)}"
        table.add_row(name, f"{count.documents:,}", f"{count.passages:,}", f"{count.sentences:,}")
    if counts:
        console.print(table)


def print_skipped(console: "Console", report: "IngestionReport") -> None:
    """Print what could not be read, and why; nothing where all could."""
    if not report.skipped_count:
        return
    from rich.padding import Padding

    shown = report.skipped[:_SKIPS_SHOWN]
    lines = [one_line(f"{skipped.source}: {skipped.reason}") for skipped in shown]
    if report.skipped_count > len(shown):
        lines.append(f"and {report.skipped_count - len(shown):,} more")
    console.print(f"\n{report.skipped_count:,} skipped:", style="yellow")
    for line in lines:
        console.print(Padding(line, (0, 0, 0, 2), style="yellow", expand=False))
