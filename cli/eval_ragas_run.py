"""Scores a log by ragas: what it will cost, whether to go on, how far it is, what came of it."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from crosearch.cli.main import INTERRUPTED
from crosearch.cli.output import (
    one_line,
    print_error,
    print_figures,
    print_json,
    print_report_place,
    progress_console,
    result_console,
)
from crosearch.tools.errors import CollectionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crosearch.evals.ragas import RagasValue, Scorer, ScoringProgress
    from crosearch.evals.ragas_budget import Budget, Spent
    from crosearch.evals.ragas_cache import ReplyCache
    from crosearch.evals.ragas_judge import PaidAsker
    from crosearch.evals.ragas_library import RagasLibrary
    from crosearch.evals.ragas_metrics import MetricAbout
    from crosearch.evals.ragas_report import JudgingFigures, RagasReport
    from crosearch.evals.ragas_samples import RagasSample
    from crosearch.tools.openai_client import ChatEndpoint
    from crosearch.training.trajectories import Trajectory

_PLACE = "judged"
"""The folder within the report's that holds the replies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """What is to be scored, and how."""

    log: str
    out: Path
    metrics: "Sequence[MetricAbout]"
    endpoint: "ChatEndpoint | None"
    """The judge's model; None without one."""
    budget: "Budget"
    embedder: str
    concurrency: int
    limit: int | None
    dataset: str
    """That was asked from; empty: gold documents are not known."""
    data: str
    yes: bool
    """Whether to spend without asking."""

    @property
    def model(self) -> "ChatEndpoint | None":
        """The judge's model, if a metric needs one."""
        return self.endpoint if any(metric.judged for metric in self.metrics) else None


