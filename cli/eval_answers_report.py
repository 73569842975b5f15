"""Prints what came of an evaluation of answers."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import one_line, print_error, print_figures, print_json, result_console

if TYPE_CHECKING:
    from crosearch.evals.answers_evaluation import AnswerEvaluation
    from crosearch.evals.answers_figures import AnswerComparison


def print_evaluation(evaluation: "AnswerEvaluation", out: Path | None, *, as_json: bool) -> None:
    """Print the tables of an evaluation, or all figures as JSON; `out` is where its report lies."""
    from crosearch.evals.answers_report import PAGE

    if as_json:
        print_json(evaluation.comparison)
        return
    print_comparison(evaluation.comparison)
    if out is not None:
        report = one_line(str(out / PAGE))
        result_console().print(f"report: {report}", style="dim", soft_wrap=True)


def print_comparison(comparison: "AnswerComparison") -> None:
    """Print the tables that people look at first."""
    from crosearch.evals.answers_report import (
        TITLES,
        cost_rows,
        difference_rows,
        language_rows,
        main_figure,
        parts_told,
        quality_rows,
    )

    figure = main_figure(comparison)
    for part in parts_told(comparison):
        print_figures(quality_rows(comparison, part), title=TITLES[part])
    print_figures(cost_rows(comparison), title="What it took")
    print_figures(
        language_rows(comparison), title=f"{figure.replace('_', ' ')} by the asker's language"
    )
    if comparison["differences"]:
        print_figures(difference_rows(comparison, [figure]), title="Differences")
    failed = sum(entry["failed"] for entry in comparison["entries"])
    if failed:
        print_error(f"the machine failed {failed:,} runs, which are in no figure")
