"""Exports of trajectory logs: for analysis, and in the formats of TRL's trainers.

    trajectories   every run, every field              for analysis
    sft            good runs, each transcript once     for `SFTTrainer`
    preferences    a better and a worse turn or run    for `DPOTrainer`
    grpo           prompts with gold answers           for `GRPOTrainer`

Of each run only the highest attempt counts. What is written appears when it is complete.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

from crosearch.tools.errors import LogError
from crosearch.training.export_grpo import GrpoRows
from crosearch.training.export_preferences import PreferenceRows
from crosearch.training.export_rows import RowMaker
from crosearch.training.export_sft import SftRows, SftTokenRows
from crosearch.training.export_trajectories import TrajectoryRows
from crosearch.training.export_writing import Form, check_packages, write_rows
from crosearch.training.new_folder import check_new, new_folder
from crosearch.training.several_logs import latest_runs
from crosearch.training.shards import OnProblem
from crosearch.training.trajectories import Trajectory

__all__ = [
    "ExportReport",
    "GrpoRows",
    "PreferenceRows",
    "RowMaker",
    "SftRows",
    "SftTokenRows",
    "TrajectoryRows",
    "export_runs",
]


class ExportReport(TypedDict):
    """What an export wrote, and what it left out."""

    rows: int
    runs: int
    """Runs that were read."""
    left_out: dict[str, int]
    """Runs by the reason why they are in no row, most first."""


def export_runs(
    folders: Sequence[str | Path],
    out: str | Path,
    maker: RowMaker,
    *,
    form: Form = "hf",
    on_problem: OnProblem | None = None,
) -> ExportReport:
    """Write the runs of logs as rows.

    Args:
        folders: The logs.
        out: A folder that is not there yet, or is empty.
        maker: Makes the rows, such as `SftRows()`.
        form: A Hugging Face dataset for `datasets.load_from_disk`, Parquet, or JSON lines.
        on_problem: Is told of each line of a log that is no record.

    Raises:
        UsageError: `out` holds something, a log is not there, or a package is not installed.
        LogError: No run is left, or the disk fails; nothing was written.
    """
    check_packages(form)
    check_new(out)
    left_out: Counter[str] = Counter()
    source = _Source(folders, on_problem)
    try:
        with new_folder(out) as workplace:
            rows = write_rows(maker.rows(source.read, left_out), maker.row, workplace, form)
            if not rows:
                raise LogError(_nothing(source.runs, left_out))
    except OSError as error:
        raise LogError(f"cannot write {str(out)!r}: {error.strerror or error}") from error
    reasons = {reason: count for reason, count in left_out.most_common() if count}
    return ExportReport(rows=rows, runs=source.runs, left_out=reasons)


class _Source:
    """Reads the logs as often as is wanted, and counts their runs."""

    def __init__(self, folders: Sequence[str | Path], on_problem: OnProblem | None) -> None:
        self.runs = 0
        self._folders = folders
        self._on_problem = on_problem

    def read(self) -> Iterator[Trajectory]:
        self.runs = 0
        for record in latest_runs(self._folders, on_problem=self._on_problem):
            self.runs += 1
            yield record
        self._on_problem = _told  # A second reading would tell the same again.


def _told(problem: object) -> None:
    """Do nothing: it was told before."""


def _nothing(runs: int, left_out: Counter[str]) -> str:
    reasons = "; ".join(f"{count:,}: {reason}" for reason, count in left_out.most_common() if count)
    return f"nothing to export: none of {runs:,} runs is left{' (' if reasons else ''}{reasons}" + (
        ")" if reasons else ""
    )
