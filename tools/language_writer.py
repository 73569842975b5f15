"""The writing of one language of a corpus: marks, vectors, texts and terms, in a safe order."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.tools.catalog import Entry, LanguageCount, passages_of
from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.lexical import LexicalWriter, remove_index, stamp_index
from crosearch.tools.lexical_rebuild import add_passages, complete_state
from crosearch.tools.passages import Document, Passage
from crosearch.tools.pieces import piece_table
from crosearch.tools.records import (
    CollectionRecord,
    Kind,
    collection_name,
    new_record,
    passage_record,
    read_record,
    sentence_ids,
)
from crosearch.tools.rows import ROWS, delete_rows, encode_rows, put_rows

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitDocument:
    """A document with the passages it was split into."""

    document: Document
    digest: str
    """A hash of its content."""
    passages: tuple[Passage, ...]

    @property
    def rows(self) -> int:
        """How many vectors it needs."""
        return sum(1 + len(passage.sentences) for passage in self.passages)

    @property
    def entry(self) -> Entry:
        """What the catalog has to know of it."""
        return Entry(
            id=self.document.id,
            language=self.document.language,
            hash=self.digest,
            sentences=tuple(len(passage.sentences) for passage in self.passages),
        )


class LanguageWriter:
    """Writes one language. It is marked incomplete from the start until it is noted as complete.

    A document's sentences go in before its passages, and its passages out before its sentences:
    whenever this is killed, a document is whole exactly when all its passages are there.
    """

    def __init__(
        self, connection: Connection, corpus: str, language: Language, embedder: Embedder
    ) -> None:
        """Make the collections where they are missing, and mark the language as being changed."""
        self.language = language
        self._connection = connection
        self._embedder = embedder
        self._table = piece_table(embedder)
        self._corpus = corpus
        self._passages = collection_name(corpus, language, "passages")
        self._sentences = collection_name(corpus, language, "sentences")
        self.generation = secrets.token_hex(8)
        with connection.writing() as client:
            self._make(client, "sentences")
            collection = self._make(client, "passages")
            self._describe(collection, complete=False)
        self._folder: Path = connection.place.lexical(collection)

    def replace(self, old: Sequence[Entry], new: Sequence[SplitDocument]) -> None:
        """Take documents out and others in; readers see all of a batch of it, or nothing."""
        for some in _batches(new):
            names = {item.document.id for item in some}
            self._replace([entry for entry in old if entry.id in names], some)
        kept = {item.document.id for item in new}
        self._replace([entry for entry in old if entry.id not in kept], [])
        with LexicalWriter(self._folder, self.language) as index:
            index.remove(name for entry in old for name, _ in passages_of(entry))
            add_passages(index, [p for item in new for p in item.passages], self._table)

    def _replace(self, old: Sequence[Entry], new: Sequence[SplitDocument]) -> None:
        gone = [passage for entry in old for passage in passages_of(entry)]
        rows = encode_rows([p for item in new for p in item.passages], self._embedder)
        records = [
            passage_record(item.document, item.digest, passage, len(item.passages))
            for item in new
            for passage in item.passages
        ]
        with self._connection.writing() as client:
            delete_rows(client, self._passages, [name for name, _ in gone])
            spoken = [i for name, count in gone for i in sentence_ids(name, count)]
            delete_rows(client, self._sentences, spoken)
            put_rows(client, self._sentences, rows.sentence_ids, rows.sentence_vectors)
            put_rows(client, self._passages, rows.passage_ids, rows.passage_vectors, records)

    def note(self, count: LanguageCount, *, complete: bool = False) -> None:
        """Say how much the language holds now, and whether that is the end of the changes."""
        with self._connection.writing() as client:
            if complete:
                stamp_index(self._folder, complete_state(self.generation, self._table))
            collection = client.get_collection(self._passages, embedding_function=None)
            self._describe(collection, complete=complete, count=count)

    def discard(self) -> None:
        """Remove the language, of which nothing is left."""
        with self._connection.writing() as client:
            client.delete_collection(self._passages)
            client.delete_collection(self._sentences)
        remove_index(self._folder)

    def _make(self, client: "ClientAPI", kind: Kind) -> "Collection":
        record = new_record(self._corpus, self.language, kind, self._embedder)
        return client.get_or_create_collection(
            collection_name(self._corpus, self.language, kind),
            metadata=dict(record),
            configuration={"hnsw": {"space": "cosine"}},
            embedding_function=None,
        )

    def _describe(
        self, collection: "Collection", *, complete: bool, count: LanguageCount | None = None
    ) -> None:
        record = read_record(collection.metadata)
        assert record is not None  # It was made with one.
        changed: CollectionRecord = {**record, "generation": self.generation, "complete": complete}
        if count is not None:
            changed["documents"], changed["passages"] = count.documents, count.passages
        collection.modify(metadata=dict(changed))


def _batches(items: Sequence[SplitDocument]) -> Iterator[list[SplitDocument]]:
    """Cut documents into batches of about `ROWS` vectors; a document stays whole."""
    some: list[SplitDocument] = []
    rows = 0
    for item in items:
        if some and rows + item.rows > ROWS:
            yield some
            some, rows = [], 0
        some.append(item)
        rows += item.rows
    if some:
        yield some
