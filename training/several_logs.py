"""Reads several logs as one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from crosearch.tools.errors import UsageError
from crosearch.training.shards import (
    OnProblem,
    RecordIndex,
    read_at,
    read_index,
    read_trajectories,
)
from crosearch.training.trajectories import Trajectory


def latest_runs(
    folders: Sequence[str | Path], *, on_problem: OnProblem | None = None
) -> Iterator[Trajectory]:
    """Read, of each key, the one record with the highest attempt, over several logs.

    Raises:
        UsageError: There is no such folder.
        LogError: A shard cannot be opened.
    """
    latest = latest_attempts(folders)
    for record in read_logs(folders, on_problem=on_problem):
        if latest.get(record["key"]) == record["attempt"]:
            del latest[record["key"]]
            yield record


def latest_attempts(folders: Iterable[str | Path]) -> dict[str, int]:
    """Tell each key's highest attempt over several logs; what cannot be read is passed over.

    Whoever reads the records themselves is told of it then.
    """
    latest: dict[str, int] = {}
    for folder in folders:
        for entry in read_index(folder, on_problem=lambda problem: None):
            latest[entry.key] = max(entry.attempt, latest.get(entry.key, 0))
    return latest


def read_logs(
    folders: Iterable[str | Path], *, on_problem: OnProblem | None = None
) -> Iterator[Trajectory]:
    """Read every record of several logs, one log after the other."""
    for folder in folders:
        yield from read_trajectories(folder, on_problem=on_problem)


def run_reader(folders: Iterable[str | Path]) -> Callable[[str], Trajectory]:
    """Read the indexes of several logs once, and return what reads a run's latest attempt by key.

    The key has to be whole; what is returned raises `UsageError` for one that no log holds, and
    `LogError` where the record cannot be read.

    Raises:
        UsageError: There is no such folder.
        LogError: A shard cannot be opened.
    """
    latest: dict[str, tuple[str | Path, RecordIndex]] = {}
    for folder in folders:
        for entry in read_index(folder, on_problem=lambda problem: None):
            if entry.key not in latest or entry.attempt > latest[entry.key][1].attempt:
                latest[entry.key] = folder, entry

    def read(key: str) -> Trajectory:
        if key not in latest:
            raise UsageError(f"no log holds the run {key}")
        folder, entry = latest[key]
        return read_at(folder, entry.place)

    return read
