"""The catalog: which documents a corpus holds, kept beside Chroma to answer that quickly.

It is a copy. Chroma's passages say the same, and when the two do not agree on a language's
generation, the catalog's part is made again from them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosearch.tools.errors import StoreError
from crosearch.tools.languages import Language

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, language TEXT NOT NULL, hash TEXT NOT NULL,
    passages INTEGER NOT NULL, sentences INTEGER NOT NULL, counts TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_language ON documents (language, passages, sentences);
CREATE TABLE IF NOT EXISTS generations (language TEXT PRIMARY KEY, generation TEXT NOT NULL);
CREATE TEMP TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_VERSION = 2
_DROP = f"""
DROP TABLE IF EXISTS documents;
DROP TABLE IF EXISTS generations;
PRAGMA user_version = {_VERSION};
"""
"""A catalog of another form is only a copy, too: it is made again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageCount:
    """What a corpus holds in one language."""

    documents: int
    passages: int
    sentences: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What the catalog knows of a document."""

    id: str
    language: Language
    hash: str
    """Of its content."""
    sentences: tuple[int, ...]
    """How many sentences each of its passages has."""


class Catalog:
    """The documents of one corpus; used by one thread of the one writer.

    The documents seen in this run are kept in a temporary file, not in memory.
    """

    def __init__(self, path: Path) -> None:
        """Open a catalog, or begin one.

        Raises:
            StoreError: The file cannot be written.
        """
        try:
            self._database = _open(path)
        except sqlite3.OperationalError as error:
            raise StoreError(f"cannot write the catalog {path.name}: {error}") from error
        except sqlite3.DatabaseError:
            # It is damaged, and only a copy.
            path.unlink(missing_ok=True)
            self._database = _open(path)

    def find(self, document_id: str) -> Entry | None:
        """Look a document up."""
        row = self._database.execute(
            "SELECT id, language, hash, counts FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return _entry(row) if row else None

    def put(self, entries: Iterable[Entry]) -> None:
        """Record documents, in place of what was known of them."""
        self._database.executemany(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)",
            map(_row, entries),
        )

    def drop(self, document_ids: Iterable[str]) -> None:
        """Forget documents."""
        ids = ((document_id,) for document_id in document_ids)
        self._database.executemany("DELETE FROM documents WHERE id = ?", ids)

    def clear(self, language: Language) -> None:
        """Forget a language: its documents and its generation."""
        self._database.execute("DELETE FROM documents WHERE language = ?", (language,))
        self._database.execute("DELETE FROM generations WHERE language = ?", (language,))

    def count(self, language: Language) -> LanguageCount:
        """Count what a language holds."""
        query = (
            "SELECT COUNT(*), TOTAL(passages), TOTAL(sentences) FROM documents WHERE language = ?"
        )
        documents, passages, sentences = self._database.execute(query, (language,)).fetchone()
        return LanguageCount(
            documents=int(documents), passages=int(passages), sentences=int(sentences)
        )

    def languages(self) -> list[Language]:
        """List the languages that it says something of."""
        rows = self._database.execute("SELECT language FROM generations").fetchall()
        return [Language(row[0]) for row in rows]

    def generation(self, language: Language) -> str | None:
        """Return the generation that a language's documents were recorded for."""
        row = self._database.execute(
            "SELECT generation FROM generations WHERE language = ?", (language,)
        ).fetchone()
        return str(row[0]) if row else None

    def set_generation(self, language: Language, generation: str) -> None:
        """Say that a language's documents are those of this generation."""
        self._database.execute(
            "INSERT OR REPLACE INTO generations VALUES (?, ?)", (language, generation)
        )

    def unset_generation(self, language: Language) -> None:
        """Say that a language is about to change."""
        self._database.execute("DELETE FROM generations WHERE language = ?", (language,))

    def see(self, document_id: str) -> bool:
        """Note that a document is there in this run; False when it was noted before."""
        query = "INSERT OR IGNORE INTO seen VALUES (?)"
        return self._database.execute(query, (document_id,)).rowcount == 1

    def unseen(self, limit: int) -> list[str]:
        """List some of the documents that were not seen in this run."""
        query = "SELECT id FROM documents WHERE id NOT IN (SELECT id FROM seen) ORDER BY id LIMIT ?"
        return [str(row[0]) for row in self._database.execute(query, (limit,))]

    def commit(self) -> None:
        """Make the changes last."""
        self._database.commit()

    def close(self) -> None:
        """Close the file; changes that were not committed are lost."""
        self._database.close()


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        database.executescript(_DROP)
    database.execute("PRAGMA temp_store = FILE")
    database.executescript(_TABLES)
    return database


def _row(entry: Entry) -> tuple[str, str, str, int, int, str]:
    counts = " ".join(map(str, entry.sentences))
    numbers = len(entry.sentences), sum(entry.sentences)
    return entry.id, entry.language, entry.hash, *numbers, counts


def _entry(row: Sequence[str]) -> Entry:
    identifier, language, digest, counts = row
    sentences = tuple(int(count) for count in counts.split())
    return Entry(id=identifier, language=Language(language), hash=digest, sentences=sentences)


def passages_of(entry: Entry) -> Iterator[tuple[str, int]]:
    """List a document's passages: their ids and how many sentences each has."""
    for number, count in enumerate(entry.sentences):
        yield f"{entry.id}#{number}", count
