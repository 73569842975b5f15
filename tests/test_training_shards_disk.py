"""Full, failing and read-only disks cost what they failed, and nothing that counted."""

import asyncio
import errno
import os
from pathlib import Path

import pytest
from damaged_logs import mounted, open_shard, read, unexpected
from recorded_runs import recorded_run

from crosearch.tools.errors import LogError
from crosearch.training.shards import Shard, TrajectoryWriter, close_abandoned, list_shards
from crosearch.training.trajectories import Trajectory


def test_a_full_disk_loses_no_record_that_counted(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=96k", "tmpfs") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(40_000))
        log = disk / "log"
        kept: list[Trajectory] = []
        with TrajectoryWriter(log) as writer:
            with pytest.raises(LogError, match="No space left"):
                for sample in range(100):
                    writer.append_now(record := recorded_run(sample=sample))
                    kept.append(record)
            assert 0 < len(kept) < 100
            assert read(log) == (kept, [])
            with pytest.raises(LogError, match="No space left"):
                writer.append_now(recorded_run(sample=200))
            ballast.unlink()
            writer.append_now(record := recorded_run(sample=201))
            kept.append(record)
            assert read(log) == (kept, [])
        assert read(log) == (kept, [])


def test_where_the_disk_is_too_full_to_close_a_shard_it_stays_open(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=64k", "tmpfs") as disk:
        log = disk / "log"
        with TrajectoryWriter(log) as writer:
            for sample in range(5):
                writer.append_now(recorded_run(sample=sample))
            (disk / "ballast").write_bytes(bytes(4096))
            while True:
                try:
                    with (disk / "ballast").open("ab", buffering=0) as ballast:
                        ballast.write(bytes(4096))
                except OSError:
                    break
        [shard] = list_shards(log)
        assert list(log.iterdir()) == [shard.open_file]
        assert len(read(log)[0]) == 5
        (disk / "ballast").unlink()
        assert close_abandoned(log, on_problem=unexpected) == 1
        assert shard.is_closed()
        assert len(read(log)[0]) == 5


async def test_a_disk_that_fills_up_fails_each_record_that_waits(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=64k", "tmpfs") as disk:
        with TrajectoryWriter(disk / "log") as writer:
            results = await asyncio.gather(
                *(writer.append(recorded_run(sample=sample)) for sample in range(64)),
                return_exceptions=True,
            )
        assert {type(result) for result in results} <= {LogError, type(None)}
        kept = {sample for sample, result in enumerate(results) if result is None}
        records, problems = read(disk / "log")
        assert {record["sample"] for record in records} == kept
        assert problems == []


class Disk:
    """Watches what the disk was waited for, and fails when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: dict[int, int] = {}
        """By inode, the bytes that were there when the disk was last waited for."""
        self.fails = False
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fsync(descriptor)
        state = os.fstat(descriptor)
        self.synced[state.st_ino] = state.st_size

    def has(self, path: Path) -> bool:
        state = path.stat()
        return self.synced.get(state.st_ino) == state.st_size


def test_a_record_counts_only_once_the_disk_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    log = tmp_path / "new" / "log"
    with TrajectoryWriter(log) as writer:
        for sample in range(3):
            writer.append_now(recorded_run(sample=sample))
            [shard] = list_shards(log)
            assert disk.has(shard.open_file)
        for folder in (log, log.parent, log.parent.parent):
            assert folder.stat().st_ino in disk.synced


def test_the_open_form_goes_only_once_the_disk_has_the_closed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard, _ = open_shard(tmp_path, 3)
    disk = Disk(monkeypatch)
    deleted: list[Path] = []
    unlink = Path.unlink

    def watched(path: Path, missing_ok: bool = False) -> None:
        if path == shard.open_file:
            assert disk.has(shard.closed_file) and disk.has(shard.index_file)
            assert tmp_path.stat().st_ino in disk.synced
            deleted.append(path)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", watched)
    close_abandoned(tmp_path, on_problem=unexpected)
    assert deleted == [shard.open_file]


@pytest.mark.parametrize("can_take_back", [True, False])
def test_a_disk_that_fails_costs_the_record_that_it_failed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_take_back: bool
) -> None:
    disk = Disk(monkeypatch)

    def refuse(descriptor: int, length: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with TrajectoryWriter(tmp_path) as writer:
        writer.append_now(recorded_run(sample=0))
        with monkeypatch.context() as patch:
            if not can_take_back:
                patch.setattr(os, "ftruncate", refuse)
            disk.fails = True
            with pytest.raises(LogError, match="Input/output error"):
                writer.append_now(recorded_run(sample=1))
            disk.fails = False
        writer.append_now(recorded_run(sample=2))
        assert len(list_shards(tmp_path)) == (1 if can_take_back else 2)
    found = {record["sample"] for record in read(tmp_path)[0]}
    # What could not be taken back may have reached the disk all the same.
    assert found == ({0, 2} if can_take_back else {0, 1, 2})


def test_a_shard_that_cannot_be_closed_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(shard: Shard, report: object) -> None:
        raise MemoryError("no room to compress")

    monkeypatch.setattr("crosearch.training.shard_writer.close_shard", fail)
    with TrajectoryWriter(tmp_path, shard_bytes=1) as writer:
        for sample in range(3):
            writer.append_now(recorded_run(sample=sample))
    assert len(read(tmp_path)[0]) == 3
    assert "stays uncompressed: no room to compress" in caplog.text


def test_a_read_only_disk_is_told_before_anything_is_run(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with TrajectoryWriter(log) as writer:
        writer.append_now(recorded_run())
    with mounted(tmp_path / "frozen", "--bind", "-o", "ro", str(log)) as frozen:
        with pytest.raises(LogError, match="read-only"):
            TrajectoryWriter(frozen)
        assert len(read(frozen)[0]) == 1


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("not a folder", encoding="utf-8")
    for folder in (tmp_path / "log", tmp_path / "log" / "inner"):
        with pytest.raises(LogError, match="cannot write to the trajectory log"):
            TrajectoryWriter(folder)
