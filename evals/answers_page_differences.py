"""The differences between entries, laid out for an answers report's page."""

from collections import defaultdict
from dataclasses import dataclass

from crosearch.evals.answers_figures import AnswerComparison, EntryDifference
from crosearch.evals.answers_numbers import write_difference, write_difference_interval, write_p
from crosearch.evals.answers_report import SIGNIFICANT, parts_told


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A difference with its interval; 50 is none, in percent of the drawing's width."""

    one: str
    other: str
    value: str
    interval: str
    p: str
    p_holm: str
    significant: bool
    at: float
    low: float
    reach: float
    """From `low` to the interval's other end."""


def difference_groups(
    comparison: AnswerComparison,
) -> list[tuple[str, list[tuple[str, list[Span]]]]]:
    """Lay out the differences, by what the index held, and then by figure.

    All differences of a figure are drawn to one scale.
    """
    rows = comparison["differences"]
    scales: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        widest = max(abs(row["difference"][end]) for end in ("low", "high"))
        scales[row["figure"]] = max(scales[row["figure"]], widest)
    groups: list[tuple[str, list[tuple[str, list[Span]]]]] = []
    for part in parts_told(comparison):
        by_figure: defaultdict[str, list[Span]] = defaultdict(list)
        for row in rows:
            if row["indexed"] == part:
                by_figure[row["figure"]].append(_span(row, scales[row["figure"]] or 1.0))
        if by_figure:
            groups.append((part, list(by_figure.items())))
    return groups


def _span(row: EntryDifference, scale: float) -> Span:
    def at(value: float) -> float:
        return round(50 + 48 * value / scale, 2)

    told = row["difference"]
    return Span(
        one=row["one"],
        other=row["other"],
        value=write_difference(told["value"], row["figure"]),
        interval=write_difference_interval(told, row["figure"]),
        p=write_p(row["p"]),
        p_holm=write_p(row["p_holm"]),
        significant=row["p_holm"] < SIGNIFICANT,
        at=at(told["value"]),
        low=at(told["low"]),
        reach=round(at(told["high"]) - at(told["low"]), 2),
    )
