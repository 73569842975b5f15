"""Prints what a collection came to."""

from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.cli.output import one_line, result_console

if TYPE_CHECKING:
    from rich.console import Console

    from crosearch.training.collection_report import CollectionReport

_OTHER = {"policy": "another policy", "index": "another index", "settings": "other settings"}


def print_report(report: "CollectionReport") -> None:
    """Print what was run, what was there already, and where the time went."""
    console = result_console()
    for line in _lines(report):
        console.print(line, soft_wrap=True)
    if report.runs:
        _print_stages(console, report)


def report_json(report: "CollectionReport", out: Path) -> dict[str, object]:
    """Lay a report out for `--json`."""
    runs = report.runs
    return {
        "out": str(out),
        "expected": report.expected,
        "questions": report.questions,
        "duplicates": report.duplicates,
        "resumed": report.resumed,
        "resumed_failed": report.resumed_failed,
        "runs": runs,
        "failed": report.failed,
        "retries": report.retries,
        "found": report.found,
        "found_rate": _mean(report.found, runs),
        "turns": report.turns,
        "turns_per_run": _mean(report.turns, runs),
        "searches_per_run": _mean(report.searches, runs),
        "scored": report.scored,
        "rewards": {name: round(value, 4) for name, value in report.rewards.items()},
        "seconds": round(report.seconds, 3),
        "runs_per_second": _mean(runs, report.seconds),
        "stage_seconds_per_run": {
            stage: _mean(seconds, runs) for stage, seconds in report.stage_seconds.items()
        },
        "other_runs": [
            {"differs": list(other.differs), "runs": other.runs} for other in report.other_runs
        ],
        "damaged": report.damaged,
        "problems": list(report.problems),
        "interrupted": report.interrupted,
    }


def _lines(report: "CollectionReport") -> list[str]:
    runs = report.runs
    rate = runs / max(report.seconds, 1e-3)
    lines = ["No run was made"]
    if runs:
        lines = [
            f"{runs:,} runs in {duration(report.seconds)} ({rate:,.1f} a second): "
            f"{report.found / runs:.1%} found an answer, {report.turns / runs:.2f} turns and "
            f"{report.searches / runs:.2f} searches a run"
        ]
    if report.rewards:
        means = ", ".join(f"{name} {value:.3f}" for name, value in sorted(report.rewards.items()))
        lines.append(f"Mean rewards of the {report.scored:,} runs with gold answers: {means}")
    if report.failed:
        lines.append(
            f"{report.failed:,} runs failed for the machine's sake, and are recorded as failed: "
            "--retry-failed runs them again"
        )
    if report.retries:
        lines.append(f"{report.retries:,} tries were made again")
    if report.resumed:
        failed = f", {report.resumed_failed:,} of them failed" if report.resumed_failed else ""
        lines.append(f"{report.resumed:,} runs were there already{failed}")
    if report.duplicates:
        lines.append(f"{report.duplicates:,} questions came more than once, and were run once")
    return lines


def print_notes(console: "Console", report: "CollectionReport") -> None:
    """Print what the log held already that is not as one might think."""
    for other in report.other_runs:
        differs = " and ".join(_OTHER[name] for name in other.differs)
        number = "1 run" if other.runs == 1 else f"{other.runs:,} runs"
        console.print(
            f"the log holds {number} of {differs}: kept, and none of the runs that are made now",
            style="yellow",
            soft_wrap=True,
        )
    if report.damaged:
        console.print(
            f"{report.damaged:,} lines of the log are no records, and were passed over:",
            style="yellow",
        )
        for problem in report.problems:
            console.print(f"  {one_line(problem)}", style="yellow", soft_wrap=True)


def _print_stages(console: "Console", report: "CollectionReport") -> None:
    from rich import box
    from rich.table import Table

    total = sum(report.stage_seconds.values())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("stage")
    table.add_column("seconds a run", justify="right")
    table.add_column("share", justify="right")
    for stage, seconds in report.stage_seconds.items():
        share = f"{seconds / total:.0%}" if total else "-"
        table.add_row(stage, f"{seconds / report.runs:.4f}", share)
    console.print(table)


def duration(seconds: float) -> str:
    """Write a time as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _mean(total: float, number: float) -> float | None:
    return round(total / number, 4) if number else None
