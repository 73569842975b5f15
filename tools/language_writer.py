"""The writing of one language of a corpus: marks, vectors, texts and terms, in a safe order."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.tools.catalog import Entry, passages_of
from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.lexical import LexicalWriter, remove_index, stamp_index
from crosearch.tools.passages import Document, Passage
from crosearch.tools.records import (
    CollectionRecord,
    Kind,
    collection_name,
    embedded_text,
    new_record,
    passage_record,
    read_record,
    sentence_ids,
)
from crosearch.tools.rows import delete_rows, insert_passages, insert_sentences

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
    def entry(self) -> Entry:
        """What the catalog has to know of it."""
        return Entry(
            id=self.document.id,
            language=self.document.language,
            hash=self.digest,
            sentences=tuple(len(passage.sentences) for passage in self.passages),
        )


class LanguageWriter:
    """Writes one language. It is marked incomplete from the start, until `complete` or `discard`.

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
        self._corpus = corpus
        self._passages = collection_name(corpus, language, "passages")
        self._sentences = collection_name(corpus, language, "sentences")
        self.generation = secrets.token_hex(8)
        with connection.writing() as client:
            self._make(client, "sentences")
            collection = self._make(client, "passages")
            self._describe(collection, complete=False)
        self._folder: Path = connection.place.lexical(collection)

    def insert(self, items: Sequence[SplitDocument]) -> None:
        """Write documents that are not there."""
        passages = [passage for item in items for passage in item.passages]
        records = [
            passage_record(item.document, item.digest, passage, len(item.passages))
            for item in items
            for passage in item.passages
        ]
        insert_sentences(self._connection, self._sentences, passages, self._embedder)
        insert_passages(self._connection, self._passages, passages, records, self._embedder)
        with LexicalWriter(self._folder, self.language) as index:
            for passage in passages:
                index.add(passage.id, embedded_text(passage.title, passage.text))

    def delete(self, entries: Sequence[Entry]) -> None:
        """Take documents out."""
        passages = [passage for entry in entries for passage in passages_of(entry)]
        names = [name for name, _ in passages]
        delete_rows(self._connection, self._passages, names)
        sentences = [i for name, count in passages for i in sentence_ids(name, count)]
        delete_rows(self._connection, self._sentences, sentences)
        with LexicalWriter(self._folder, self.language) as index:
            index.remove(names)

    def complete(self, documents: int) -> None:
        """Mark the language as complete, with so many documents."""
        stamp_index(self._folder, self.generation)
        with self._connection.writing() as client:
            collection = client.get_collection(self._passages, embedding_function=None)
            self._describe(collection, complete=True, documents=documents)

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
        self, collection: "Collection", *, complete: bool, documents: int | None = None
    ) -> None:
        record = read_record(collection.metadata)
        assert record is not None  # It was made with one.
        changed: CollectionRecord = {**record, "generation": self.generation, "complete": complete}
        if documents is not None:
            changed["documents"] = documents
        collection.modify(metadata=dict(changed))
