"""What a scoring by ragas came to: means with intervals, by language too, and what is missing."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from crosearch.evals.policies_bootstrap import Bootstrap, Estimate
from crosearch.evals.ragas import RagasValue
from crosearch.evals.ragas_samples import RagasSample
from crosearch.evals.report_tables import markdown_table, shown
from crosearch.training.training_folder import write_lines, write_text

JSON, MARKDOWN, VALUES = "ragas.json", "ragas.md", "values.jsonl"


class MetricFigures(TypedDict):
    """What came of one metric."""

    mean: Estimate | None
    """None where no run has a value."""
    by_language: dict[str, Estimate]
    """By the asker's language."""
    missing: dict[str, int]
    """How many runs have no value, by the reason, most first."""


class JudgingFigures(TypedDict):
    """What a judge took in one run of the command."""

    judge: str
    embedder: str
    """What answer relevancy compares questions by."""
    calls: int
    from_cache: int
    """Replies that were there already, from this run or an earlier one."""
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    """In US dollars; None where no price is known."""
    stopped: str
    """Why not all was asked; empty where it was."""
    prompts: dict[str, dict[str, str]]
    """The instructions as the judge translated them, by language and prompt of ragas."""


class RagasReport(TypedDict):
    """What came of a scoring; plain JSON."""

    log: str
    ragas: str
    """Its version."""
    runs: int
    failed: int
    """Runs that the machine failed; they are in no figure."""
    resamples: int
    """How often questions were drawn anew for the 95% intervals."""
    metrics: dict[str, MetricFigures]
    judging: JudgingFigures | None
    """None where no model was asked."""


def metric_figures(
    values: Sequence[RagasValue], samples: Sequence[RagasSample], *, resamples: int = 1_000
) -> dict[str, MetricFigures]:
    """Take means over runs, with intervals over questions; what is missing is in none.

    Args:
        values: Of all samples.
        samples: The runs.
        resamples: How often questions are drawn anew; those that ask for the same are drawn
            together.
    """
    facts = {sample.key: sample.fact for sample in samples}
    bootstrap = Bootstrap(list(facts.values()), resamples=resamples)
    figures: dict[str, MetricFigures] = {}
    for name in dict.fromkeys(value["metric"] for value in values):
        own = [value for value in values if value["metric"] == name]
        languages = sorted({str(value["language"]) for value in own})
        by_language = {
            language: _mean([v for v in own if v["language"] == language], facts, bootstrap)
            for language in languages
        }
        reasons = Counter(value["missing"] for value in own if value["missing"])
        figures[name] = MetricFigures(
            mean=_mean(own, facts, bootstrap),
            by_language={code: mean for code, mean in by_language.items() if mean is not None},
            missing=dict(reasons.most_common()),
        )
    return figures


def write_ragas_report(report: RagasReport, values: Sequence[RagasValue], folder: Path) -> None:
    """Write the figures as JSON and as markdown, and the values line by line.

    Raises:
        OSError: The disk is full or fails.
    """
    write_lines(folder / VALUES, (json.dumps(value, ensure_ascii=False) + "\n" for value in values))
    write_text(folder / JSON, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    write_text(folder / MARKDOWN, markdown_report(report))


def markdown_report(report: RagasReport) -> str:
    """Write a report for people to read."""
    lines = [f"# {report['log']}, by ragas {report['ragas']}", "", told_runs(report), ""]
    lines += [*markdown_table(mean_rows(report)), "", "## By language", ""]
    lines += markdown_table(language_rows(report))
    if len(missing_rows(report)) > 1:
        lines += ["", "## Missing", "", *markdown_table(missing_rows(report))]
    if report["judging"]:
        lines += ["", "## The judge", "", told_judging(report["judging"])]
        for language, prompts in report["judging"]["prompts"].items():
            lines += ["", f"ragas' prompts as the judge put them into {language}:", ""]
            lines += [f"- {name}: {' '.join(text.split())}" for name, text in prompts.items()]
    return "\n".join(lines) + "\n"


def mean_rows(report: RagasReport) -> list[Sequence[str]]:
    """Return the metrics' means with their intervals, after a row of names."""
    rows: list[Sequence[str]] = [("metric", "mean [95%]", "runs", "missing")]
    for name, figures in report["metrics"].items():
        mean, missing = figures["mean"], sum(figures["missing"].values())
        count = f"{mean['n']:,.0f}" if mean else "0"
        rows.append((name, shown(mean, with_interval=True), count, f"{missing:,}"))
    return rows


def language_rows(report: RagasReport) -> list[Sequence[str]]:
    """Return the means by the asker's language, with intervals, after a row of names."""
    return [
        ("metric", "language", "mean [95%]", "runs"),
        *(
            (name, language, shown(mean, with_interval=True), f"{mean['n']:,.0f}")
            for name, figures in report["metrics"].items()
            for language, mean in figures["by_language"].items()
        ),
    ]


def missing_rows(report: RagasReport) -> list[Sequence[str]]:
    """Return how many values are missing, and why, after a row of names."""
    return [
        ("metric", "missing because", "runs"),
        *(
            (name, reason, f"{count:,}")
            for name, figures in report["metrics"].items()
            for reason, count in figures["missing"].items()
        ),
    ]


def told_runs(report: RagasReport) -> str:
    """Say how many runs were measured."""
    told = f"{report['runs']:,} runs"
    if report["failed"]:
        told += f"; {report['failed']:,} more were failed by the machine, and are in no figure"
    return told


def told_judging(judging: JudgingFigures) -> str:
    """Say what the judge took."""
    told = (
        f"{judging['judge']}: {judging['calls']:,} replies, {judging['prompt_tokens']:,} prompt "
        f"and {judging['completion_tokens']:,} completion tokens"
    )
    if judging["cost"] is not None:
        told += f", ${judging['cost']:.4f}"
    return f"{told}; {judging['from_cache']:,} more were there already"


def _mean(
    values: Sequence[RagasValue], facts: Mapping[str, str], bootstrap: Bootstrap
) -> Estimate | None:
    observed = [
        (facts[value["key"]], value["value"], 1.0) for value in values if value["value"] is not None
    ]
    return bootstrap.estimate(bootstrap.ratio(observed))
