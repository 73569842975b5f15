"""The viewer's index follows a log as it grows, closes, moves and breaks."""

import copy
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from viewer_samples import EN, arabic_run, failed_run, lighthouse_run, run, write_log

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.shards import TrajectoryWriter, list_shards
from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_database import database_path
from crosearch.training.viewer_filters import Filters
from crosearch.training.viewer_index import LogIndex
from crosearch.training.viewer_indexing import IndexProgress
from crosearch.training.viewer_list import RunList


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@contextmanager
def indexed(*folders: Path) -> Iterator[LogIndex]:
    with closing(LogIndex(folders)) as index:
        index.refresh()
        yield index


def questions(index: LogIndex, text: str = "") -> list[str]:
    return sorted(run.question for run in RunList(index).page(Filters(text=text)).runs)


def test_a_log_is_read_once_and_its_records_are_found_again(tmp_path: Path) -> None:
    records = [lighthouse_run(), failed_run(), arabic_run()]
    log = write_log(tmp_path / "log", records)
    with indexed(log) as index:
        assert questions(index) == sorted(record["question"] for record in records)
        assert [index.read(record["key"]) for record in records] == records
    told: list[IndexProgress] = []
    with closing(LogIndex([log])) as index:
        index.refresh(told.append)
        assert len(questions(index)) == 3
    assert not told


def test_the_index_lies_in_the_users_home_and_not_in_the_log(tmp_path: Path, home: Path) -> None:
    log = write_log(tmp_path / "log", [lighthouse_run()])
    before = sorted(log.iterdir())
    with indexed(log):
        assert database_path([log]).is_relative_to(home)
    assert sorted(log.iterdir()) == before


def test_new_records_of_a_shard_being_written_come_in(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with TrajectoryWriter(log) as writer:
        writer.append_now(lighthouse_run())
        with indexed(log) as index:
            writer.append_now(arabic_run())
            writer.append_now(failed_run())
            told: list[IndexProgress] = []
            index.refresh(told.append)
            assert told[-1].records == 2
            assert len(questions(index)) == 3
            assert index.read(failed_run()["key"]) == failed_run()


def test_records_are_found_again_when_their_shard_is_closed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    records = [lighthouse_run(sample) for sample in range(5)]
    with TrajectoryWriter(log) as writer:
        for record in records:
            writer.append_now(record)
        with indexed(log) as index:
            writer.close()
            assert list_shards(log)[0].is_closed()
            assert [index.read(record["key"]) for record in records] == records
            index.refresh()
            assert [index.read(record["key"]) for record in records] == records
            with index.reading() as database:
                files = database.execute("SELECT DISTINCT file FROM run").fetchall()
            assert files == [(list_shards(log)[0].closed_file.name,)]


def test_the_last_attempt_counts_and_the_others_can_be_read(tmp_path: Path) -> None:
    first, second = run("Again?", EN, attempt=1), run("Again?", EN, attempt=2, answer="Yes.")
    log = write_log(tmp_path / "log", [second, first])
    with indexed(log) as index:
        assert questions(index) == ["Again?"]
        assert index.read(first["key"]) == second
        assert index.read(first["key"], 1) == first
        assert index.attempts(first["key"]) == [1, 2]
        with pytest.raises(UsageError, match="no attempt 3"):
            index.read(first["key"], 3)


def test_forks_are_found_from_their_parent(tmp_path: Path) -> None:
    parent, child = lighthouse_run(), lighthouse_run(sample=1)
    child["parent"] = {"key": parent["key"], "turn": 2, "change": "searched in German"}
    with indexed(write_log(tmp_path / "log", [parent, child])) as index:
        assert index.forks(parent["key"]) == [child["key"]]
        assert index.forks(child["key"]) == []


def test_a_run_is_named_by_the_first_digits_of_its_key(tmp_path: Path) -> None:
    records = [with_key(lighthouse_run(), key) for key in ("abc1", "abc2", "abc")]
    with indexed(write_log(tmp_path / "log", records)) as index:
        assert index.read("abc1") == records[0]
        assert index.read("abc") == records[2]
        for key, told in (("ab", "several"), ("f", "no run"), ("", "no run"), ("abc%", "no run")):
            with pytest.raises(UsageError, match=told):
                index.read(key)


def test_a_group_is_read_with_what_is_beyond_the_most(tmp_path: Path) -> None:
    records = [lighthouse_run(sample) for sample in range(4)]
    with indexed(write_log(tmp_path / "log", [*records, arabic_run()])) as index:
        assert index.read_group(records[0]["group"], 9) == (records, 0)
        assert index.read_group(records[0]["group"][:8], 3) == (records[:3], 1)
        with pytest.raises(UsageError, match="no group"):
            index.read_group("0000", 9)


def test_several_logs_are_looked_at_together(tmp_path: Path) -> None:
    one = write_log(tmp_path / "one", [lighthouse_run()])
    two = write_log(tmp_path / "two", [arabic_run(), lighthouse_run()])
    with indexed(one, two) as index:
        assert len(questions(index)) == 2
        assert index.read(arabic_run()["key"]) == arabic_run()


def test_a_shard_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", [lighthouse_run(), failed_run()])
    gone = list_shards(log)[0]
    write_log(log, [arabic_run(), lighthouse_run()])
    with indexed(log) as index:
        assert len(questions(index)) == 3
        gone.remove()
        index.refresh()
        assert questions(index) == sorted([arabic_run()["question"], lighthouse_run()["question"]])
        assert questions(index, "Neusiedl") == []
        assert questions(index, "Cordouan") == [lighthouse_run()["question"]]


def test_damaged_lines_are_counted_and_the_rest_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with TrajectoryWriter(log) as writer:
        writer.append_now(lighthouse_run())
        writer.append_now(arabic_run())
        writer.append_now(failed_run())
        file = list_shards(log)[0].open_file
        data = bytearray(file.read_bytes())
        data[data.index(b"\n") + 60] ^= 1
        file.write_bytes(data)
        with indexed(log) as index:
            assert questions(index) == sorted(
                [lighthouse_run()["question"], failed_run()["question"]]
            )
            assert index.problems() == 1
            index.refresh()
            assert index.problems() == 1


def test_a_damaged_index_is_built_anew(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", [lighthouse_run()])
    with indexed(log):
        pass
    database_path([log]).write_bytes(b"no database at all, and long enough to be read as one" * 99)
    with indexed(log) as index:
        assert len(questions(index)) == 1


def test_two_viewers_of_one_log_share_its_index(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", [lighthouse_run(), failed_run()])
    with indexed(log) as one, indexed(log) as two:
        write_log(log, [arabic_run()])
        one.refresh()
        two.refresh()
        assert questions(one) == questions(two)
        assert len(questions(one)) == 3


def test_where_there_is_no_log_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no trajectory log in .*empty"):
        LogIndex([tmp_path / "empty"])
    with pytest.raises(UsageError, match="nowhere"):
        LogIndex([tmp_path / "nowhere"])


def test_a_home_that_cannot_be_written_to_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_log(tmp_path / "log", [lighthouse_run()])
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path / "file"))
    with pytest.raises(LogError, match="cannot be made"):
        LogIndex([log])


def with_key(record: Trajectory, key: str) -> Trajectory:
    changed = copy.deepcopy(record)
    changed["key"] = key
    return changed
