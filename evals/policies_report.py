"""Writes what a comparison of policies came to: as JSON, as markdown, and as a small plot."""

import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from crosearch.evals.policies import PolicyComparison, PolicyFigures
from crosearch.evals.policies_bootstrap import Estimate
from crosearch.evals.policies_questions import KINDS
from crosearch.evals.report_tables import difference_cells, markdown_table, shown
from crosearch.training.training_folder import write_text

JSON, MARKDOWN, PLOT = "comparison.json", "comparison.md", "comparison.png"

ANSWERS = (
    "policy",
    "exact match",
    "flexible",
    "own language",
    "other languages",
    "same answer",
    "right in all",
)
"""The columns of the table of how good the answers are."""

SEARCHES = (
    "policy",
    "declines rightly",
    "wrongly",
    "searches",
    "languages",
    "tokens",
    "again after a miss",
    "after a hit",
)
"""The columns of the table of what was done for them."""

_BARS = (
    ("exact_match", "exact match"),
    ("own_language", "where told in the\nasker's language"),
    ("other_language", "where told in\nother languages only"),
    ("same_answer", "same answer\nover languages"),
)


def write_report(comparison: PolicyComparison, folder: Path) -> None:
    """Write all three into a folder; each appears whole. Without matplotlib there is no plot.

    Raises:
        OSError: The disk is full or fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with_plot = find_spec("matplotlib") is not None
    if with_plot:
        draw_plot(comparison, folder / PLOT)
    write_text(folder / MARKDOWN, markdown_report(comparison, plot=PLOT if with_plot else ""))
    write_text(folder / JSON, json.dumps(comparison, ensure_ascii=False, indent=1) + "\n")


def answer_rows(comparison: PolicyComparison) -> list[Sequence[str]]:
    """Return how good each policy's answers are, after a row of names."""
    return [
        ANSWERS,
        *(
            [
                figures["name"],
                shown(figures["exact_match"], with_interval=True),
                shown(figures["flexible_match"]),
                shown(figures["own_language"]),
                shown(figures["other_language"]),
                shown(figures["consistency"]["same_answer"]),
                shown(figures["consistency"]["right_in_all"]),
            ]
            for figures in comparison["policies"]
        ),
    ]


def search_rows(comparison: PolicyComparison) -> list[Sequence[str]]:
    """Return what each policy does, after a row of names."""
    return [SEARCHES, *(_search_row(figures) for figures in comparison["policies"])]


def _search_row(figures: PolicyFigures) -> list[str]:
    tokens = figures["tokens"]["generated"]
    return [
        figures["name"],
        shown(figures["abstentions"]["right"]),
        shown(figures["abstentions"]["wrong"]),
        shown(figures["searches"], digits=2),
        shown(figures["languages_searched"], digits=2),
        "-" if tokens is None else f"{tokens:.0f}",
        shown(figures["second_search"]["after_miss"]),
        shown(figures["second_search"]["after_hit"]),
    ]


def language_rows(comparison: PolicyComparison) -> list[list[str]]:
    """Return exact match by the asker's language, a row for each, after a row of names."""
    policies = comparison["policies"]
    languages = sorted({code for figures in policies for code in figures["by_language"]})
    return [
        ["asked in", *(figures["name"] for figures in policies)],
        *(
            [code, *(shown(figures["by_language"].get(code)) for figures in policies)]
            for code in languages
        ),
    ]


def kind_rows(comparison: PolicyComparison) -> list[list[str]]:
    """Return exact match by where the answer is told, after a row of names."""
    policies = comparison["policies"]
    kinds = [kind for kind in KINDS if any(kind in one["by_kind"] for one in policies)]
    return [
        ["told", *(figures["name"] for figures in policies)],
        *(
            [kind, *(shown(figures["by_kind"].get(kind)) for figures in policies)]
            for kind in kinds
            if kind != "nowhere"
        ),
    ]


