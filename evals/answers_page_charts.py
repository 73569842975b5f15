"""The charts of an answers report's page, laid out: where everything stands that is drawn.

They are SVG and tables that the page holds; each number that is drawn stands beside it as text, or
in a table of the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from crosearch.evals.answers_figures import AnswerComparison, EntryFigures
from crosearch.evals.answers_numbers import write_figure, write_interval
from crosearch.evals.answers_page_tables import label_entries, main_entries
from crosearch.evals.answers_report import main_figure
from crosearch.evals.answers_scatter import Measured, Scatter, scatter
from crosearch.evals.evidence_matrix import EvidenceMatrix
from crosearch.evals.policies_bootstrap import Estimate
from crosearch.training.page_templates import language_name

_LETTERS = 22
"""Of a label in a plot."""

SHADES = 10
"""Steps of a heat map's colour beside none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A share with its interval, in percent of a bar's whole width."""

    entry: EntryFigures
    value: str
    """Empty where there is none."""
    interval: str
    width: float
    low: float
    reach: float
    """From `low` to the interval's other end."""
    main: bool
    best: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """An asker's language: how each entry fares in it."""

    language: str
    questions: int
    bars: Sequence[Bar]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shade:
    """A cell of a heat map."""

    percent: str
    shade: int
    """0: none; to `SHADES`."""
    own: bool
    """Whether the evidence is in the asker's language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatMap:
    """The asker's language by the evidence's."""

    use: Literal["cited", "retrieved"]
    languages: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Shade], int]]
    """For each asker's language its cells, and how many pieces of evidence they are shares of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a run costs: the sum of some figures."""

    title: str
    figures: Sequence[str]
    digits: int


_TURNS = Cost(title="turns of a run", figures=("turns",), digits=2)
_SECONDS = Cost(title="seconds of a run", figures=("seconds",), digits=2)
_TOKENS = Cost(
    title="tokens of a run, read and written",
    figures=("read_tokens", "generated_tokens"),
    digits=0,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """The main figure against what it costs."""

    cost: Cost
    drawn: Scatter


def language_panels(comparison: AnswerComparison) -> list[Panel]:
    """Lay out the main figure by the asker's language; languages by their names."""
    figure, mains = main_figure(comparison), main_entries(comparison)
    entries = comparison["entries"]
    languages = {
        code for entry in entries for code, known in entry["languages"].items() if figure in known
    }
    return [
        Panel(
            language=code,
            questions=comparison["questions"].get(code, 0),
            bars=_bars(entries, code, figure, mains),
        )
        for code in sorted(languages, key=lambda code: (language_name(code), code))
    ]


def heat_maps(entry: EntryFigures) -> list[HeatMap]:
    """Lay out where an entry's evidence came from; only what there is any of."""
    return [
        _heat_map(matrix)
        for use in ("cited", "retrieved")
        if (matrix := entry["evidence"].get(use)) is not None and matrix["languages"]
    ]


def _bars(
    entries: Sequence[EntryFigures], code: str, figure: str, mains: Sequence[str]
) -> list[Bar]:
    known = [entry["languages"].get(code, {}).get(figure) for entry in entries]
    values = {one["value"] for one in known if one is not None}
    best = max(values) if len(values) > 1 else None
    return [
        _bar(entry, one, figure, main=entry["name"] in mains, best=best)
        for entry, one in zip(entries, known, strict=True)
    ]


def _bar(
    entry: EntryFigures, estimate: Estimate | None, figure: str, *, main: bool, best: float | None
) -> Bar:
    if estimate is None:
        return Bar(
            entry=entry, value="", interval="", width=0, low=0, reach=0, main=main, best=False
        )
    return Bar(
        entry=entry,
        value=write_figure(estimate["value"], figure),
        interval=write_interval(estimate, figure),
        width=round(100 * estimate["value"], 2),
        low=round(100 * estimate["low"], 2),
        reach=round(100 * (estimate["high"] - estimate["low"]), 2),
        main=main,
        best=estimate["value"] == best,
    )


def _heat_map(matrix: EvidenceMatrix) -> HeatMap:
    return HeatMap(
        use=matrix["use"],
        languages=matrix["languages"],
        rows=[
            (
                asker,
                [
                    _shade(matrix["shares"][asker][code], own=asker == code)
                    if asker in matrix["shares"]
                    else Shade(percent="", shade=0, own=asker == code)
                    for code in matrix["languages"]
                ],
                sum(matrix["counts"][asker].values()),
            )
            for asker in matrix["askers"]
        ],
    )


def _shade(share: float, *, own: bool) -> Shade:
    percent = "0" if not share else "<1" if share < 0.005 else f"{100 * share:.0f}"
    return Shade(percent=percent, shade=round(SHADES * share) or bool(share), own=own)


def cost_plots(comparison: AnswerComparison) -> list[Plot]:
    """Lay out the main figure by turns, and by tokens, or where an entry counts none, by time."""
    figure, mains = main_figure(comparison), main_entries(comparison)
    labels = label_entries(comparison, _LETTERS)
    entries = [entry for entry in comparison["entries"] if figure in entry["all"]]
    told = [set(entry["all"]) & set(_TOKENS.figures) for entry in entries]
    cost = _TOKENS if told and all(told) else _SECONDS

    def measured(entry: EntryFigures, cost: Cost) -> Measured:
        estimates = entry["all"]
        return Measured(
            label=labels[entry["name"]],
            x=sum(estimates[name]["value"] for name in cost.figures if name in estimates),
            y=estimates[figure]["value"],
            low=estimates[figure]["low"],
            high=estimates[figure]["high"],
            main=entry["name"] in mains,
        )

    plots = [
        (one, scatter([measured(e, one) for e in entries if set(one.figures) & set(e["all"])]))
        for one in (_TURNS, cost)
    ]
    return [Plot(cost=one, drawn=drawn) for one, drawn in plots if drawn is not None]
