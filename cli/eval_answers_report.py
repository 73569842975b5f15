"""Prints what came of an evaluation of answers."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import print_error, print_figures, print_json, print_report_place

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
        print_report_place(out / PAGE)


def print_comparison(comparison: "AnswerComparison") -> None:
    """Print the tables that people look at first."""
    from crosearch.evals.answers_numbers import spoken
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
    print_figures(language_rows(comparison), title=f"{spoken(figure)} by the asker's language")
    if comparison["differences"]:
        print_figures(difference_rows(comparison, [figure]), title="Differences")
    failed = sum(entry["failed"] for entry in comparison["entries"])
    if failed:
        print_error(f"the machine failed {failed:,} runs, which are in no figure")
