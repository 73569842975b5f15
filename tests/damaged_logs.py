"""Logs that something happened to, and what reading them brings to light."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from recorded_runs import recorded_run

from crosearch.training.shards import (
    LogProblem,
    Shard,
    TrajectoryWriter,
    list_shards,
    read_trajectories,
)
from crosearch.training.trajectories import Trajectory


def read(folder: Path) -> tuple[list[Trajectory], list[LogProblem]]:
    problems: list[LogProblem] = []
    return list(read_trajectories(folder, on_problem=problems.append)), problems


def slim_run(sample: int) -> Trajectory:
    """Make a record of few bytes, for tests that go through each of them."""
    record = recorded_run(sample=sample)
    record["transcript"], record["history"], record["searches"] = [], [], []
    record["evidence"], record["citations"] = [], []
    return record


def open_shard(folder: Path, count: int) -> tuple[Shard, bytes]:
    """Write records, and return the shard with its lines, as a kill would have left them."""
    with TrajectoryWriter(folder) as writer:
        for sample in range(count):
            writer.append_now(slim_run(sample))
        [shard] = list_shards(folder)
        lines = shard.open_file.read_bytes()
    shard.remove()
    shard.open_file.write_bytes(lines)
    return shard, lines


def unexpected(problem: LogProblem) -> NoReturn:
    """Fail the test: the log was to be read whole."""
    raise AssertionError(str(problem))


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something on a folder; skips the test where that is not allowed."""
    folder.mkdir()
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
