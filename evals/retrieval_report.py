"""Writes what a comparison of retrieval systems came to: as JSON, as markdown, and as table rows.

`en-de` is asked in English of documents in German.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from crosearch.evals.policies_bootstrap import Estimate
from crosearch.evals.report_tables import difference_cells, markdown_table, shown
from crosearch.evals.retrieval_bias import (
    OWN_RELEVANT,
    PARALLEL_FOUND,
    RANK_DISTANCE,
    STRONG_ALIGNMENT,
    own_excess,
    own_share,
)
from crosearch.evals.retrieval_figures import RetrievalComparison, SystemFigures
from crosearch.evals.retrieval_measures import list_measures
from crosearch.training.training_folder import write_text

JSON, MARKDOWN = "results.json", "report.md"

TITLES = {
    "mono": "Questions and documents in one language",
    "cross": "Questions in one language, documents in another",
    "pool": "Documents of all languages in one pool",
    "others": "Documents of all other languages in one pool",
}
"""Of the settings, in the order they are told in."""

Rows = list[list[str]]
"""A table: a row of names, then the others."""


def write_report(comparison: RetrievalComparison, folder: Path) -> None:
    """Write both into a folder; each appears whole.

    Raises:
        OSError: The disk is full or fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / MARKDOWN, markdown_report(comparison))
    write_text(folder / JSON, json.dumps(comparison, ensure_ascii=False, indent=1) + "\n")


def settings_told(comparison: RetrievalComparison) -> list[str]:
    """List the settings that there are figures of."""
    asked = comparison["systems"][0]["settings"]
    return [setting for setting in TITLES if setting in asked]


def setting_rows(comparison: RetrievalComparison, setting: str) -> Rows:
    """Return how good the rankings of a setting are, a row for each system."""
    measures = list_measures(comparison["ks"])
    return [["system", *measures], *_rows(comparison, setting, measures)]


def bias_rows(comparison: RetrievalComparison) -> Rows:
    """Return how partial the rankings of the pool are, a row for each system; none without it."""
    if "pool" not in settings_told(comparison):
        return []
    k = comparison["ks"][0]
    told = [own_share(k), OWN_RELEVANT, own_excess(k), RANK_DISTANCE, PARALLEL_FOUND]
    figures = [*told, STRONG_ALIGNMENT]
    return [["system", *figures], *_rows(comparison, "pool", figures)]


def difference_rows(comparison: RetrievalComparison, figures: Sequence[str] = ()) -> Rows:
    """Return how far systems differ.

    Args:
        comparison: What came of it.
        figures: Those that are told; none: all.
    """
    return [
        ["setting", "figure", "of", "above", "difference", "95% interval"],
        *(
            [
                one["setting"],
                one["figure"],
                one["one"],
                one["other"],
                *difference_cells(one["difference"]),
            ]
            for one in comparison["differences"]
            if not figures or one["figure"] in figures
        ),
    ]


def main_figure(comparison: RetrievalComparison) -> str:
    """Name the measure that tables of languages show."""
    return list_measures(comparison["ks"])[0]


def language_rows(comparison: RetrievalComparison, setting: str) -> Rows:
    """Return the main figure by the asker's language, a row for each; of all settings but `cross`.

    Pools are named by the language first.
    """
    systems, figure = comparison["systems"], main_figure(comparison)
    pools = list(systems[0]["settings"][setting]["pools"])
    return [
        ["asked in", *(system["name"] for system in systems)],
        *(
            [
                pool.partition("-")[0],
                *(_of_pool(system, setting, pool, figure) for system in systems),
            ]
            for pool in pools
        ),
    ]


def pair_rows(system: SystemFigures, figure: str) -> Rows:
    """Return a system's figure for each pair of languages: askers down, documents across.

    The diagonal is `mono`, where that was asked.
    """
    told = [setting for setting in ("mono", "cross") if setting in system["settings"]]
    cells = {
        pool: _of_pool(system, setting, pool, figure)
        for setting in told
        for pool in system["settings"][setting]["pools"]
    }
    asked, searched = (sorted({pool.split("-")[side] for pool in cells}) for side in (0, 1))
    return [
        ["", *searched],
        *([one, *(cells.get(f"{one}-{other}", "-") for other in searched)] for one in asked),
    ]


def markdown_report(comparison: RetrievalComparison) -> str:
    """Write a comparison for people."""
    questions, documents = comparison["questions"], comparison["documents"]
    lines = [
        f"# Retrieval on {comparison['data_set']}",
        "",
        f"{sum(questions.values()):,} questions on {comparison['facts']:,} facts, in "
        f"{_counts(questions)}; {sum(documents.values()):,} documents, in {_counts(documents)}. "
        f"{comparison['left_out']:,} questions are left out, since no document answers them. A "
        f"ranking keeps {comparison['depth']:,} documents. Means give each language, or pair of "
        f"languages, the same weight; intervals are of 95%, from {comparison['resamples']:,} "
        "bootstrap draws of facts; differences are paired.",
        "",
    ]
    for setting in settings_told(comparison):
        lines += [
            f"## {TITLES[setting]}",
            "",
            *markdown_table(setting_rows(comparison, setting)),
            "",
        ]
        if setting == "cross":
            lines += _pair_tables(comparison)
        else:
            figure = main_figure(comparison)
            lines += [f"{figure} by the asker's language:", ""]
            lines += [*markdown_table(language_rows(comparison, setting)), ""]
    if rows := bias_rows(comparison):
        lines += [
            "## Language bias, in the pool of all languages",
            "",
            *markdown_table(rows),
            "",
            *_LEGEND,
        ]
    if len(comparison["systems"]) > 1:
        lines += ["## Differences", "", *markdown_table(difference_rows(comparison)), ""]
    return "\n".join(lines)


_LEGEND = (
    "*own@k*: share of the asker's language among the first k; *excess*: how far that is above its "
    "share among the relevant documents. *Rank distance*: places between the first and the last of "
    "the relevant documents that say the same in several languages (arXiv 2408.10536), one beyond "
    "the end of the ranking standing right behind it; *parallel found*: the share of them that is "
    "in the ranking. *Strong alignment*: questions whose relevant documents, of all languages, "
    "stand above all others (arXiv 2004.05484, whose own measure is AP in the pool).",
    "",
)


def _pair_tables(comparison: RetrievalComparison) -> Iterator[str]:
    figure = main_figure(comparison)
    for system in comparison["systems"]:
        yield f"{figure} of {system['name']}, askers down, documents across:"
        yield ""
        yield from markdown_table(pair_rows(system, figure))
        yield ""


def _rows(
    comparison: RetrievalComparison, setting: str, figures: Sequence[str]
) -> Iterator[list[str]]:
    for system in comparison["systems"]:
        mean = system["settings"][setting]["mean"]
        yield [system["name"], *(_with_interval(figure, mean.get(figure)) for figure in figures)]


def _with_interval(figure: str, estimate: Estimate | None) -> str:
    return shown(estimate, digits=1 if figure == RANK_DISTANCE else 3, with_interval=True)


def _of_pool(system: SystemFigures, setting: str, pool: str, figure: str) -> str:
    return shown(system["settings"][setting]["pools"][pool].get(figure))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{language} {count:,}" for language, count in counts.items())
