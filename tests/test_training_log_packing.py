"""Logs checked, packed and merged: what is wrong is found, and no record is ever lost."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from recorded_runs import TIMEOUT, recorded_run

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.log_checks import check_log
from crosearch.training.log_packing import compact_log, merge_logs
from crosearch.training.shards import (
    TrajectoryWriter,
    latest_trajectories,
    list_shards,
    read_trajectories,
)
from crosearch.training.trajectories import Trajectory


def write(folder: Path, *records: Trajectory, shard_bytes: int = 2**26) -> Path:
    with TrajectoryWriter(folder, shard_bytes=shard_bytes) as writer:
        for record in records:
            writer.append_now(record)
    return folder


def leave_open(folder: Path, *records: Trajectory) -> Path:
    """Write a shard as a killed process leaves it, and return its file."""
    beside = write(folder / "beside", *records)
    (shard,) = list_shards(beside)
    import zstandard

    lines = zstandard.ZstdDecompressor().stream_reader(shard.closed_file.read_bytes()).read()
    path = folder / shard.open_file.name
    path.write_bytes(lines)
    for file in beside.iterdir():
        file.unlink()
    beside.rmdir()
    return path


def runs(folder: Path) -> dict[tuple[str, int], Trajectory]:
    found = [((r["key"], r["attempt"]), r) for r in read_trajectories(folder)]
    assert len(dict(found)) == len(found), "a record lies twice"
    return dict(found)


def test_a_sound_log_has_no_findings(tmp_path: Path) -> None:
    log = write(tmp_path / "log", *(recorded_run(sample=n) for n in range(5)), shard_bytes=6000)
    check = check_log(log)
    assert check.is_sound and not check.findings
    assert check.records == 5 and check.shards > 1


def test_a_flipped_bit_is_found_with_its_shard_and_line(tmp_path: Path) -> None:
    path = leave_open(tmp_path, *(recorded_run(sample=n) for n in range(3)))
    data = bytearray(path.read_bytes())
    second = data.index(b"\n") + 1
    data[second + 400] ^= 1
    path.write_bytes(data)
    check = check_log(tmp_path)
    (finding,) = check.findings
    assert not check.is_sound and check.records == 2
    assert (finding.shard, finding.line, finding.kind) == (path.stem, 2, "checksum")


def test_a_torn_end_is_told_and_harmless(tmp_path: Path) -> None:
    path = leave_open(tmp_path, recorded_run(sample=0), recorded_run(sample=1))
    path.write_bytes(path.read_bytes()[:-10])
    check = check_log(tmp_path)
    (finding,) = check.findings
    assert finding.kind == "torn" and finding.line == 2
    assert check.is_sound and check.records == 1


def test_an_index_of_another_shard_is_found(tmp_path: Path) -> None:
    log = write(tmp_path / "log", recorded_run(sample=0))
    other = write(tmp_path / "other", recorded_run(sample=1))
    (mine,), (theirs,) = list_shards(log), list_shards(other)
    mine.index_file.write_bytes(theirs.index_file.read_bytes())
    assert {finding.kind for finding in check_log(log).findings} == {"index"}
    mine.index_file.unlink()
    assert [finding.line for finding in check_log(log).findings] == [0]


def test_a_record_that_lies_twice_is_harmless_only_where_it_is_the_same(tmp_path: Path) -> None:
    write(tmp_path, recorded_run())
    write(tmp_path, recorded_run())
    check = check_log(tmp_path)
    assert [finding.kind for finding in check.findings] == ["duplicate"] and check.is_sound
    other = recorded_run()
    other["seconds"] = 9.0
    write(tmp_path, other)
    assert not check_log(tmp_path).is_sound


def test_compacting_leaves_one_full_shard_and_the_latest_attempts(tmp_path: Path) -> None:
    for sample in range(4):
        write(tmp_path, recorded_run(sample=sample))
    write(tmp_path, recorded_run(sample=0, attempt=2, failures=[TIMEOUT]))
    write(tmp_path, recorded_run(sample=3))
    torn = leave_open(tmp_path, recorded_run(sample=4), recorded_run(sample=5))
    torn.write_bytes(torn.read_bytes()[:-1])
    before = {record["key"]: record for record in latest_trajectories(tmp_path)}

    report = compact_log(tmp_path)
    assert (report.superseded, report.duplicates, report.torn) == (1, 1, 1)
    assert (report.records, report.shards_before, report.shards) == (5, 7, 1)
    assert {key: record for (key, _), record in runs(tmp_path).items()} == before
    assert check_log(tmp_path).findings == ()
    assert not list(tmp_path.glob("*unfinished"))


def test_compacting_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, *(recorded_run(sample=n) for n in range(9)), shard_bytes=1)
    compact_log(tmp_path, shard_bytes=12_000)
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*")}
    report = compact_log(tmp_path, shard_bytes=12_000)
    assert report.records == 9 and report.shards == report.shards_before > 1
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*")} == files


def test_a_log_that_is_being_written_is_not_compacted(tmp_path: Path) -> None:
    with TrajectoryWriter(tmp_path) as writer:
        writer.append_now(recorded_run())
        with pytest.raises(LogError, match="is writing"):
            compact_log(tmp_path)
    assert compact_log(tmp_path).records == 1


def test_a_damaged_shard_stays_as_it_is_and_is_told(tmp_path: Path) -> None:
    path = leave_open(tmp_path, *(recorded_run(sample=n) for n in range(3)))
    data = bytearray(path.read_bytes())
    data[300] ^= 1
    path.write_bytes(data)
    write(tmp_path, recorded_run(sample=3))
    write(tmp_path, recorded_run(sample=4), recorded_run(sample=1))
    report = compact_log(tmp_path)
    assert [(finding.kind, finding.line) for finding in report.findings] == [("checksum", 1)]
    assert (report.records, report.duplicates, report.shards) == (4, 1, 2)
    assert [finding.kind for finding in check_log(tmp_path).findings] == ["checksum"]
    assert len(runs(tmp_path)) == 4


def test_a_shard_without_its_index_gets_one(tmp_path: Path) -> None:
    (shard,) = list_shards(write(tmp_path, recorded_run()))
    shard.index_file.unlink()
    compact_log(tmp_path)
    assert check_log(tmp_path).findings == () and len(runs(tmp_path)) == 1


def test_merging_takes_each_attempt_once_and_leaves_the_logs_alone(tmp_path: Path) -> None:
    one = write(tmp_path / "one", recorded_run(sample=0), recorded_run(sample=1))
    two = write(tmp_path / "two", recorded_run(sample=1), recorded_run(sample=1, attempt=2))
    report = merge_logs([one, two], tmp_path / "deep" / "merged")
    assert (report.records, report.duplicates, report.shards) == (3, 1, 1)
    assert runs(tmp_path / "deep" / "merged") == runs(one) | runs(two)
    assert check_log(tmp_path / "deep" / "merged").findings == ()


def test_merging_into_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "one", recorded_run())
    with pytest.raises(UsageError, match="not empty"):
        merge_logs([one], one)
    with pytest.raises(UsageError, match="no such folder"):
        merge_logs([one, tmp_path / "none"], tmp_path / "merged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one"]


def test_merging_leaves_damaged_lines_out_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    path = leave_open(tmp_path / "one", recorded_run(sample=0), recorded_run(sample=1))
    path.write_bytes(path.read_bytes().replace(b"Rhein", b"Rhine", 1))
    report = merge_logs([tmp_path / "one"], tmp_path / "merged")
    assert [finding.kind for finding in report.findings] == ["checksum"]
    assert report.records == 1


def test_a_full_disk_leaves_nothing_of_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    one = write(tmp_path / "one", recorded_run())
    monkeypatch.setattr("crosearch.training.shard_packing.write_all", full)
    with pytest.raises(LogError, match="No space left"):
        merge_logs([one], tmp_path / "merged")
    with pytest.raises(LogError, match="No space left"):
        write(one, recorded_run(sample=1))
        compact_log(one)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one"]
    assert len(runs(one)) == 2 and check_log(one).is_sound


def test_a_compaction_that_is_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    samples = 60
    for start in range(0, samples, 3):
        write(tmp_path, *(recorded_run(sample=start + n) for n in range(3)))
    expected = {record["key"]: record for record in read_trajectories(tmp_path)}
    script = (
        "import sys; from crosearch.training.log_packing import compact_log; print(flush=True);"
        "compact_log(sys.argv[1], shard_bytes=int(sys.argv[2]))"
    )
    chance = random.Random(7)
    for number in range(6):
        size = str(20_000 + 5_000 * number)  # Each wants the shards anew.
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), size], stdout=subprocess.PIPE
        )
        assert process.stdout
        with process.stdout:
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.06))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert {r["key"]: r for r in latest_trajectories(tmp_path)} == expected
        assert check_log(tmp_path).is_sound
    compact_log(tmp_path)
    assert {key: record for (key, _), record in runs(tmp_path).items()} == expected
