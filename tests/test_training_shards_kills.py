"""A log survives kills at any moment, many writers at once, and a clock that is set back."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from damaged_logs import read
from killed_writer import PEACEFUL_RECORDS
from recorded_runs import recorded_run

from crosearch.training.shards import (
    TrajectoryWriter,
    close_abandoned,
    find_trajectory,
    latest_trajectories,
    list_shards,
    read_index,
)

PROGRAM = Path(__file__).with_name("killed_writer.py")


def run_writers(folder: Path, children: int, seed: int) -> Counter[str]:
    """Run the program, and count what it was told to be durable."""
    command = [sys.executable, str(PROGRAM), str(folder), str(children), str(seed)]
    subprocess.run(command, check=True, timeout=120, cwd=PROGRAM.parent)
    notes = folder.with_name(folder.name + ".acknowledged").iterdir()
    return Counter(key for note in notes for key in note.read_text(encoding="ascii").split())


def test_a_kill_at_any_moment_loses_nothing_that_counted_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    acknowledged = run_writers(log, 20, seed=random.randrange(10**6))
    forms = Counter(shard.is_closed() for shard in list_shards(log))
    assert forms[True] and forms[False]
    for closing in (False, True):
        if closing:
            close_abandoned(log, on_problem=lambda problem: None)
        records, problems = read(log)
        found = Counter(record["key"] for record in records)
        assert set(found.values()) == {1}
        assert set(acknowledged) <= set(found)
        # A kill between a record's last byte and its note: at most one for each child.
        assert len(found) - len(acknowledged) <= 20
        assert {problem.kind for problem in problems} <= {"torn"}
        assert Counter(entry.key for entry in read_index(log)) == found


def test_processes_write_to_one_folder_at_once(tmp_path: Path) -> None:
    acknowledged = run_writers(tmp_path / "log", 3, seed=-1)
    assert len(acknowledged) == 3 * PEACEFUL_RECORDS
    records, problems = read(tmp_path / "log")
    assert Counter(record["key"] for record in records) == acknowledged
    assert problems == []


def test_a_clock_that_is_set_back_orders_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for attempt, now in ((1, 2e9), (2, 1e9)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        record = recorded_run(attempt=attempt)
        record["started"] = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time()))
        with TrajectoryWriter(tmp_path) as writer:
            writer.append_now(record)
        for shard in list_shards(tmp_path):
            os.utime(shard.closed_file, (now, now))
    assert [record["attempt"] for record in latest_trajectories(tmp_path)] == [2]
    assert find_trajectory(tmp_path, "")["attempt"] == 2
