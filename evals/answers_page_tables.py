"""The tables of an answers report's page, laid out: what stands in each cell, and how it is marked.

Templates print what they are given.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from crosearch.evals.answers_figures import (
    FIGURES,
    AnswerComparison,
    EntryDifference,
    EntryFigures,
)
from crosearch.evals.answers_numbers import (
    write_difference,
    write_difference_interval,
    write_figure,
    write_interval,
    write_p,
)
from crosearch.evals.answers_report import (
    COST,
    QUALITY,
    SIGNIFICANT,
    estimates_of,
    main_figure,
    parts_told,
)
from crosearch.evals.policies_bootstrap import Estimate
from crosearch.graphs.baselines import CROSEARCH

_LOWER_IS_BETTER = frozenset({"answer_language_wrong", "wrong_abstentions"})

Mark = Literal["better", "worse", ""]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A figure of an entry, as it is written."""

    value: str
    """Empty where there is none."""
    interval: str = ""
    best: bool = False
    mark: Mark = ""
    """Whether it is significantly better than the main entry's, or worse."""
    told: str = ""
    """What a mark rests on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureTable:
    """Entries by figures."""

    part: str
    """A name of `TITLES`."""
    figures: Sequence[str]
    rows: Sequence[tuple[EntryFigures, Sequence[Cell]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """How the main entry stands in the main figure."""

    part: str
    value: str
    interval: str
    rival: str
    """The best of those that it is compared with."""
    rival_value: str
    difference: str
    difference_interval: str
    p: str
    verdict: str
    """What may be said of the difference."""


def main_entries(comparison: AnswerComparison) -> list[str]:
    """Name the entries that are compared with others, the one that the page is about last."""
    if compared := dict.fromkeys(row["one"] for row in comparison["differences"]):
        return list(compared)
    entries = comparison["entries"]
    own = [entry["name"] for entry in entries if entry["strategy"] == CROSEARCH]
    return (own or [entry["name"] for entry in entries])[-1:]


def rivals_of(comparison: AnswerComparison, name: str) -> list[str]:
    """Name the entries that one is compared with."""
    rows = comparison["differences"]
    return list(dict.fromkeys(row["other"] for row in rows if row["one"] == name))


def label_entries(comparison: AnswerComparison, most: int) -> dict[str, str]:
    """Give each entry's name a form of about so many letters at most, no two of them the same."""
    shortened = {entry["name"]: shorten(entry["name"], most) for entry in comparison["entries"]}
    alike = Counter(shortened.values())
    return {
        name: label if alike[label] == 1 else f"{label} ({place})"
        for place, (name, label) in enumerate(shortened.items(), 1)
    }


def shorten(name: str, most: int) -> str:
    """Leave out the middle of a name that is too long."""
    end = most // 3
    return name if len(name) <= most else f"{name[: most - end - 1]}…{name[-end:]}"


def headline_tables(comparison: AnswerComparison) -> list[FigureTable]:
    """Lay out the figures of how good answers are, apart for what the index held."""
    return [_figure_table(comparison, part, QUALITY) for part in parts_told(comparison)]


def cost_table(comparison: AnswerComparison) -> FigureTable:
    """Lay out what runs took."""
    again = ("second_search_after_hit", "second_search_after_miss")
    return _figure_table(comparison, "", (*COST, *again))


def figure_rows(comparison: AnswerComparison) -> list[tuple[str, str, list[Cell]]]:
    """Lay out every figure that there is: its name, what it is, and each entry's."""
    table = _figure_table(comparison, "", tuple(FIGURES))
    return [
        (name, FIGURES[name], [cells[place] for _, cells in table.rows])
        for place, name in enumerate(table.figures)
    ]


