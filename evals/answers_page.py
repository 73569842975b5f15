"""Writes what a comparison of ways to answer came to as one page that needs nothing beside it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from crosearch.evals.answer_rows import AnswerRow
from crosearch.evals.answers_examples import choose_examples
from crosearch.evals.answers_figures import FIGURES, AnswerComparison
from crosearch.evals.answers_numbers import spoken
from crosearch.evals.answers_page_charts import (
    cost_plots,
    heat_maps,
    language_panels,
)
from crosearch.evals.answers_page_differences import difference_groups
from crosearch.evals.answers_page_tables import (
    cost_table,
    figure_rows,
    findings,
    headline_tables,
    label_entries,
    main_entries,
    rivals_of,
)
from crosearch.evals.answers_page_traces import ReadRun, lay_out
from crosearch.evals.answers_report import TITLES, main_figure
from crosearch.evals.answers_scatter import FRAME
from crosearch.training.page_templates import language_name, style_policy, template_environment
from crosearch.training.training_folder import write_text
from crosearch.training.viewer_pages import DATA as VIEWER

DATA = Path(__file__).parent / "data" / "report"
"""The templates of the page, and its style beside the viewer's."""

_LETTERS = 48
"""Of an entry's name in a table."""

Golds = Mapping[tuple[str, str], Sequence[str]]
"""Gold answers by language and question id."""


def write_page(
    path: Path,
    comparison: AnswerComparison,
    rows: Iterable[AnswerRow],
    *,
    golds: Golds,
    read_run: ReadRun,
    manifest: Mapping[str, object],
) -> None:
    """Write the page; it appears whole.

    Args:
        path: The file; what was there is replaced.
        comparison: What came of it.
        rows: What it came of: the scored runs.
        golds: Gold answers by language and question id; of the examples, those are shown.
        read_run: Reads a run by its key, for the examples; what it raises is passed on.
        manifest: What the report was made of; plain JSON.

    Raises:
        OSError: The disk is full or fails.
    """
    page = make_page(comparison, rows, golds=golds, read_run=read_run, manifest=manifest)
    write_text(path, page)


def make_page(
    comparison: AnswerComparison,
    rows: Iterable[AnswerRow],
    *,
    golds: Golds,
    read_run: ReadRun,
    manifest: Mapping[str, object],
) -> str:
    """Make the page; as `write_page` does."""
    figure = main_figure(comparison)
    mains = main_entries(comparison)
    main = next(iter(mains[-1:]), "")
    examples = choose_examples(rows, main, rivals_of(comparison, main), figure, golds=golds)
    style = "\n".join(
        (folder / name).read_text(encoding="utf-8")
        for folder, name in ((VIEWER, "viewer.css"), (DATA, "report.css"))
    )
    return (
        _environment()
        .get_template("report.html")
        .render(
            served=False,
            notice="",
            log="",
            policy=style_policy(style),
            style=Markup(style),
            comparison=comparison,
            parts=TITLES,
            figure=figure,
            meanings=FIGURES,
            mains=mains,
            main=main,
            labels=label_entries(comparison, _LETTERS),
            policies=len({entry["policy"] for entry in comparison["entries"]}),
            findings=findings(comparison),
            headlines=headline_tables(comparison),
            panels=language_panels(comparison),
            heat=[(entry, heat_maps(entry)) for entry in comparison["entries"]],
            plots=cost_plots(comparison),
            frame=FRAME,
            costs=cost_table(comparison),
            differences=difference_groups(comparison),
            wins=[lay_out(example, read_run, won=True) for example in examples.wins],
            losses=[lay_out(example, read_run, won=False) for example in examples.losses],
            figures=figure_rows(comparison),
            manifest=manifest,
        )
    )


@cache
def _environment() -> Environment:
    environment = template_environment(DATA, VIEWER)
    environment.filters.update(spoken=spoken, json=_json, counted=_counted, by_name=_by_name)
    return environment


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _counted(number: float, noun: str, nouns: str = "") -> str:
    return f"{number:,.0f} {noun if number == 1 else nouns or noun + 's'}"


def _by_name(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (language_name(item[0]), item[0]))
