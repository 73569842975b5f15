"""The viewer's index of a log: a database beside the user's other things, never in the log.

It holds of each record what lists and searches need, and where the record lies; records are read
from the log itself. It grows with the log, shard by shard and line by line: what is indexed once
is not read again. It can be deleted at any time, and is then built anew.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.shard_files import list_shards
from crosearch.training.shard_index import Place
from crosearch.training.shard_reader import read_at
from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_database import database_path, open_database
from crosearch.training.viewer_indexing import Indexing, IndexProgress


class LogIndex:
    """The index of one log, or of several that are looked at together."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Open the database, which may be empty yet.

        Args:
            folders: The logs; each has to hold at least one shard.

        Raises:
            UsageError: There is no log in one of them.
            LogError: The database cannot be made.
        """
        for folder in folders:
            if not list_shards(folder):
                raise UsageError(f"there is no trajectory log in {str(folder)!r}: it has no shards")
        self.folders = tuple(folders)
        path = database_path(folders)
        self._writer = open_database(path)
        self._reader = open_database(path)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._closing = False

    def close(self) -> None:
        """Stop indexing where it stands, and close the database."""
        self._closing = True
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def refresh(self, progress: Callable[[IndexProgress], None] | None = None) -> None:
        """Bring the index up to date with the log.

        Args:
            progress: Is told how far it has come, now and then.

        Raises:
            LogError: A shard cannot be read, or the database not be written.
        """
        with self._writing:
            if self._closing:
                return
            try:
                Indexing(self._writer, self.folders, progress, lambda: self._closing).run()
            except sqlite3.Error as error:
                raise LogError(f"the viewer's index cannot be written: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the database for reading, to one at a time."""
        with self._reading:
            if self._closing:
                raise LogError("the viewer is closing")
            yield self._reader

    def read(self, key: str, attempt: int | None = None) -> Trajectory:
        """Read a run's record: the attempt asked for, else the one that counts.

        Args:
            key: The run's key, or as many of its first digits as make it the only one.
            attempt: Counts from 1.

        Raises:
            UsageError: There is no such run, or several have keys that begin so.
            LogError: The record cannot be read.
        """
        with self.reading() as database:
            whole = _whole_name(database, "run", "key", key)
            row = database.execute(
                f"{_PLACES} WHERE key = ? AND attempt = ifnull(?, attempt) "
                "ORDER BY attempt DESC, run.id DESC LIMIT 1",
                (whole, attempt),
            ).fetchone()
        if row is None:
            raise UsageError(f"the run {whole} has no attempt {attempt}")
        return self._read_row(row)

    def read_group(self, group: str, most: int) -> tuple[list[Trajectory], int]:
        """Read the runs of a question, those of one policy next to each other.

        Args:
            group: The group's name, or as many of its first digits as make it the only one.
            most: How many to read.

        Returns:
            The runs, and how many there are beyond.

        Raises:
            UsageError: There is no such group, or several have names that begin so.
            LogError: A record cannot be read.
        """
        with self.reading() as database:
            rows = database.execute(
                f"{_PLACES} WHERE grp = ? AND latest ORDER BY policy, sample, started, run.id",
                (_whole_name(database, "group", "grp", group),),
            ).fetchall()
        return [self._read_row(row) for row in rows[:most]], max(len(rows) - most, 0)

    def attempts(self, key: str) -> list[int]:
        """List a run's attempts, first to last."""
        with self.reading() as database:
            rows = database.execute(
                "SELECT DISTINCT attempt FROM run WHERE key = ? ORDER BY 1", (key,)
            )
            return [attempt for (attempt,) in rows]

    def forks(self, key: str) -> list[str]:
        """List the keys of the runs that were forked from a run."""
        with self.reading() as database:
            rows = database.execute(
                "SELECT key FROM run WHERE parent = ? AND parent <> '' AND latest ORDER BY id",
                (key,),
            )
            return [fork for (fork,) in rows]

    def problems(self) -> int:
        """Count the lines of the log that could not be read as records."""
        with self.reading() as database:
            return int(database.execute("SELECT count(*) FROM problem").fetchone()[0])

    def _read_row(self, row: tuple[int, str, int, str, int, int]) -> Trajectory:
        folder, shard, line, file, offset, place = row
        return read_at(self.folders[folder], Place(shard, line, file, offset, place))


_PLACES = """
SELECT shard.folder, shard.name, run.line, run.file, run.offset, run.row
FROM run JOIN shard ON shard.id = run.shard
"""


def _whole_name(database: sqlite3.Connection, what: str, column: str, start: str) -> str:
    """Find the one value of a column that begins so; a value that is all of it comes first."""
    rows = database.execute(
        f"SELECT DISTINCT {column} FROM run WHERE {column} >= ? "
        f"AND {column} < ? || char(1114111) ORDER BY 1 LIMIT 2",
        (start, start),
    ).fetchall()
    if not start or not rows:
        raise UsageError(f"the log has no {what} whose name begins with {start!r}")
    if len(rows) > 1 and rows[0][0] != start:
        raise UsageError(f"several {what}s' names begin with {start!r}: give more of it")
    return str(rows[0][0])
