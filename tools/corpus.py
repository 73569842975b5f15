"""A corpus, opened for reading: nearest vectors, passages, stored vectors, lexical indexes."""

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.byte_cache import ByteCache
from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import StoreError
from crosearch.tools.languages import Language
from crosearch.tools.lexical import LexicalIndex, shows_generation
from crosearch.tools.lexical_rebuild import RebuildProgress, rebuild_for_reading, shown_state
from crosearch.tools.passages import Passage
from crosearch.tools.pieces import PieceTable, piece_table
from crosearch.tools.records import (
    CollectionRecord,
    Kind,
    collection_name,
    read_record,
    sentence_ids,
    split_sentence_id,
)
from crosearch.tools.rows import READ_ROWS, batches, get_passages

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

Vectors = NDArray[np.float32]

_T = TypeVar("_T")

_KEPT_BYTES = 1 << 26
"""Of passages, and of the vectors of their sentences, that are kept when they have been read."""


class Corpus:
    """One corpus of a store, through one embedder. Thread-safe; it follows what is ingested."""

    def __init__(self, connection: Connection, name: str, embedder: Embedder) -> None:
        """Hold the connection; `Store.open_corpus` has checked name and embedder."""
        self.name = name
        self.embedder = embedder
        self.pieces: PieceTable = piece_table(embedder)
        """What the passages' pieces are."""
        self._connection = connection
        self._mutex = threading.Lock()
        self._lexical: dict[Language, tuple[str, LexicalIndex]] = {}
        self._passages = ByteCache[Passage](_KEPT_BYTES, _size)
        self._vectors = ByteCache[Vectors](_KEPT_BYTES, lambda rows: rows.nbytes)

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages that hold passages now, with their numbers, most first."""
        counts = {Language(record["language"]): record["passages"] for record in self._records()}
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def fingerprint(self) -> str:
        """What is equal for two states of a corpus exactly if nothing was ingested in between.

        Of its name, its embedder, and each language's passages and generation; 16 hexadecimal
        digits.

        Raises:
            StoreError: The store does not answer.
        """
        records = sorted(self._records(), key=lambda record: record["language"])
        state = [[r["language"], r["passages"], r["generation"], r["complete"]] for r in records]
        text = json.dumps([self.name, self.embedder.fingerprint, state])
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def nearest_passages(
        self, language: Language, vector: Vectors, k: int
    ) -> list[tuple[str, float]]:
        """Find the passages nearest to a vector of shape (dimension,): ids and cosines."""
        return self._nearest(language, "passages", vector, k)

    def nearest_sentences(
        self, language: Language, vector: Vectors, k: int
    ) -> list[tuple[str, int, float]]:
        """Find the sentences nearest to a vector: passage ids, sentence numbers, cosines."""
        found = self._nearest(language, "sentences", vector, k)
        return [(*split_sentence_id(identifier), cosine) for identifier, cosine in found]

    def passages(self, language: Language, ids: Sequence[str]) -> list[Passage]:
        """Read passages, in the order of `ids`; those that are not there are left out."""
        state = self._state(language)
        found = self._passages.find(state, ids)
        missing = [identifier for identifier in dict.fromkeys(ids) if identifier not in found]
        for some in batches(missing, READ_ROWS):
            get = partial(get_passages, language=language, ids=some)
            read = {p.id: p for p in self._read(language, "passages", get, list[Passage]())}
            self._passages.keep(state, read)
            found |= read
        return [found[identifier] for identifier in ids if identifier in found]

    def sentence_vectors(self, language: Language, counts: Mapping[str, int]) -> dict[str, Vectors]:
        """Read the stored vectors of passages' sentences, shape (sentences, dimension) each.

        Args:
            language: The passages' language.
            counts: How many sentences each passage has, by its id. Passages that are not there,
                or have fewer, are left out.
        """
        state = self._state(language)
        known = self._vectors.find(state, counts)
        known = {p: rows for p, rows in known.items() if len(rows) == counts[p]}
        read = self._read_vectors(language, {p: n for p, n in counts.items() if p not in known})
        self._vectors.keep(state, read)
        return known | read

    def _read_vectors(self, language: Language, counts: Mapping[str, int]) -> dict[str, Vectors]:
        wanted = [name for passage, n in counts.items() for name in sentence_ids(passage, n)]
        vectors: dict[str, Vectors] = {}
        for some in batches(wanted, READ_ROWS):
            get = partial(_get_vectors, ids=some)
            vectors |= self._read(language, "sentences", get, dict[str, Vectors]())
        shape = (0, self.embedder.dimension)
        rows = {
            passage: [vectors[name] for name in sentence_ids(passage, n) if name in vectors]
            for passage, n in counts.items()
        }
        stacked = {
            passage: np.stack(found) if found else np.zeros(shape, np.float32)
            for passage, found in rows.items()
            if len(found) == counts[passage]
        }
        for matrix in stacked.values():
            matrix.flags.writeable = False  # Many searches share it.
        return stacked

    def lexical(self, language: Language) -> LexicalIndex | None:
        """Return a language's lexical index; None where it has no passages.

        Where it is missing or older than the vectors, as on a second machine that reads the same
        server, it is made from the passages in Chroma first.

        Raises:
            StoreError: It cannot be made or opened.
        """
        return self._lexical_index(language, None)

    def prepare(self, progress: RebuildProgress | None = None) -> None:
        """Make what lexical indexes are missing or old, so that no search waits for them."""
        for language in self.languages:
            self._lexical_index(language, progress)

    def _records(self) -> list[CollectionRecord]:
        """Read what is known now of the languages that hold passages."""
        if self._connection.place.server is not None:
            self._connection.refresh()
        with self._connection.reading() as collections:
            records = [read_record(collection.metadata) for collection in collections.values()]
        return [
            record
            for record in records
            if record
            and record["corpus"] == self.name
            and record["kind"] == "passages"
            and record["passages"]
        ]

    def _state(self, language: Language) -> str | None:
        """Name what a language holds now; None while it is being changed, or holds nothing."""
        with self._connection.reading() as collections:
            collection = collections.get(collection_name(self.name, language, "passages"))
        record = read_record(collection.metadata) if collection is not None else None
        if collection is None or record is None or not record["complete"]:
            return None
        return f"{collection.id} {record['generation']}"

    def _nearest(
        self, language: Language, kind: Kind, vector: Vectors, k: int
    ) -> list[tuple[str, float]]:
        query = np.asarray(vector, dtype=np.float32).reshape(1, -1)

        def ask(collection: "Collection") -> list[tuple[str, float]]:
            result = collection.query(query_embeddings=query, n_results=k, include=["distances"])
            distances = result["distances"]
            assert distances is not None  # They were asked for.
            return [(i, 1.0 - d) for i, d in zip(result["ids"][0], distances[0], strict=True)]

        return self._read(language, kind, ask, []) if k > 0 else []

    def _read(
        self,
        language: Language,
        kind: Kind,
        operation: "Callable[[Collection], _T]",
        otherwise: _T,
    ) -> _T:
        """Read from a collection; `otherwise` is the result where there is none."""
        name = collection_name(self.name, language, kind)
        try:
            with self._connection.reading() as collections:
                collection = collections.get(name)
                if collection is None:
                    return otherwise
                if name in self._connection.torn:
                    raise StoreError(
                        f"an ingestion was killed while it wrote {name}: run it again, and it "
                        "repairs what it left"
                    )
                return operation(collection)
        except StoreError:
            # The collections may be others by now: the next call looks again.
            self._connection.refresh()
            raise

    def _lexical_index(
        self, language: Language, progress: RebuildProgress | None
    ) -> LexicalIndex | None:
        with self._connection.reading() as collections:
            collection = collections.get(collection_name(self.name, language, "passages"))
        record = read_record(collection.metadata) if collection is not None else None
        if collection is None or record is None:
            return None
        wanted = shown_state(record, self.pieces)
        with self._mutex:
            known = self._lexical.get(language)
        if known and known[0] == wanted:
            return known[1]
        folder = self._connection.place.lexical(collection)
        usable = shows_generation(folder, wanted) or (folder.is_dir() and not record["complete"])
        if not usable:
            rebuild_for_reading(self._connection, self.name, language, self.pieces, progress)
            if not shows_generation(folder, wanted):
                raise StoreError(
                    f"the lexical index of {self.name!r} for {language} is missing or older than "
                    "its passages, and cannot be made anew while somebody writes to the store: "
                    "try again when that has ended"
                )
        index = LexicalIndex(folder, language)
        with self._mutex:
            self._lexical[language] = (wanted, index)
        return index


def _get_vectors(collection: "Collection", ids: list[str]) -> dict[str, Vectors]:
    result = collection.get(ids=ids, include=["embeddings"])
    rows = np.asarray(result["embeddings"], dtype=np.float32)
    return dict(zip(result["ids"], rows, strict=True))


def _size(passage: Passage) -> int:
    """Estimate what a passage takes in memory; a span is a tuple of two numbers."""
    texts = (passage.id, passage.document_id, passage.title, passage.text, passage.url)
    metadata = sum(sys.getsizeof(value) + 100 for value in passage.metadata.values())
    return 500 + sum(map(sys.getsizeof, texts)) + 120 * len(passage.sentences) + metadata
