"""`crosearch log`: what trajectory logs hold, whether they are sound, and packing them."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import one_line, print_error, print_json, result_console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crosearch.training.log_checks import Finding, LogCheck
    from crosearch.training.log_packing import PackingReport

log = typer.Typer(no_args_is_help=True, help="Look into trajectory logs, check and pack them.")

Logs = Annotated[list[str], typer.Argument(metavar="DIR...", help="Folders of trajectory logs.")]


def stats(logs: Logs, as_json: AsJson = False) -> None:
    """Count what logs hold: runs, languages, tokens, rewards, seconds; several logs as one."""
    from crosearch.cli.log_tables import print_statistics
    from crosearch.training.statistics import log_statistics

    problems: list[str] = []
    counted = log_statistics(logs, on_problem=lambda problem: problems.append(str(problem)))
    _print_some(problems)
    if as_json:
        print_json(counted | {"unreadable": len(problems)})
    else:
        print_statistics(counted)


def verify(logs: Logs, as_json: AsJson = False) -> None:
    """Check every line's checksum and schema, the indexes, and that no run lies twice.

    Ends with 1 where a log is damaged. The end of a write that was cut off is told, and is no
    damage: what it began was never in the log.
    """
    from crosearch.training.log_checks import check_log

    checks = {folder: check_log(folder) for folder in logs}
    if as_json:
        print_json({"logs": [_check_json(folder, check) for folder, check in checks.items()]})
    else:
        for folder, check in checks.items():
            _print_check(folder, check)
    if not all(check.is_sound for check in checks.values()):
        raise typer.Exit(1)


def compact(logs: Logs, as_json: AsJson = False) -> None:
    """Rewrite logs into full, closed shards, without superseded attempts and torn lines.

    A log that is being written is refused. Damaged shards stay as they are.
    """
    from crosearch.training.log_packing import compact_log

    reports = {folder: compact_log(folder) for folder in logs}
    if as_json:
        print_json({"logs": [{"log": name} | asdict(report) for name, report in reports.items()]})
    for folder, report in reports.items():
        if not as_json:
            _print_packing(folder, report)
        _print_some(_described(report.findings))


def merge(
    logs: Logs,
    out: Annotated[
        str, typer.Option(metavar="DIR", help="The new log: a folder that is not there yet.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy several logs into a new one, each attempt at each run once.

    Ends with 1 where damaged lines had to be left out.
    """
    from crosearch.training.log_packing import merge_logs

    report = merge_logs(logs, out)
    if as_json:
        print_json({"log": out} | asdict(report))
    else:
        _print_packing(out, report)
    _print_some(_described(report.findings))
    if report.findings:
        raise typer.Exit(1)


COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (
        stats,
        examples("crosearch log stats ./runs", "crosearch log stats ./monday ./tuesday --json"),
    ),
    (verify, examples("crosearch log verify ./runs")),
    (compact, examples("crosearch log compact ./runs")),
    (merge, examples("crosearch log merge ./monday ./tuesday --out ./week")),
)
"""Each with its examples; `cli.commands` puts them under `log`."""

_SHOWN = 20


def _print_some(problems: "Iterable[str]") -> None:
    problems = list(problems)
    for problem in problems[:_SHOWN]:
        print_error(one_line(problem))
    if len(problems) > _SHOWN:
        print_error(f"and {len(problems) - _SHOWN:,} more: see crosearch log verify --json")


def _check_json(folder: str, check: "LogCheck") -> dict[str, object]:
    return {"log": folder, "sound": check.is_sound} | asdict(check)


def _print_check(folder: str, check: "LogCheck") -> None:
    console = result_console()
    state = "sound" if check.is_sound else "damaged"
    shards = f"{check.shards:,} shard{'' if check.shards == 1 else 's'}"
    writing = f", {check.being_written:,} being written" if check.being_written else ""
    console.print(
        f"{one_line(folder)}: {state}; {check.records:,} records in {shards}{writing}",
        style="green" if check.is_sound else "red",
        soft_wrap=True,
    )
    for line in _described(check.findings):
        console.print(f"  {one_line(line)}", soft_wrap=True)


def _described(findings: "Iterable[Finding]") -> list[str]:
    return [
        f"{finding.shard}{f', line {finding.line}' if finding.line else ''}: {finding.kind}: "
        f"{finding.message}{' (harmless)' if finding.is_harmless else ''}"
        for finding in findings
    ]


def _print_packing(folder: str, report: "PackingReport") -> None:
    left_out = [
        f"{count:,} {what}"
        for count, what in (
            (report.superseded, "superseded"),
            (report.duplicates, "that lay twice"),
            (report.torn, "torn"),
        )
        if count
    ]
    result_console().print(
        f"{one_line(folder)}: {report.records:,} records, shards {report.shards_before:,} -> "
        f"{report.shards:,}; left out: {', '.join(left_out) or 'nothing'}",
        soft_wrap=True,
    )
