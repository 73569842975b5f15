"""Brings the viewer's index up to date: reads what is new in a log's shards, line by line."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crosearch.training.migrations import SchemaError
from crosearch.training.record_checks import parse_record
from crosearch.training.shard_files import Shard, list_shards
from crosearch.training.shard_index import Place, load_index
from crosearch.training.shard_lines import DamagedLineError, LogProblem, unseal
from crosearch.training.shard_reader import read_lines
from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_runs import run_status, searched_languages
from crosearch.training.viewer_text import plain_text
from crosearch.training.viewer_words import short_words

_BATCH = 500
"""Records that are indexed in one transaction."""

_RUN = """
INSERT OR IGNORE INTO run
    (shard, line, file, offset, row, key, attempt, latest, grp, sample, parent, language,
     searched, policy, status, ending, trainable, turns, seconds, started)
VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LATEST = """
UPDATE run SET latest = (id = (
    SELECT other.id FROM run AS other WHERE other.key = run.key
    ORDER BY other.attempt DESC, other.id DESC LIMIT 1
))
"""
_CHANGE = "UPDATE history SET changes = changes + 1"


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexProgress:
    """How far the indexing has come."""

    records: int
    """Those indexed now."""
    done: int
    """Bytes of shards."""
    total: int
    """Bytes of all shards that had changed."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A shard that is not as the index knows it."""

    folder: int
    shard: Shard
    state: str
    size: int


