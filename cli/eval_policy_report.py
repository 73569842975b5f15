"""Shows how far the runs of a comparison are, and prints what came of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import (
    one_line,
    print_error,
    print_figures,
    print_json,
    print_report_place,
    progress_console,
)

if TYPE_CHECKING:
    from crosearch.evals.policies import PolicyComparison
    from crosearch.evals.policies_arms import PolicyEntry
    from crosearch.evals.policies_runs import EntryProgress

_LINE_EVERY = 10.0


@contextmanager
def showing_runs() -> "Iterator[EntryProgress]":
    """Show how far the runs are for as long as the block lasts: a bar in a terminal, else lines."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = progress_console()
    told = 0.0

    def show_line(entry: "PolicyEntry", done: int, expected: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _LINE_EVERY or done == expected:
            told = time.monotonic()
            console.print(f"{one_line(entry.title)}: {done:,} of {expected:,} runs")

    if not console.is_terminal:
        yield show_line
        return
    columns = SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn()
    with Progress(
        *columns, TextColumn("{task.description}"), console=console, transient=True
    ) as moving:
        task = moving.add_task("", total=None)

        def show(entry: "PolicyEntry", done: int, expected: int) -> None:
            moving.update(task, total=expected, completed=done, description=one_line(entry.title))

        yield show


def report_comparison(comparison: "PolicyComparison", out: Path, *, as_json: bool) -> None:
    """Write the report into the folder, and print its tables, or all of it as JSON."""
    from crosearch.evals.policies_report import (
        MARKDOWN,
        answer_rows,
        difference_rows,
        language_rows,
        policy_rows,
        search_rows,
        write_report,
    )

    write_report(comparison, out)
    if as_json:
        print_json(comparison)
        return
    print_figures(answer_rows(comparison))
    print_figures(search_rows(comparison))
    print_figures(language_rows(comparison))
    single = policy_rows(comparison)
    if len(single) > 1:
        print_figures(single)
    told = [row for row in difference_rows(comparison) if row[0] in ("figure", "exact match")]
    if len(told) > 1:
        print_figures(told)
    failed = sum(figures["failed"] for figures in comparison["policies"])
    if failed:
        print_error(f"the machine failed {failed:,} runs, which are in no figure")
    print_report_place(out / MARKDOWN)
