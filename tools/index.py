"""Stores of corpora: a folder, or a Chroma server, and the lexical indexes beside it.

    store = open_store("my-store")
    with store.writer("news", embedder) as writer: ...
    corpus = store.open_corpus("news", embedder)

For each corpus and language there are two Chroma collections (passages and sentences), since one
with a filter for the language is many times slower. A corpus belongs to one embedder.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crosearch.tools.connection import Connection, Place, find_place
from crosearch.tools.corpus import Corpus
from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import CorpusNotFoundError
from crosearch.tools.languages import Language
from crosearch.tools.lexical_rebuild import RebuildProgress
from crosearch.tools.lock import writer_lock
from crosearch.tools.records import (
    CollectionRecord,
    check_corpus_name,
    check_embedder,
    read_record,
)
from crosearch.tools.writer import CorpusWriter

__all__ = ["Corpus", "CorpusInfo", "CorpusWriter", "Store", "open_store"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusInfo:
    """What a store tells of a corpus."""

    name: str
    embedder: str
    """The embedder's name."""
    dimension: int
    fingerprint: str
    """The embedder's fingerprint."""
    passages: Mapping[Language, int]
    """By language, most first."""
    documents: Mapping[Language, int]
    """By language; while it is being ingested, as of the last batch."""
    complete: bool
    """False while it is being ingested, and when an ingestion was killed."""


class Store:
    """Corpora in one place. Thread-safe, but for the writer."""

    def __init__(self, place: Place) -> None:
        """Hold the place; nothing is opened, and nothing made, until it is used."""
        self._place = place
        self._connection = Connection(place)

    @property
    def label(self) -> str:
        """The folder as it was given, or the server's address."""
        return self._place.label

    def corpora(self) -> tuple[CorpusInfo, ...]:
        """List the corpora, by name; none where there is no store.

        Raises:
            StoreError: The store cannot be read.
        """
        if not self._place.exists():
            return ()
        self._connection.refresh()
        with self._connection.reading() as collections:
            records = [read_record(collection.metadata) for collection in collections.values()]
        corpora: dict[str, list[CollectionRecord]] = {}
        for record in records:
            if record and record["kind"] == "passages":
                corpora.setdefault(record["corpus"], []).append(record)
        return tuple(_describe(corpora[name]) for name in sorted(corpora))

    def find(self, name: str) -> CorpusInfo:
        """Look a corpus up, which needs no embedder.

        Raises:
            CorpusNotFoundError: There is none of that name; the message lists those there are.
            StoreError: The store cannot be read.
        """
        corpora = {info.name: info for info in self.corpora()}
        if name not in corpora:
            raise CorpusNotFoundError(self._missing(name, list(corpora)))
        return corpora[name]

    def open_corpus(
        self, name: str, embedder: Embedder, *, progress: RebuildProgress | None = None
    ) -> Corpus:
        """Open a corpus for reading.

        Args:
            name: The corpus.
            embedder: What it was embedded by.
            progress: Told about lexical indexes that have to be made first, as on a machine that
                reads a server's corpus for the first time.

        Raises:
            CorpusNotFoundError: There is none of that name; the message lists those there are.
            EmbedderMismatchError: It was made with another embedder.
            StoreError: The store cannot be read.
        """
        self.find(name)
        with self._connection.reading() as collections:
            records = [read_record(collection.metadata) for collection in collections.values()]
        for record in records:
            if record and record["corpus"] == name:
                check_embedder(record, embedder)
        corpus = Corpus(self._connection, name, embedder)
        corpus.prepare(progress)
        return corpus

    @contextmanager
    def writer(self, name: str, embedder: Embedder) -> Iterator[CorpusWriter]:
        """Open a corpus for writing, and make it where there is none; one writer at a time.

        What a killed writer left half-written is repaired first.

        Raises:
            StoreLockedError: Somebody else is writing to the store; the message says who.
            EmbedderMismatchError: The corpus was made with another embedder.
            StoreError: The store cannot be written.
            UsageError: The name is none for a corpus.
        """
        check_corpus_name(name)
        self._place.make()
        with writer_lock(self._place.writer_lock, what=self._place.label):
            writer = CorpusWriter(Connection(self._place), name, embedder)
            with writer.session():
                yield writer

    def _missing(self, name: str, corpora: list[str]) -> str:
        where = self._place.label
        if not self._place.exists():
            return f"there is no store at {where}, and so no corpus {name!r}: ingest one first"
        if not corpora:
            return f"the store {where} holds no corpus yet, and so none named {name!r}"
        return f"the store {where} holds no corpus {name!r}; it holds {', '.join(corpora)}"


def open_store(location: str | Path, *, headers: Mapping[str, str] | None = None) -> Store:
    """Open a store; nothing is made before something is written.

    Args:
        location: A folder, or `http(s)://host:port` of a Chroma server.
        headers: Sent with each request to a server, such as a proxy's token; never logged.

    Raises:
        UsageError: The server's address is not of that form.
    """
    return Store(find_place(location, headers or {}))


def _describe(records: Sequence[CollectionRecord]) -> CorpusInfo:
    """Sum up a corpus from the records of its collections of passages."""
    first = records[0]
    passages = {Language(r["language"]): r["passages"] for r in records}
    return CorpusInfo(
        name=first["corpus"],
        embedder=first["embedder"],
        dimension=first["dimension"],
        fingerprint=first["fingerprint"],
        passages=dict(sorted(passages.items(), key=lambda item: (-item[1], item[0]))),
        documents={Language(r["language"]): r["documents"] for r in records},
        complete=all(record["complete"] for record in records),
    )
