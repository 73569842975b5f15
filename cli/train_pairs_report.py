"""Shows what questions will cost, how their generation goes, and what came of it."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import one_line, progress_console, result_console

if TYPE_CHECKING:
    from crosearch.tools.prices import Prices
    from crosearch.training.synthetic_plan import Task
    from crosearch.training.synthetic_questions import GenerationReport, Progress

_LINE_EVERY = 10.0
_LOST = {
    "not found": "did not find their passage",
    "language": "are in another language",
    "copied": "repeat the passage",
    "length": "are too short or too long",
    "missing": "did not come",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationOutcome:
    """What a command came to, earlier runs of it included."""

    report: "GenerationReport"
    out: Path
    records: int
    """Passages with questions in the file."""
    counts: Counter[str]
    """What became of the questions: `kept`, or why they were not."""
    prices: "Prices | None"


def describe_cost(left: "Sequence[Task]", planned: int, prices: "Prices | None") -> str:
    """Say what is still to be asked, and about what it will cost."""
    if not left:
        return f"{planned:,} passages, all asked about already: nothing is spent"
    questions = sum(len(task.asked_in) for task in left)
    prompt = sum(task.prompt_tokens for task in left)
    completion = sum(task.completion_tokens for task in left)
    known = f" of {planned:,}" if len(left) < planned else ""
    cost = (
        f"about ${prices.cost(prompt, completion):,.2f}"
        if prices
        else "set CROSEARCH_PRICE_PROMPT and CROSEARCH_PRICE_COMPLETION to see the cost"
    )
    return (
        f"{len(left):,}{known} passages, {questions:,} questions: about {prompt:,} prompt and "
        f"{completion:,} completion tokens; {cost}"
    )


@contextmanager
def showing_generation() -> "Iterator[Progress]":
    """Show how it goes for as long as the block lasts: a bar, or a line now and then."""
    console = progress_console()
    if not console.is_terminal:
        told = time.monotonic()

        def print_line(report: "GenerationReport") -> None:
            nonlocal told
            if time.monotonic() - told >= _LINE_EVERY:
                told = time.monotonic()
                console.print(_describe(report))

        yield print_line
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}")
    with Progress(*columns, console=console, transient=True) as moving:
        task = moving.add_task("asking", total=None)

        def move(report: "GenerationReport") -> None:
            moving.update(
                task,
                total=report.passages,
                completed=report.resumed + report.asked,
                description=_describe(report),
            )

        yield move


def print_outcome(outcome: GenerationOutcome) -> None:
    """Print what came, what was lost and why, and what was spent."""
    console = result_console()
    report, counts = outcome.report, outcome.counts
    lost = [f"{counts[name]:,} {what}" for name, what in _LOST.items() if counts[name]]
    console.print(
        f"{one_line(str(outcome.out))}: {counts['kept']:,} questions about {outcome.records:,} "
        f"passages; {', '.join(lost) or 'none lost'}",
        soft_wrap=True,
    )
    console.print(
        f"{report.asked:,} passages asked about in {report.seconds:.0f} s, {report.resumed:,} "
        f"before; {report.prompt_tokens:,} prompt and {report.completion_tokens:,} completion "
        f"tokens{_spent(outcome)}",
        soft_wrap=True,
    )
    if report.failed:
        console.print(
            f"{report.failed:,} passages failed and are asked about when the same command is run "
            f"again; the last failure: {one_line(report.last_failure)}",
            style="yellow",
            soft_wrap=True,
        )


def outcome_json(outcome: GenerationOutcome) -> dict[str, object]:
    """Lay an outcome out for `--json`."""
    report, prices = outcome.report, outcome.prices
    return {
        "out": str(outcome.out),
        "records": outcome.records,
        "kept": outcome.counts["kept"],
        "lost": {name: outcome.counts[name] for name in _LOST},
        "passages": report.passages,
        "resumed": report.resumed,
        "asked": report.asked,
        "failed": report.failed,
        "failures": report.failures,
        "last_failure": report.last_failure,
        "prompt_tokens": report.prompt_tokens,
        "completion_tokens": report.completion_tokens,
        "dollars": round(prices.cost(report.prompt_tokens, report.completion_tokens), 4)
        if prices
        else None,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
    }


def _describe(report: "GenerationReport") -> str:
    done = f"{report.resumed + report.asked:,} of {report.passages:,} passages"
    rate = f"{report.asked / max(report.seconds, 1e-3):,.1f} a second"
    failures = f", {report.failures:,} requests failed" if report.failures else ""
    return f"{done}, {rate}{failures}"


def _spent(outcome: GenerationOutcome) -> str:
    report = outcome.report
    if outcome.prices is None:
        return ""
    return f", ${outcome.prices.cost(report.prompt_tokens, report.completion_tokens):,.4f}"
