"""The viewer's database: its tables, where it lies, and how it is opened."""

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from crosearch.tools.errors import LogError
from crosearch.tools.settings import home

VERSION = 1
"""Of the tables; a database of another one is built anew."""

# `history` counts the times that runs went, or counted no more: what was kept of them is stale.
_TABLES = """
CREATE TABLE shard (
    id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
    closed INTEGER NOT NULL, lines INTEGER NOT NULL, UNIQUE (folder, name)
);
CREATE TABLE run (
    id INTEGER PRIMARY KEY, shard INTEGER NOT NULL, line INTEGER NOT NULL,
    file TEXT NOT NULL, offset INTEGER NOT NULL, row INTEGER NOT NULL,
    key TEXT NOT NULL, attempt INTEGER NOT NULL, latest INTEGER NOT NULL,
    grp TEXT NOT NULL, sample INTEGER NOT NULL, parent TEXT NOT NULL,
    language TEXT NOT NULL, searched TEXT NOT NULL, policy TEXT NOT NULL, status TEXT NOT NULL,
    ending TEXT NOT NULL, trainable TEXT NOT NULL,
    turns INTEGER NOT NULL, seconds REAL NOT NULL, started TEXT NOT NULL,
    UNIQUE (shard, line)
);
CREATE INDEX run_key ON run (key, attempt);
CREATE INDEX run_group ON run (grp);
CREATE INDEX run_parent ON run (parent) WHERE parent <> '';
CREATE INDEX run_started ON run (latest, started);
CREATE TABLE reward (
    run INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (name, run)
) WITHOUT ROWID;
CREATE TABLE reward_name (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE problem (
    shard INTEGER NOT NULL, line INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (shard, line)
) WITHOUT ROWID;
CREATE TABLE texts (
    id INTEGER PRIMARY KEY, question TEXT NOT NULL, answer TEXT NOT NULL,
    answer_language TEXT NOT NULL
);
CREATE TABLE history (changes INTEGER NOT NULL);
INSERT INTO history VALUES (0);
CREATE VIRTUAL TABLE search
    USING fts5 (question, answer, content = 'texts', content_rowid = 'id', tokenize = 'trigram');
CREATE VIRTUAL TABLE short
    USING fts5 (words, content = '', detail = none, columnsize = 0, tokenize = 'ascii');
"""


def database_path(folders: Sequence[Path]) -> Path:
    """Name the database of some logs; the same for the same folders, in the same order."""
    names = "\0".join(str(folder.resolve()) for folder in folders)
    digest = hashlib.blake2b(names.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return home() / "viewer" / f"{digest}.db"


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, and make its tables where they are missing or of another version.

    Raises:
        LogError: It cannot be made there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            _remove(path)  # Damaged, and nothing but a copy of what the log holds.
            return _open(path)
    except (OSError, sqlite3.Error) as error:
        raise LogError(f"the viewer's index {path.name} cannot be made: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    try:
        if _version(connection) not in (0, VERSION):
            connection.close()
            _remove(path)
            connection = _connect(path)
        connection.execute("BEGIN IMMEDIATE")  # Another viewer may be at it as well.
        if _version(connection) == 0:
            for statement in (*_TABLES.split(";"), f"PRAGMA user_version = {VERSION}"):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    # A crash may cost the database, which is built anew, and never the log.
    for pragma in ("journal_mode = WAL", "synchronous = OFF", "cache_size = -64000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