def findings(comparison: AnswerComparison) -> list[Finding]:
    """Say how the main entry stands against the best of those that it is compared with."""
    figure, name = main_figure(comparison), next(iter(main_entries(comparison)[-1:]), "")
    entries = {entry["name"]: entry for entry in comparison["entries"]}
    told: list[Finding] = []
    for part in parts_told(comparison):
        rivals = {
            row["other"]: row
            for row in comparison["differences"]
            if (row["one"], row["indexed"], row["figure"]) == (name, part, figure)
        }
        if rivals:
            own = estimates_of(entries[name], part)[figure]
            values = {rival: estimates_of(entries[rival], part)[figure] for rival in rivals}
            best = max(values, key=lambda rival: values[rival]["value"])
            row = rivals[best]
            told.append(
                Finding(
                    part=part,
                    value=write_figure(own["value"], figure),
                    interval=write_interval(own, figure),
                    rival=best,
                    rival_value=write_figure(values[best]["value"], figure),
                    difference=write_difference(row["difference"]["value"], figure),
                    difference_interval=write_difference_interval(row["difference"], figure),
                    p=write_p(row["p_holm"]),
                    verdict=_verdict(row),
                )
            )
    return told


def _verdict(row: EntryDifference) -> str:
    if row["p_holm"] >= SIGNIFICANT:
        return "no significant difference"
    return f"significantly {'better' if row['difference']['value'] > 0 else 'worse'}"


def _figure_table(comparison: AnswerComparison, part: str, wanted: Sequence[str]) -> FigureTable:
    entries = comparison["entries"]
    known = {name for entry in entries for name in estimates_of(entry, part)}
    figures = [name for name in wanted if name in known]
    best = {name: _best(entries, part, name) for name in figures}
    marks = _marks(comparison, part)
    return FigureTable(
        part=part,
        figures=figures,
        rows=[
            (
                entry,
                [
                    _cell(estimates_of(entry, part).get(name), name, best[name])
                    if (row := marks.get((entry["name"], name))) is None
                    else _marked(estimates_of(entry, part)[name], name, best[name], row)
                    for name in figures
                ],
            )
            for entry in entries
        ],
    )


def _best(entries: Sequence[EntryFigures], part: str, figure: str) -> float | None:
    """Return the best value of a figure; None where nobody is better than anybody."""
    values = [e[figure]["value"] for entry in entries if figure in (e := estimates_of(entry, part))]
    if figure in COST or figure.startswith("second_search") or len(set(values)) < 2:
        return None
    return min(values) if figure in _LOWER_IS_BETTER else max(values)


def _cell(estimate: Estimate | None, figure: str, best: float | None) -> Cell:
    if estimate is None:
        return Cell(value="")
    return Cell(
        value=write_figure(estimate["value"], figure),
        interval=write_interval(estimate, figure),
        best=estimate["value"] == best,
    )


def _marked(estimate: Estimate, figure: str, best: float | None, row: EntryDifference) -> Cell:
    above = row["difference"]["value"] > 0
    worse = above != (figure in _LOWER_IS_BETTER)
    return replace(
        _cell(estimate, figure, best),
        mark="worse" if worse else "better",
        told=f"significantly {'worse' if worse else 'better'} than {row['one']}: "
        f"{write_difference(-row['difference']['value'], figure)}, p {write_p(row['p_holm'])}",
    )


def _marks(comparison: AnswerComparison, part: str) -> dict[tuple[str, str], EntryDifference]:
    """Find what is significant, by the entry that a main one is compared with, and by figure.

    Where several main entries are compared with one, the one of its own policy counts, or the last.
    """
    policies = {entry["name"]: entry["policy"] for entry in comparison["entries"]}
    counted: dict[tuple[str, str], EntryDifference] = {}
    for row in comparison["differences"]:
        if row["indexed"] != part or row["figure"] in COST:
            continue
        key = row["other"], row["figure"]
        own = policies[row["one"]] == policies[row["other"]]
        if own or key not in counted or policies[counted[key]["one"]] != policies[row["other"]]:
            counted[key] = row
    return {key: row for key, row in counted.items() if row["p_holm"] < SIGNIFICANT}
