"""Torn ends, flipped bits and strange lines are found, and cost no other record."""

import random
from pathlib import Path

import pytest
from damaged_logs import open_shard, read, slim_run, unexpected
from recorded_runs import recorded_run

from crosearch.training.shard_lines import seal
from crosearch.training.shards import (
    LogProblem,
    TrajectoryWriter,
    close_abandoned,
    list_shards,
    read_index,
)


class TestTornShard:
    def test_cut_at_any_byte_of_its_last_record_it_keeps_the_others(self, tmp_path: Path) -> None:
        shard, lines = open_shard(tmp_path, 3)
        last = lines.rindex(b"\n", 0, -1) + 1
        whole = [slim_run(sample) for sample in range(2)]
        for end in range(last + 1, len(lines)):
            shard.open_file.write_bytes(lines[:end])
            records, problems = read(tmp_path)
            assert records == whole
            assert [(p.line, p.kind) for p in problems] == [(3, "torn")]
            assert f"{end - last:,} bytes" in problems[0].message

    def test_its_end_never_counted_and_is_gone_once_it_is_closed(self, tmp_path: Path) -> None:
        shard, lines = open_shard(tmp_path, 3)
        shard.open_file.write_bytes(lines[:-10])
        problems: list[LogProblem] = []
        close_abandoned(tmp_path, on_problem=problems.append)
        assert [problem.kind for problem in problems] == ["torn"]
        assert [entry.sample for entry in read_index(tmp_path)] == [0, 1]
        assert read(tmp_path)[1] == []

    @pytest.mark.parametrize("left", [b"", b"{"])
    def test_with_no_whole_record_it_is_an_empty_one(self, tmp_path: Path, left: bytes) -> None:
        shard, _ = open_shard(tmp_path, 1)
        shard.open_file.write_bytes(left)
        assert read(tmp_path)[0] == []
        close_abandoned(tmp_path, on_problem=lambda problem: None)
        assert list_shards(tmp_path) == []


class TestFlippedBit:
    def test_in_any_byte_of_a_record_it_is_found(self, tmp_path: Path) -> None:
        shard, lines = open_shard(tmp_path, 3)
        starts = [0, *(at + 1 for at, byte in enumerate(lines[:-1]) if byte == ord("\n"))]
        for at in range(starts[1], starts[2] - 1):
            damaged = bytearray(lines)
            damaged[at] ^= 1 << (at % 8)
            shard.open_file.write_bytes(damaged)
            records, problems = read(tmp_path)
            assert [record["sample"] for record in records] == [0, 2]
            # A flip can make a line feed, and so two damaged lines of one.
            assert {problem.kind for problem in problems} == {"checksum"}

    def test_in_an_open_shard_it_is_still_found_when_that_is_closed(self, tmp_path: Path) -> None:
        shard, lines = open_shard(tmp_path, 3)
        damaged = bytearray(lines)
        damaged[len(lines) // 2] ^= 4
        shard.open_file.write_bytes(damaged)
        close_abandoned(tmp_path, on_problem=unexpected)
        records, problems = read(tmp_path)
        assert [record["sample"] for record in records] == [0, 2]
        assert [(problem.line, problem.kind) for problem in problems] == [(2, "checksum")]
        assert [entry.sample for entry in read_index(tmp_path)] == [0, 2]

    def test_in_a_closed_shard_it_costs_the_lines_of_one_frame(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("crosearch.training.shard_closing.FRAME_BYTES", 10_000)
        with TrajectoryWriter(tmp_path) as writer:
            for sample in range(30):
                writer.append_now(recorded_run(sample=sample))
        [shard] = list_shards(tmp_path)
        data = shard.closed_file.read_bytes()
        choose = random.Random(5)
        for _ in range(100):
            damaged = bytearray(data)
            damaged[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
            shard.closed_file.write_bytes(damaged)
            records, problems = read(tmp_path)
            if not problems:  # A bit that says nothing, such as an unused one of a frame's head.
                assert len(records) == 30
                continue
            [problem] = problems
            assert problem.kind == "checksum"
            assert "lost" in problem.message
            assert 20 <= len(records) < 30
            lost = set(range(30)) - {record["sample"] for record in records}
            assert min(lost) == problem.line - 1

    def test_without_the_index_what_lies_before_is_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("crosearch.training.shard_closing.FRAME_BYTES", 10_000)
        with TrajectoryWriter(tmp_path) as writer:
            for sample in range(30):
                writer.append_now(recorded_run(sample=sample))
        [shard] = list_shards(tmp_path)
        shard.index_file.unlink()
        data = shard.closed_file.read_bytes()
        shard.closed_file.write_bytes(data[:-100])
        records, problems = read(tmp_path)
        assert [record["sample"] for record in records] == list(range(len(records)))
        assert 10 < len(records) < 30
        assert [problem.line for problem in problems] == [0, len(records) + 1]


def test_lines_that_others_wrote_are_told_by_what_is_wrong_with_them(tmp_path: Path) -> None:
    shard, lines = open_shard(tmp_path, 1)
    strange = [b'{"record":{}}\n', seal(b"{not json"), seal(b"[1]"), seal(b'{"schema_version":1}')]
    shard.open_file.write_bytes(b"".join([*strange, lines]))
    records, problems = read(tmp_path)
    assert len(records) == 1
    assert [problem.kind for problem in problems] == ["checksum", "json", "json", "schema"]
    assert [problem.line for problem in problems] == [1, 2, 3, 4]