def policy_rows(comparison: PolicyComparison) -> list[Sequence[str]]:
    """Return exact match of each policy that shares its title, after a row of names."""
    return [
        ["policy", "of them", "exact match"],
        *(
            [figures["name"], policy, shown(estimate, with_interval=True)]
            for figures in comparison["policies"]
            if len(figures["by_policy"]) > 1
            for policy, estimate in figures["by_policy"].items()
        ),
    ]


def difference_rows(comparison: PolicyComparison) -> list[list[str]]:
    """Return the differences between policies, after a row of names."""
    return [
        ["figure", "of", "above", "difference", "95% interval"],
        *(
            [
                one["figure"].replace("_", " "),
                one["one"],
                one["other"],
                *difference_cells(one["difference"]),
            ]
            for one in comparison["differences"]
        ),
    ]


def markdown_report(comparison: PolicyComparison, *, plot: str = "") -> str:
    """Write a comparison for people, with a plot where there is one."""
    asked = comparison["questions"]
    lines = [
        "# Policies compared",
        "",
        f"{asked['questions']} questions on {asked['facts']} facts, corpus "
        f"`{comparison['corpus']}`. Intervals are of 95%, from {comparison['resamples']:,} "
        "bootstrap draws of facts; differences are paired.",
        "",
        *markdown_table(answer_rows(comparison)),
        "",
        "Exact match is over the questions whose answer is told somewhere; *flexible* counts "
        "answers that hold a gold one, in any language. *Own language*, *other languages*: exact "
        "match where the answer is told in the asker's language, and where only in others. *Same "
        "answer*: pairs of askers' languages whose answers to one fact mean the same. *Right in "
        "all*: facts that are answered right in every language they are asked in.",
        "",
        *markdown_table(search_rows(comparison)),
        "",
        "*Declines rightly*: of the questions that nothing answers; *wrongly*: of the others. "
        "*Tokens* are those that the policy made. *Again*: a second search, after a first one that "
        "brought no gold answer, and after one that did.",
        "",
        *([f"![Exact match and consistency, with 95% intervals]({plot})", ""] if plot else []),
        "## By the asker's language",
        "",
        *markdown_table(language_rows(comparison)),
        "",
    ]
    single = policy_rows(comparison)
    if len(single) > 1:
        lines += ["## Policies of one title", "", *markdown_table(single), ""]
    kinds = kind_rows(comparison)
    if len(kinds) > 1:
        lines += ["## By where the answer is told", "", *markdown_table(kinds), ""]
    if comparison["differences"]:
        lines += ["## Differences", "", *markdown_table(difference_rows(comparison)), ""]
    return "\n".join(lines)


def draw_plot(comparison: PolicyComparison, path: Path) -> None:
    """Draw the main figures of each policy as bars with their intervals."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    policies = comparison["policies"]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    width = 0.8 / len(policies)
    for place, one in enumerate(policies):
        bars = [(at, _estimate(one, name)) for at, (name, _) in enumerate(_BARS)]
        known = [(at, estimate) for at, estimate in bars if estimate is not None]
        axes.bar(
            [at + (place - (len(policies) - 1) / 2) * width for at, _ in known],
            [estimate["value"] for _, estimate in known],
            width,
            yerr=_error_bars([estimate for _, estimate in known]) if known else None,
            label=one["name"],
            capsize=2,
        )
    axes.set_xticks(range(len(_BARS)), [label for _, label in _BARS])
    axes.set_ylim(0, 1)
    figure.legend(loc="outside upper left", ncols=3, fontsize="small", frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    partial = path.with_name(f".{path.name}")
    figure.savefig(partial, format="png", dpi=120)
    partial.replace(path)


def _estimate(figures: PolicyFigures, name: str) -> Estimate | None:
    if name == "same_answer":
        return figures["consistency"]["same_answer"]
    known = {
        "exact_match": figures["exact_match"],
        "own_language": figures["own_language"],
        "other_language": figures["other_language"],
    }
    return known[name]


def _error_bars(estimates: Iterable[Estimate]) -> list[list[float]]:
    """Return how far intervals reach below and above; shape (2, estimates)."""
    found = list(estimates)
    below = [max(one["value"] - one["low"], 0.0) for one in found]
    return [below, [max(one["high"] - one["value"], 0.0) for one in found]]
