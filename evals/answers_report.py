"""Writes what a comparison of ways to answer came to: as JSON, as markdown, and as table rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crosearch.evals.answers_figures import (
    FIGURES,
    AnswerComparison,
    EntryDifference,
    EntryFigures,
)
from crosearch.evals.answers_numbers import DIGITS, spoken, write_p
from crosearch.evals.evidence_matrix import EvidenceMatrix
from crosearch.evals.policies_bootstrap import Estimate
from crosearch.evals.report_tables import difference_cells, markdown_table, shown
from crosearch.training.training_folder import write_text

JSON, MARKDOWN, PAGE = "results.json", "report.md", "report.html"

TITLES: Mapping[str, str] = {
    "own": "The asker's language is in the index",
    "others": "The asker's language is not in the index",
    "": "All runs",
}
"""Of the parts of a report, by what the index held, in the order they are told in."""

QUALITY = (
    "cited_gold",
    "exact_match",
    "f1",
    "flexible_match",
    "c3recall_lcrl",
    "answer_language_right",
    "same_answer",
    "answered",
)
"""The figures of how good answers are, as tables show them."""

COST = (
    "searches",
    "languages_searched",
    "turns",
    "seconds",
    "read_tokens",
    "generated_tokens",
)
"""The figures of what was done for them."""

SIGNIFICANT = 0.05

Rows = list[list[str]]
"""A table: a row of names, then the others."""


def write_report(comparison: AnswerComparison, folder: Path) -> None:
    """Write both into a folder; each appears whole.

    Raises:
        OSError: The disk is full or fails.
    """
    write_text(folder / MARKDOWN, markdown_report(comparison))
    write_text(folder / JSON, json.dumps(comparison, ensure_ascii=False, indent=1) + "\n")


def parts_told(comparison: AnswerComparison) -> list[str]:
    """List the parts that there are figures of; where there is one alone, only it."""
    there = {part for entry in comparison["entries"] for part in entry["indexed"]}
    parts = [part for part in TITLES if part in there]
    return parts if len(parts) > 1 else ["" if not parts else parts[0]]


def estimates_of(entry: EntryFigures, part: str) -> Mapping[str, Estimate]:
    """Return an entry's figures in a part of the runs."""
    return entry["indexed"].get(part, {}) if part else entry["all"]


def main_figure(comparison: AnswerComparison) -> str:
    """Name the figure that reports look at first."""
    known = {name for entry in comparison["entries"] for name in entry["all"]}
    return next((name for name in ("cited_gold", "exact_match") if name in known), "answered")


def quality_rows(comparison: AnswerComparison, part: str) -> Rows:
    """Return how good the answers of each entry are; the main figure with its interval."""
    return _rows(comparison, part, QUALITY, with_interval=(main_figure(comparison),))


def cost_rows(comparison: AnswerComparison, part: str = "") -> Rows:
    """Return what each entry took."""
    return _rows(comparison, part, COST)


def language_rows(comparison: AnswerComparison) -> Rows:
    """Return the main figure by the asker's language, a row for each."""
    figure, entries = main_figure(comparison), comparison["entries"]
    languages = sorted({code for entry in entries for code in entry["languages"]})
    return [
        ["asked in", *(entry["name"] for entry in entries)],
        *(
            [code, *(shown(entry["languages"].get(code, {}).get(figure)) for entry in entries)]
            for code in languages
        ),
    ]


def difference_rows(comparison: AnswerComparison, figures: Sequence[str] = ()) -> Rows:
    """Return how far entries differ.

    Args:
        comparison: What came of it.
        figures: Those that are told; none: all.
    """
    told = parts_told(comparison)
    rows = [
        one
        for part in told
        for one in comparison["differences"]
        if one["indexed"] == part and (not figures or one["figure"] in figures)
    ]
    return [
        ["index", "figure", "of", "above", "difference", "95% interval", "p", "p (Holm)"],
        *(_difference_cells(one) for one in rows),
    ]


def matrix_rows(matrix: EvidenceMatrix) -> Rows:
    """Return the shares of evidence languages, askers down."""
    return [
        ["", *matrix["languages"]],
        *(
            [asker, *(f"{shares[code]:.2f}" for code in matrix["languages"])]
            for asker, shares in matrix["shares"].items()
        ),
    ]


def markdown_report(comparison: AnswerComparison) -> str:
    """Write a comparison for people."""
    questions = comparison["questions"]
    counts = ", ".join(f"{code} {count:,}" for code, count in questions.items())
    lines = [
        f"# Answers on {comparison['data_set']}",
        "",
        f"{sum(questions.values()):,} questions on {comparison['facts']:,} facts, in {counts}. "
        f"Intervals are of 95%, from {comparison['resamples']:,} bootstrap draws of facts; "
        "differences are paired.",
        "",
        *_failures(comparison["entries"]),
    ]
    for part in parts_told(comparison):
        lines += [f"## {TITLES[part]}", "", *markdown_table(quality_rows(comparison, part)), ""]
        lines += [*markdown_table(cost_rows(comparison, part)), ""]
    figure = main_figure(comparison)
    lines += [f"## {spoken(figure)} by the asker's language", ""]
    lines += [*markdown_table(language_rows(comparison)), ""]
    if comparison["differences"]:
        lines += ["## Differences", "", *markdown_table(difference_rows(comparison)), ""]
    lines += ["## Where the evidence that is cited comes from", ""]
    for entry in comparison["entries"]:
        if entry["evidence"]["cited"]["shares"]:
            lines += [f"{entry['name']}, askers down, evidence across:", ""]
            lines += [*markdown_table(matrix_rows(entry["evidence"]["cited"])), ""]
    lines += ["## Figures", "", *(f"- *{name}*: {what}" for name, what in _told(comparison)), ""]
    return "\n".join(lines)


def _told(comparison: AnswerComparison) -> Iterable[tuple[str, str]]:
    known = {name for entry in comparison["entries"] for name in entry["all"]}
    return (
        (spoken(name), what)
        for name, what in FIGURES.items()
        if name in known and name in (*QUALITY, *COST)
    )


def _rows(
    comparison: AnswerComparison,
    part: str,
    figures: Sequence[str],
    *,
    with_interval: Sequence[str] = (),
) -> Rows:
    found = [estimates_of(entry, part) for entry in comparison["entries"]]
    names = [name for name in figures if any(name in estimates for estimates in found)]
    return [
        ["strategy", *map(spoken, names)],
        *(
            [
                entry["name"],
                *(
                    shown(
                        estimates.get(name),
                        digits=DIGITS.get(name, 3),
                        with_interval=name in with_interval,
                    )
                    for name in names
                ),
            ]
            for entry, estimates in zip(comparison["entries"], found, strict=True)
        ),
    ]


def _difference_cells(one: EntryDifference) -> list[str]:
    return [
        one["indexed"] or "all",
        spoken(one["figure"]),
        one["one"],
        one["other"],
        *difference_cells(one["difference"]),
        write_p(one["p"]),
        write_p(one["p_holm"]) + (" *" if one["p_holm"] < SIGNIFICANT else ""),
    ]


def _failures(entries: Sequence[EntryFigures]) -> list[str]:
    failed = [f"{entry['name']} {entry['failed']:,}" for entry in entries if entry["failed"]]
    return (
        [f"Runs that the machine failed, in no figure: {', '.join(failed)}.", ""] if failed else []
    )
