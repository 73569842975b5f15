"""`crosearch eval compare`: one report beside another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import one_line, print_figures, print_json, result_console

if TYPE_CHECKING:
    from crosearch.evals.answers_reports import ReportComparison

EXAMPLES = examples(
    "crosearch eval compare report-before report-after",
    "crosearch eval compare report-before report-after --json",
)


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="BEFORE", help="A folder of crosearch eval answers.")
    ],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another one.")],
    as_json: AsJson = False,
) -> None:
    """Compare two reports on the same questions: what changed, and by how much.

    Their data set, questions, documents, index and measures have to be the same. What else differs,
    versions and settings, is told. Intervals are of 95%; differences are paired.
    """
    from crosearch.evals.answers_reports import compare_reports

    found = compare_reports(before, after)
    if as_json:
        print_json(
            {**found.comparison, "differing": list(found.differing), "only": dict(found.only)}
        )
    else:
        _print(found)


def _print(found: "ReportComparison") -> None:
    from crosearch.evals.answers_report import TITLES, difference_rows, parts_told, quality_rows

    for part in parts_told(found.comparison):
        print_figures(quality_rows(found.comparison, part), title=TITLES[part])
    print_figures(difference_rows(found.comparison), title="Differences")
    console = result_console()
    for when, names in found.only.items():
        if names:
            console.print(one_line(f"only {when}: {', '.join(names)}"))
    for line in found.differing or ["The reports were made of the same."]:
        console.print(one_line(line), style="dim", soft_wrap=True)
