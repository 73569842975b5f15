"""A log is written by any number of writers, and read whole, by its index, or at one place."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import zstandard
from damaged_logs import unexpected
from recorded_runs import TIMEOUT, recorded_run

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.shards import (
    LogProblem,
    Place,
    RecordIndex,
    Shard,
    TrajectoryWriter,
    close_abandoned,
    find_trajectory,
    latest_trajectories,
    list_shards,
    read_at,
    read_index,
    read_trajectories,
)
from crosearch.training.trajectories import Trajectory

SMALL = 20_000
"""Bytes of a shard that a few records fill."""


def runs(count: int) -> list[Trajectory]:
    return [recorded_run(sample=sample) for sample in range(count)]


def write(folder: Path, records: Iterable[Trajectory], shard_bytes: int = SMALL) -> None:
    with TrajectoryWriter(folder, shard_bytes=shard_bytes) as writer:
        for record in records:
            writer.append_now(record)


def leave_open(folder: Path, records: Iterable[Trajectory]) -> Shard:
    """Write a shard as a killed process leaves it: its lines are there, and its lock is gone."""
    writer = TrajectoryWriter(folder)
    for record in records:
        writer.append_now(record)
    [shard] = [shard for shard in list_shards(folder) if not shard.is_closed()]
    lines = shard.open_file.read_bytes()
    writer.close()
    shard.closed_file.unlink()
    shard.index_file.unlink()
    shard.open_file.write_bytes(lines)
    return shard


def by_sample(records: Iterable[Trajectory]) -> list[Trajectory]:
    return sorted(records, key=lambda record: record["sample"])


def test_all_that_was_written_is_read_from_however_many_shards(tmp_path: Path) -> None:
    write(tmp_path, runs(30))
    assert len(list_shards(tmp_path)) > 3
    assert by_sample(read_trajectories(tmp_path)) == runs(30)


def test_a_closed_log_is_shards_and_their_indexes_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, runs(30))
    endings = {"".join(path.suffixes) for path in tmp_path.iterdir()}
    assert endings == {".jsonl.zst", ".index.json"}
    assert len(list(tmp_path.iterdir())) == 2 * len(list_shards(tmp_path))


def test_a_writer_that_writes_nothing_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "new" / "log", [])
    assert list((tmp_path / "new" / "log").iterdir()) == []


def test_records_are_read_while_they_are_being_written(tmp_path: Path) -> None:
    with TrajectoryWriter(tmp_path) as writer:
        for count, record in enumerate(runs(3), 1):
            writer.append_now(record)
            assert list(read_trajectories(tmp_path)) == runs(count)
        [shard] = list_shards(tmp_path)
        assert shard.is_being_written()


def test_a_line_that_is_just_being_written_is_no_problem(tmp_path: Path) -> None:
    problems: list[LogProblem] = []
    with TrajectoryWriter(tmp_path) as writer:
        writer.append_now(recorded_run())
        [shard] = list_shards(tmp_path)
        with shard.open_file.open("ab") as file:
            file.write(b'{"sum":"01')
            file.flush()
        assert len(list(read_trajectories(tmp_path, on_problem=problems.append))) == 1
    assert problems == []


async def test_many_records_share_one_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        waits.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    writer = TrajectoryWriter(tmp_path)
    await asyncio.gather(*(writer.append(record) for record in runs(64)))
    assert len(waits) < 32
    assert len(list(read_trajectories(tmp_path))) == 64
    writer.close()


async def test_an_append_that_is_given_up_disturbs_no_other(tmp_path: Path) -> None:
    with TrajectoryWriter(tmp_path) as writer:
        appends = [asyncio.create_task(writer.append(record)) for record in runs(20)]
        await asyncio.sleep(0)
        for task in appends[::2]:
            task.cancel()
        await asyncio.gather(*appends, return_exceptions=True)
    found = [record["sample"] for record in read_trajectories(tmp_path)]
    assert len(found) == len(set(found))
    assert set(found) >= set(range(1, 20, 2))


def test_a_closed_writer_takes_nothing_more(tmp_path: Path) -> None:
    writer = TrajectoryWriter(tmp_path)
    writer.close()
    writer.close()
    with pytest.raises(LogError, match="closed"):
        writer.append_now(recorded_run())


def test_a_shard_is_read_with_other_tools(tmp_path: Path) -> None:
    write(tmp_path, runs(3))
    [shard] = list_shards(tmp_path)
    with zstandard.open(shard.closed_file, "rt", encoding="utf-8") as lines:
        records = [json.loads(line)["record"] for line in lines]
    assert records == runs(3)


class TestIndex:
    def test_it_tells_of_each_record_what_resuming_needs(self, tmp_path: Path) -> None:
        failed = recorded_run(sample=1, attempt=3, failures=[TIMEOUT])
        write(tmp_path, [recorded_run(), failed])
        first, second = read_index(tmp_path)
        assert first.key == recorded_run()["key"]
        assert (first.sample, first.attempt, first.failed) == (0, 1, False)
        assert (second.sample, second.attempt, second.failed) == (1, 3, True)
        assert (first.policy, first.index, first.settings) == ("local:tiny", "i", "s")

    def test_open_and_closed_shards_tell_the_same(self, tmp_path: Path) -> None:
        shard = leave_open(tmp_path, runs(5))
        before = [without_place(entry) for entry in read_index(tmp_path)]
        assert not shard.is_being_written()
        assert close_abandoned(tmp_path, on_problem=unexpected) == 1
        assert [without_place(entry) for entry in read_index(tmp_path)] == before

    @pytest.mark.parametrize("damage", ["missing", "flipped", "cut"])
    def test_without_an_index_the_lines_are_read(self, tmp_path: Path, damage: str) -> None:
        write(tmp_path, runs(3))
        expected = list(read_index(tmp_path))
        [shard] = list_shards(tmp_path)
        data = bytearray(shard.index_file.read_bytes())
        if damage == "missing":
            shard.index_file.unlink()
        else:
            data[len(data) // 2] ^= 1
            shard.index_file.write_bytes(data if damage == "flipped" else data[:-20])
        problems: list[LogProblem] = []
        assert list(read_index(tmp_path, on_problem=problems.append)) == expected
        assert [(problem.line, problem.kind) for problem in problems] == [(0, "checksum")]
        assert shard.index_file.name in str(problems[0])


def without_place(entry: RecordIndex) -> tuple[object, ...]:
    return (entry.key, entry.attempt, entry.failed, entry.sample, entry.place.line)


class TestOneRecord:
    def test_it_is_read_at_its_place(self, tmp_path: Path) -> None:
        write(tmp_path, runs(20))
        leave_open(tmp_path, [recorded_run("How long is the Po?", sample=20)])
        for entry in read_index(tmp_path):
            record = read_at(tmp_path, entry.place)
            assert (record["key"], record["sample"]) == (entry.key, entry.sample)

    def test_its_place_holds_when_the_shard_is_closed(self, tmp_path: Path) -> None:
        with TrajectoryWriter(tmp_path) as writer:
            for record in runs(3):
                writer.append_now(record)
            places = [entry.place for entry in read_index(tmp_path)]
        assert [read_at(tmp_path, place) for place in places] == runs(3)

    def test_a_place_that_is_none_is_told(self, tmp_path: Path) -> None:
        write(tmp_path, runs(1))
        [entry] = read_index(tmp_path)
        for line, file in ((9, "shard-gone.jsonl"), (9, entry.place.file)):
            place = Place(entry.place.shard, line, file, 0, line)
            with pytest.raises(LogError, match="line 9"):
                read_at(tmp_path, place)

    def test_it_is_found_by_the_first_digits_of_its_key(self, tmp_path: Path) -> None:
        write(tmp_path, runs(10))
        for record in runs(10):
            assert find_trajectory(tmp_path, record["key"][:8]) == record

    def test_of_several_attempts_the_last_is_found(self, tmp_path: Path) -> None:
        attempts = [recorded_run(attempt=attempt) for attempt in (2, 3, 1)]
        write(tmp_path, attempts)
        assert find_trajectory(tmp_path, attempts[0]["key"])["attempt"] == 3

    @pytest.mark.parametrize(("prefix", "told"), [("xyz", "'xyz'"), ("", "10 runs' keys")])
    def test_digits_of_no_key_or_of_many_are_refused(
        self, tmp_path: Path, prefix: str, told: str
    ) -> None:
        write(tmp_path, runs(10))
        with pytest.raises(UsageError, match=told):
            find_trajectory(tmp_path, prefix)


def test_the_latest_attempt_of_each_run_is_read_whichever_was_written_last(tmp_path: Path) -> None:
    late = [recorded_run(sample=sample, attempt=2) for sample in range(5)]
    write(tmp_path, late)
    write(tmp_path, [recorded_run(sample=sample, failures=[TIMEOUT]) for sample in range(8)])
    kept = [(record["sample"], record["attempt"]) for record in latest_trajectories(tmp_path)]
    assert sorted(kept) == [*((n, 2) for n in range(5)), *((n, 1) for n in range(5, 8))]


def test_a_record_that_is_twice_in_a_log_is_given_once(tmp_path: Path) -> None:
    write(tmp_path, runs(2))
    write(tmp_path, runs(2))
    assert by_sample(latest_trajectories(tmp_path)) == runs(2)


def test_two_writers_share_a_folder(tmp_path: Path) -> None:
    with TrajectoryWriter(tmp_path) as one, TrajectoryWriter(tmp_path) as other:
        for record, writer in zip(runs(10), [one, other] * 5, strict=True):
            writer.append_now(record)
        assert close_abandoned(tmp_path, on_problem=unexpected) == 0
    assert by_sample(read_trajectories(tmp_path)) == runs(10)


def test_a_shard_is_removed_unless_it_is_being_written(tmp_path: Path) -> None:
    write(tmp_path, runs(1))
    [closed] = list_shards(tmp_path)
    with TrajectoryWriter(tmp_path) as writer:
        writer.append_now(recorded_run(sample=1))
        [written] = [shard for shard in list_shards(tmp_path) if shard != closed]
        with pytest.raises(LogError, match="being written"):
            written.remove()
        closed.remove()
    assert [record["sample"] for record in read_trajectories(tmp_path)] == [1]


def test_a_folder_that_is_not_there_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        list(read_trajectories(tmp_path / "none"))


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.jsonl", "shard-1.txt", "collecting.lock", "shard-2.jsonl.zst.unfinished"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    write(tmp_path, runs(2))
    assert by_sample(read_trajectories(tmp_path, on_problem=unexpected)) == runs(2)
    assert (tmp_path / "notes.jsonl").read_text(encoding="utf-8") == "mine"


def test_problems_that_nobody_asks_for_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shard = leave_open(tmp_path, runs(2))
    shard.open_file.write_bytes(shard.open_file.read_bytes()[:-100])
    with caplog.at_level(logging.WARNING):
        assert list(read_trajectories(tmp_path)) == runs(1)
    [told] = caplog.messages
    assert told.startswith(f"{shard.name}, line 2: ") and "cut off" in told


def test_no_writer_works_in_a_fork(tmp_path: Path) -> None:
    program = f"""
import os
from recorded_runs import recorded_run
from crosearch.tools.errors import LogError
from crosearch.training.shards import TrajectoryWriter
writer = TrajectoryWriter({str(tmp_path)!r})
child = os.fork()
if not child:
    try:
        writer.append_now(recorded_run())
    except LogError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
writer.append_now(recorded_run())
writer.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "open one of its own" in done.stdout
    assert len(list(read_trajectories(tmp_path))) == 1
