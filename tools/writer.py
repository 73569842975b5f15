"""The one writer of a store: documents in, replaced and out, in batches that bound the memory.

Every state that a kill can leave can be told, and the next writer repairs it: a language is marked
incomplete before its first change and complete after its last (`crosearch.tools.language_writer`,
`crosearch.tools.recovery`).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from crosearch.tools.catalog import Catalog, Entry, LanguageCount
from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import StoreError
from crosearch.tools.language_writer import LanguageWriter, SplitDocument
from crosearch.tools.languages import Language
from crosearch.tools.lexical_rebuild import rebuild_lexical
from crosearch.tools.passages import Document, Passage
from crosearch.tools.pieces import piece_table
from crosearch.tools.records import CollectionRecord, check_embedder, read_record
from crosearch.tools.recovery import recover
from crosearch.tools.rows import ROWS

_FLUSH_ROWS = 3 * ROWS
"""Vectors of one language that are written together: each time costs some disk synchronisations."""


@dataclass(kw_only=True, slots=True)
class _Pending:
    """What waits to be written in one language."""

    items: list[SplitDocument] = field(default_factory=list[SplitDocument])
    rows: int = 0


class CorpusWriter:
    """Writes one corpus; made by `Store.writer`, and used by one thread."""

    def __init__(self, connection: Connection, corpus: str, embedder: Embedder) -> None:
        """Hold what is needed; the session opens it."""
        self.corpus = corpus
        self.embedder = embedder
        self._connection = connection
        self._catalog = Catalog(connection.place.catalog(corpus))
        self._pending: dict[Language, _Pending] = {}
        self._waiting: set[str] = set()
        self._languages: dict[Language, LanguageWriter] = {}
        self._whole = True

    @contextmanager
    def session(self) -> Iterator[None]:
        """Repair what a killed writer left, and end with everything written or nothing half.

        When the block raises, what was put and not yet written is dropped; a batch that was cut
        short leaves its language to the next writer's repair.
        """
        try:
            self._repair()
            try:
                yield
                self.flush()
            finally:
                if self._whole:
                    self._complete()
        except sqlite3.Error as error:
            raise StoreError(
                f"the catalog of {self.corpus!r} cannot be written: {error}"
            ) from error
        finally:
            self._catalog.close()

    def hash_of(self, document_id: str) -> str | None:
        """Return the hash of a document's content as it is in the corpus; None: it is not."""
        entry = self._catalog.find(document_id)
        return entry.hash if entry else None

    def see(self, document_id: str) -> bool:
        """Note that a document is among the sources; False when it was noted before."""
        return self._catalog.see(document_id)

    def put(self, document: Document, digest: str, passages: Sequence[Passage]) -> None:
        """Add a document, or replace it; it is written with the next batch of its language.

        Args:
            document: The document.
            digest: A hash of its content.
            passages: What it was split into, numbered from 0; at least one.
        """
        if document.id in self._waiting:
            self.flush()
        pending = self._pending.setdefault(document.language, _Pending())
        item = SplitDocument(document=document, digest=digest, passages=tuple(passages))
        pending.items.append(item)
        pending.rows += item.rows
        self._waiting.add(document.id)
        if pending.rows >= _FLUSH_ROWS:
            self._write(document.language)

    def remove(self, document_ids: Iterable[str]) -> int:
        """Remove documents with their passages; unknown ids do no harm.

        Returns:
            How many there were.
        """
        self.flush()
        entries = [e for e in map(self._catalog.find, document_ids) if e is not None]
        with self._changing():
            self._delete(entries)
            self._catalog.commit()
        return len(entries)

    def remove_unseen(self) -> int:
        """Remove the documents that were not seen in this session; returns how many."""
        self.flush()
        removed = 0
        while some := self._catalog.unseen(ROWS):
            removed += self.remove(some)
        return removed

    def count(self) -> dict[Language, LanguageCount]:
        """Count what the corpus holds, by language, most passages first."""
        self.flush()
        counts = {language: self._catalog.count(language) for language in self._records()}
        filled = [(language, count) for language, count in counts.items() if count.passages]
        return dict(sorted(filled, key=lambda item: (-item[1].passages, item[0])))

    def flush(self) -> None:
        """Write everything that waits."""
        for language in list(self._pending):
            self._write(language)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Know, when this is cut short, that something is half-written."""
        self._whole = False
        yield
        self._whole = True

    def _repair(self) -> None:
        """Bring catalog and lexical index into line with Chroma where they do not agree."""
        gone = set(self._catalog.languages())
        records = self._records()
        for record in records.values():
            check_embedder(record, self.embedder)
        with self._changing():
            for language, record in records.items():
                gone.discard(language)
                known = self._catalog.generation(language)
                if not record["complete"] or known != record["generation"]:
                    self._begin(language)
                    recover(self._connection, self.corpus, language, self.embedder, self._catalog)
                else:
                    table = piece_table(self.embedder)
                    rebuild_lexical(self._connection, self.corpus, language, table)
            for language in gone:
                self._catalog.clear(language)
            self._catalog.commit()

    def _records(self) -> dict[Language, CollectionRecord]:
        self._connection.refresh()
        with self._connection.reading() as collections:
            records = [read_record(collection.metadata) for collection in collections.values()]
        return {
            Language(record["language"]): record
            for record in records
            if record and record["corpus"] == self.corpus and record["kind"] == "passages"
        }

    def _write(self, language: Language) -> None:
        items = self._pending.pop(language).items
        self._waiting.difference_update(item.document.id for item in items)
        with self._changing():
            writer = self._begin(language)
            known = [self._catalog.find(item.document.id) for item in items]
            old = [entry for entry in known if entry is not None]
            self._delete([entry for entry in old if entry.language != language])
            writer.replace([entry for entry in old if entry.language == language], items)
            self._catalog.put(item.entry for item in items)
            self._catalog.commit()
            writer.note(self._catalog.count(language))

    def _delete(self, entries: Sequence[Entry]) -> None:
        """Take documents out, whatever language they are in."""
        for language in sorted({entry.language for entry in entries}):
            own = [entry for entry in entries if entry.language == language]
            self._begin(language).replace(own, [])
            self._catalog.drop(entry.id for entry in own)

    def _begin(self, language: Language) -> LanguageWriter:
        """Mark a language as being changed, before its first change."""
        if language not in self._languages:
            self._catalog.unset_generation(language)
            self._catalog.commit()
            self._languages[language] = LanguageWriter(
                self._connection, self.corpus, language, self.embedder
            )
        return self._languages[language]

    def _complete(self) -> None:
        """Mark the changed languages as complete; those that are empty now go."""
        for language, writer in self._languages.items():
            count = self._catalog.count(language)
            if count.documents:
                self._catalog.set_generation(language, writer.generation)
                self._catalog.commit()
                writer.note(count, complete=True)
            else:
                self._catalog.clear(language)
                self._catalog.commit()
                writer.discard()
