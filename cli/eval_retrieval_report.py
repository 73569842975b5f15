"""Prints what a comparison of retrieval systems came to, and writes its report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import one_line, print_error, print_json, result_console

if TYPE_CHECKING:
    from crosearch.evals.retrieval_figures import RetrievalComparison


def report_retrieval(comparison: "RetrievalComparison", out: Path | None, *, as_json: bool) -> None:
    """Write the report into the folder, if there is one, and print its tables, or all as JSON."""
    from crosearch.evals.retrieval_report import MARKDOWN, write_report

    if comparison["left_out"]:
        print_error(
            f"{comparison['left_out']:,} questions are left out: no document of the data set "
            "answers them"
        )
    if out is not None:
        write_report(comparison, out)
    if as_json:
        print_json(comparison)
        return
    _print_tables(comparison)
    if out is not None:
        report = one_line(str(out / MARKDOWN))
        result_console().print(f"report: {report}", style="dim", soft_wrap=True)


def _print_tables(comparison: "RetrievalComparison") -> None:
    from crosearch.evals.retrieval_bias import STRONG_ALIGNMENT
    from crosearch.evals.retrieval_report import (
        TITLES,
        bias_rows,
        difference_rows,
        main_figure,
        setting_rows,
        settings_told,
    )

    for setting in settings_told(comparison):
        _print_table(TITLES[setting], setting_rows(comparison, setting))
    if rows := bias_rows(comparison):
        _print_table("Language bias, in the pool of all languages", rows)
    if len(comparison["systems"]) > 1:
        figures = (main_figure(comparison), STRONG_ALIGNMENT)
        _print_table("Differences", difference_rows(comparison, figures))


def _print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(rows[0]):
        table.add_column(one_line(name), justify="right" if place else "left")
    for row in rows[1:]:
        table.add_row(*(one_line(cell) for cell in row))
    console = result_console()
    console.print(title, style="bold")
    console.print(table)
    console.print()
