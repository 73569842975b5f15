"""`crosearch log`: a log counted, checked, packed and merged from the command line."""

from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from recorded_runs import DE, TIMEOUT, recorded_run

from crosearch.training.shards import TrajectoryWriter, list_shards, read_trajectories


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    for record in (
        recorded_run(with_tokens=True),
        recorded_run(sample=1, reward=0.0),
        recorded_run("Wie lang?", language=DE, attempt=1, failures=[TIMEOUT]),
        recorded_run("Wie lang?", language=DE, attempt=2, policy="local:\x1b[2J"),
    ):
        with TrajectoryWriter(folder) as writer:
            writer.append_now(record)
    return folder


def damage(log: Path) -> str:
    (shard, *_) = list_shards(log)
    data = bytearray(shard.closed_file.read_bytes())
    data[len(data) // 2] ^= 1
    shard.closed_file.write_bytes(data)
    return shard.name


def test_stats_are_a_few_tables_for_a_person(log: Path) -> None:
    result = crosearch("log", "stats", str(log))
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["records", "4,", "of", "which", "0", "superseded"] in lines
    assert ["runs", "4", "of", "2", "questions"] in lines
    assert any(line[:1] == ["de"] for line in lines)
    assert any(line[:2] == ["answer_f1", "3"] for line in lines)
    assert any(line[:1] == ["search"] for line in lines)
    assert "\x1b" not in result.stdout


def test_stats_are_one_object_for_a_program(log: Path) -> None:
    counted = printed_json(crosearch("log", "stats", str(log), str(log), "--json"))
    assert (counted["records"], counted["runs"], counted["unreadable"]) == (8, 4, 0)
    assert counted["languages"]["en"]["evidence"] == {"de": 2, "fr": 2}


def test_stats_tell_what_they_could_not_read(log: Path) -> None:
    name = damage(log)
    result = crosearch("log", "stats", str(log), "--json")
    assert result.exit_code == 0
    assert name in result.stderr
    assert '"unreadable": 1' in result.stdout


def test_a_sound_log_is_verified(log: Path) -> None:
    result = crosearch("log", "verify", str(log))
    assert result.exit_code == 0
    assert result.stdout == f"{log}: sound; 4 records in 4 shards\n"


def test_a_damaged_log_ends_with_1_and_names_the_place(log: Path) -> None:
    name = damage(log)
    result = crosearch("log", "verify", str(log))
    assert result.exit_code == 1
    assert f"{name}, line 1: checksum: " in result.stdout
    told = crosearch("log", "verify", str(log), "--json")
    assert told.exit_code == 1
    assert '"sound": false' in told.stdout and name in told.stdout


def test_compact_says_what_it_did(log: Path) -> None:
    first = log / "shard-00aa.jsonl"
    first.write_bytes(b'{"sum":"')
    result = crosearch("log", "compact", str(log))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{log}: 4 records, shards 5 -> 1; left out: 1 torn\n"


def test_merge_makes_one_log_of_several(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with TrajectoryWriter(other) as writer:
        writer.append_now(recorded_run(with_tokens=True))
        writer.append_now(recorded_run("How deep?"))
    out = tmp_path / "all"
    merged = printed_json(
        crosearch("log", "merge", str(log), str(other), "--out", str(out), "--json")
    )
    assert (merged["records"], merged["duplicates"], merged["shards"]) == (5, 1, 1)
    assert len(list(read_trajectories(out))) == 5
    again = crosearch("log", "merge", str(log), "--out", str(out))
    assert "not empty" in refusal(again)


@pytest.mark.parametrize("command", ["stats", "verify", "compact"])
def test_a_log_that_is_not_there_is_one_line(command: str, tmp_path: Path) -> None:
    assert "no such folder" in refusal(crosearch("log", command, str(tmp_path / "none")))


def test_a_log_that_is_being_written_is_not_compacted(log: Path) -> None:
    with TrajectoryWriter(log) as writer:
        writer.append_now(recorded_run(sample=9))
        result = crosearch("log", "compact", str(log))
    assert result.exit_code == 1 and "is writing" in result.stderr
