"""Reads several logs as one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from crosearch.tools.errors import UsageError
from crosearch.training.shards import OnProblem, find_trajectory, read_index, read_trajectories
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


def find_run(folders: Iterable[str | Path], key: str) -> Trajectory:
    """Read the latest attempt of a run over several logs.

    Raises:
        UsageError: None holds it, or there is no such folder.
        LogError: A shard cannot be opened.
    """
    found: list[Trajectory] = []
    for folder in folders:
        with suppress(UsageError):
            found.append(find_trajectory(folder, key))
    if not found:
        raise UsageError(f"no log holds the run {key}")
    return max(found, key=lambda record: record["attempt"])
