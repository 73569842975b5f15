"""Prints what a comparison of retrieval systems came to, and writes its report."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import print_error, print_figures, print_json, print_report_place

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
        print_report_place(out / MARKDOWN)


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
        print_figures(setting_rows(comparison, setting), title=TITLES[setting])
    if rows := bias_rows(comparison):
        print_figures(rows, title="Language bias, in the pool of all languages")
    if len(comparison["systems"]) > 1:
        figures = (main_figure(comparison), STRONG_ALIGNMENT)
        print_figures(difference_rows(comparison, figures), title="Differences")