def run_scoring(scoring: Scoring, *, as_json: bool) -> None:
    """Score a log, write the report, and print its tables, or all of it as JSON.

    Raises:
        UsageError: There is nothing to score, the folder is another log's, or nobody is there to be
            asked.
        CollectionError: The judge fails at everything, or the disk does.
        Exit: With 1 where the bound was reached or nobody agreed to the cost, 130 after an
            interrupt.
    """
    from crosearch.evals.ragas import CUT_OFF
    from crosearch.evals.ragas_library import RagasLibrary
    from crosearch.evals.ragas_report import metric_figures, write_ragas_report

    samples, failed = _read(scoring)
    progress_console().print("opening ragas", style="dim")
    library = RagasLibrary()
    with _held(scoring) as cache:
        values, judging = _score(scoring, samples, library, cache)
        report: RagasReport = {
            "log": Path(scoring.log).name,
            "ragas": library.version,
            "runs": len(samples),
            "failed": failed,
            "resamples": 1_000,
            "metrics": metric_figures(values, samples, resamples=1_000),
            "judging": judging,
        }
        write_ragas_report(report, values, scoring.out)
    _print(report, scoring.out, as_json=as_json)
    stopped = judging["stopped"] if judging else ""
    if any(value["missing"] == CUT_OFF for value in values):
        print_error("interrupted; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)
    if stopped:
        print_error(f"{stopped}; with a higher one the same command goes on from there")
        raise typer.Exit(1)


def _read(scoring: Scoring) -> "tuple[list[RagasSample], int]":
    """Read the runs that can be measured, and count those that the machine failed."""
    from crosearch.evals.endings import has_failed
    from crosearch.evals.ragas_samples import gold_contexts, ragas_sample
    from crosearch.training.several_logs import latest_runs

    problems = 0

    def note(problem: object) -> None:
        nonlocal problems
        problems += 1

    records: list[Trajectory] = []
    failed = 0
    for record in latest_runs([scoring.log], on_problem=note):
        if scoring.limit is not None and len(records) == scoring.limit:
            break
        if not has_failed(record):
            records.append({**record, "transcript": []})
        else:
            failed += 1
    if problems:
        print_error(f"{problems:,} lines are no records: see crosearch log verify {scoring.log}")
    if not records:
        raise UsageError(f"{scoring.log!r} holds no runs that can be measured")
    gold = None
    if scoring.dataset:
        from crosearch.evals.datasets import open_dataset

        asked = [(record["question_id"], record["language"]) for record in records]
        gold = gold_contexts(open_dataset(scoring.dataset, scoring.data), asked)
    return [ragas_sample(record, gold) for record in records], failed


@contextmanager
def _held(scoring: Scoring) -> "Iterator[ReplyCache]":
    """Hold the report's folder, with what the judge replied so far."""
    from crosearch.evals.ragas_cache import ReplyCache
    from crosearch.training.training_folder import hold_folder

    place = scoring.out / _PLACE
    settings = {"scored_by": "ragas", "log": Path(scoring.log).resolve().name}
    with hold_folder(place, settings, called="scoring", error=CollectionError, doing="scored into"):
        with ReplyCache(place / "replies.jsonl") as cache:
            yield cache


def _score(
    scoring: Scoring,
    samples: "list[RagasSample]",
    library: "RagasLibrary",
    cache: "ReplyCache",
) -> "tuple[list[RagasValue], JudgingFigures | None]":
    from crosearch.cli.interrupts import run_finishing
    from crosearch.cli.training_progress import showing
    from crosearch.evals.ragas import Scorer
    from crosearch.evals.ragas_judge import PaidAsker
    from crosearch.tools.embedder import load_embedder

    scorer = Scorer(library, scoring.metrics, load_embedder(scoring.embedder))
    asker = None
    if scoring.model:
        name = f"openai:{scoring.model.model}"
        expected = asyncio.run(scorer.estimate(samples, name=name, cache=cache))
        _confirm(scoring, expected, len(cache))
        asker = PaidAsker(scoring.model, name=name, cache=cache, budget=scoring.budget)
    with showing("scoring", _describe, lambda progress: progress.done / progress.total) as show:
        values = run_finishing(
            lambda stop: scorer.score(
                samples, asker, concurrency=scoring.concurrency, progress=show, stop=stop
            )
        )
    return values, _judging(scoring, scorer, asker) if asker else None


def _confirm(scoring: Scoring, expected: "Spent", kept: int) -> None:
    """Tell what it will cost, and ask whether to go on."""
    progress_console().print(_describe_cost(scoring, expected, kept), soft_wrap=True)
    if scoring.yes or not expected.calls:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked whether to spend it: give --yes")
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(1)


def _describe_cost(scoring: Scoring, expected: "Spent", kept: int) -> str:
    if not expected.calls:
        return "all that the judge is to be asked is there already: nothing is spent"
    cost = expected.cost(scoring.budget.prices)
    told = (
        "set CROSEARCH_PRICE_PROMPT and CROSEARCH_PRICE_COMPLETION to see the cost"
        if cost is None
        else f"about ${cost:,.4f}"
    )
    known = f", beside {kept:,} replies that are there" if kept else ""
    return (
        f"to ask openai:{scoring.endpoint.model if scoring.endpoint else ''} "
        f"{expected.calls:,} times{known}: about {expected.prompt_tokens:,} prompt and "
        f"{expected.completion_tokens:,} completion tokens; {told}"
    )


def _describe(progress: "ScoringProgress") -> str:
    return f"{progress.done:,} of {progress.total:,} values"


def _judging(scoring: Scoring, scorer: "Scorer", asker: "PaidAsker") -> "JudgingFigures":
    from crosearch.evals.ragas_report import JudgingFigures

    spent = scoring.budget.spent
    return JudgingFigures(
        judge=asker.name,
        embedder=scoring.embedder,
        calls=spent.calls,
        from_cache=asker.from_cache,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        cost=spent.cost(scoring.budget.prices),
        stopped=scoring.budget.reached,
        prompts=scorer.prompts.written_prompts() if scorer.prompts else {},
    )


def _print(report: "RagasReport", out: Path, *, as_json: bool) -> None:
    from crosearch.evals.ragas_report import (
        MARKDOWN,
        language_rows,
        mean_rows,
        missing_rows,
        told_judging,
        told_runs,
    )

    if as_json:
        print_json({**report})
        return
    print_figures(mean_rows(report), title=f"ragas {report['ragas']}: {told_runs(report)}")
    print_figures(language_rows(report), title="By the asker's language")
    if len(missing_rows(report)) > 1:
        print_figures(missing_rows(report), title="Missing")
    if report["judging"]:
        result_console().print(one_line(told_judging(report["judging"])), soft_wrap=True)
    print_report_place(out / MARKDOWN)