class Indexing:
    """One pass over the shards that have changed."""

    def __init__(
        self,
        database: sqlite3.Connection,
        folders: Sequence[Path],
        progress: Callable[[IndexProgress], None] | None,
        stopped: Callable[[], bool],
    ) -> None:
        """Read nothing yet.

        Args:
            database: The index, to be written.
            folders: The logs.
            progress: Is told how far it has come, now and then.
            stopped: Says whether to leave the rest for another pass.
        """
        self._database = database
        self._folders = folders
        self._progress = progress
        self._stopped = stopped
        self._records = 0
        self._done = 0
        self._total = 0

    def run(self) -> None:
        """Bring the index up to date, or as far as it gets until it is stopped.

        Raises:
            LogError: A shard cannot be read.
            sqlite3.Error: The index cannot be written.
        """
        changes = self._changes()
        self._total = sum(change.size for change in changes)
        for change in changes:
            self._index(change)
            self._done += change.size
            self._tell(0)
            if self._stopped():
                return

    def _changes(self) -> list[_Change]:
        known = {
            (folder, name): (number, state)
            for number, folder, name, state in self._database.execute(
                "SELECT id, folder, name, state FROM shard"
            )
        }
        changes: list[_Change] = []
        for folder, place in enumerate(self._folders):
            for shard in list_shards(place):
                state, size = _state(shard)
                if known.pop((folder, shard.name), (0, ""))[1] != state:
                    changes.append(_Change(folder, shard, state, size))
        if known:
            self._forget([number for number, _ in known.values()])
        return changes

    def _index(self, change: _Change) -> None:
        number, closed, lines = self._shard_row(change)
        problems: list[LogProblem] = []
        batch: list[tuple[Place, Trajectory]] = []
        last = lines
        for place, data in read_lines(change.shard, problems.append):
            last = max(last, place.line)
            if place.line <= lines:
                continue
            try:
                batch.append((place, parse_record(unseal(data))))
            except (DamagedLineError, SchemaError) as error:
                problems.append(_problem(place, error))
            if len(batch) == _BATCH:
                self._write(number, batch)
                self._tell(place.offset)
                batch = []
                if self._stopped():
                    return
        self._write(number, batch)
        self._end(change, number, last, problems, moved=change.shard.is_closed() and not closed)

    def _shard_row(self, change: _Change) -> tuple[int, bool, int]:
        find = "SELECT id, closed, lines FROM shard WHERE folder = ? AND name = ?"
        names = (change.folder, change.shard.name)
        self._database.execute(
            "INSERT OR IGNORE INTO shard (folder, name, state, closed, lines) "
            "VALUES (?, ?, '', 0, 0)",
            names,
        )
        number, closed, lines = self._database.execute(find, names).fetchone()
        return number, bool(closed), lines

    def _write(self, shard: int, batch: Sequence[tuple[Place, Trajectory]]) -> None:
        if not batch:
            return
        with _transaction(self._database):
            for place, record in batch:
                self._insert(shard, place, record)
            self._database.execute(
                "UPDATE shard SET lines = max(lines, ?) WHERE id = ?", (batch[-1][0].line, shard)
            )
        self._records += len(batch)

    def _insert(self, shard: int, place: Place, record: Trajectory) -> None:
        row = self._database.execute(_RUN, _run_values(shard, place, record))
        if not row.rowcount:
            return  # Another viewer of the same log was quicker.
        number = row.lastrowid
        texts = (number, record["question"], record["answer"])
        self._database.execute(
            "INSERT INTO texts VALUES (?, ?, ?, ?)", (*texts, record["answer_language"])
        )
        self._database.execute(
            "INSERT INTO search (rowid, question, answer) VALUES (?, ?, ?)", texts
        )
        self._database.execute(
            "INSERT INTO short (rowid, words) VALUES (?, ?)", (number, _short(*texts[1:]))
        )
        for name, value in record["rewards"].items():
            name = plain_text(name)
            self._database.execute(
                "INSERT OR IGNORE INTO reward VALUES (?, ?, ?)", (number, name, value)
            )
            self._database.execute("INSERT OR IGNORE INTO reward_name VALUES (?)", (name,))
        key = record["key"]
        others = "SELECT count(*) FROM run WHERE key = ?"
        if self._database.execute(others, (key,)).fetchone()[0] > 1:
            self._database.execute(f"{_LATEST} WHERE key = ?", (key,))
            self._database.execute(_CHANGE)

    def _end(
        self,
        change: _Change,
        shard: int,
        lines: int,
        problems: Iterable[LogProblem],
        *,
        moved: bool,
    ) -> None:
        index = load_index(change.shard) if moved else None
        with _transaction(self._database):
            for record in index.records if index else ():
                place = record.place
                self._database.execute(
                    "UPDATE run SET file = ?, offset = ?, row = ? WHERE shard = ? AND line = ?",
                    (place.file, place.offset, place.row, shard, place.line),
                )
            if change.shard.is_closed():  # Its torn end was left out.
                self._database.execute(
                    "DELETE FROM problem WHERE shard = ? AND line > ?", (shard, lines)
                )
            for problem in problems:
                self._database.execute(
                    "INSERT OR REPLACE INTO problem VALUES (?, ?, ?)",
                    (shard, problem.line, str(problem)),
                )
            self._database.execute(
                "UPDATE shard SET state = ?, closed = ?, lines = ? WHERE id = ?",
                (change.state, change.shard.is_closed(), lines, shard),
            )

    def _forget(self, shards: Sequence[int]) -> None:
        """Take out what shards held that are gone: merged into others, or deleted."""
        with _transaction(self._database):
            for shard in shards:
                runs = "(SELECT id FROM run WHERE shard = ?)"
                texts = self._database.execute(
                    f"SELECT id, question, answer FROM texts WHERE id IN {runs}", (shard,)
                )
                self._database.executemany(
                    "INSERT INTO short (short, rowid, words) VALUES ('delete', ?, ?)",
                    [(number, _short(question, answer)) for number, question, answer in texts],
                )
                self._database.execute(
                    "INSERT INTO search (search, rowid, question, answer) "
                    f"SELECT 'delete', id, question, answer FROM texts WHERE id IN {runs}",
                    (shard,),
                )
                self._database.execute(f"DELETE FROM texts WHERE id IN {runs}", (shard,))
                self._database.execute(f"DELETE FROM reward WHERE run IN {runs}", (shard,))
                self._database.execute("DELETE FROM problem WHERE shard = ?", (shard,))
                self._database.execute("DELETE FROM run WHERE shard = ?", (shard,))
                self._database.execute("DELETE FROM shard WHERE id = ?", (shard,))
            self._database.execute(_LATEST)
            self._database.execute(_CHANGE)

    def _tell(self, offset: int) -> None:
        if self._progress:
            done = min(self._done + offset, self._total)
            self._progress(IndexProgress(records=self._records, done=done, total=self._total))


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _state(shard: Shard) -> tuple[str, int]:
    """Tell a shard's files from what they were before."""
    file = shard.closed_file if shard.is_closed() else shard.open_file
    try:
        status = file.stat()
    except FileNotFoundError:
        return "gone", 0  # Closed or deleted in this moment; the next pass sees which.
    return f"{file.name} {status.st_size} {status.st_mtime_ns}", status.st_size


def _short(question: str, answer: str) -> str:
    return " ".join(sorted(short_words(f"{question}\n{answer}")))


def _problem(place: Place, error: Exception) -> LogProblem:
    kind = error.kind if isinstance(error, DamagedLineError) else "schema"
    return LogProblem(shard=place.shard, line=place.line, kind=kind, message=str(error))


def _run_values(shard: int, place: Place, record: Trajectory) -> tuple[str | float | int, ...]:
    parent = record["parent"]
    searched = sorted(searched_languages(record))
    return (
        shard,
        place.line,
        place.file,
        place.offset,
        place.row,
        record["key"],
        record["attempt"],
        record["group"],
        record["sample"],
        parent["key"] if parent else "",
        record["language"],
        f",{','.join(searched)}," if searched else "",
        plain_text(record["policy"]["name"]),
        run_status(record),
        record["ending"] or "error",
        "no" if record["untrainable"] else "yes",
        len(record["history"]),
        record["seconds"],
        record["started"],
    )
