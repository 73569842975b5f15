"""A corpus, opened for reading: nearest vectors, passages, stored vectors, lexical indexes."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import StoreError
from crosearch.tools.languages import Language
from crosearch.tools.lexical import LexicalIndex, shows_generation
from crosearch.tools.lexical_rebuild import RebuildProgress, rebuild_for_reading, shown_state
from crosearch.tools.passages import Passage
from crosearch.tools.records import (
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


class Corpus:
    """One corpus of a store, through one embedder. Thread-safe; it follows what is ingested."""

    def __init__(self, connection: Connection, name: str, embedder: Embedder) -> None:
        """Hold the connection; `Store.open_corpus` has checked name and embedder."""
        self.name = name
        self.embedder = embedder
        self._connection = connection
        self._mutex = threading.Lock()
        self._lexical: dict[Language, tuple[str, LexicalIndex]] = {}

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages that hold passages now, with their numbers, most first."""
        if self._connection.place.server is not None:
            self._connection.refresh()
        with self._connection.reading() as collections:
            records = [read_record(collection.metadata) for collection in collections.values()]
        counts = {
            Language(record["language"]): record["passages"]
            for record in records
            if record and record["corpus"] == self.name and record["kind"] == "passages"
        }
        filled = ((language, count) for language, count in counts.items() if count)
        return dict(sorted(filled, key=lambda item: (-item[1], item[0])))

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
        found: dict[str, Passage] = {}
        for some in batches(list(dict.fromkeys(ids)), READ_ROWS):
            get = partial(get_passages, language=language, ids=some)
            for passage in self._read(language, "passages", get, list[Passage]()):
                found[passage.id] = passage
        return [found[identifier] for identifier in ids if identifier in found]

    def sentence_vectors(self, language: Language, counts: Mapping[str, int]) -> dict[str, Vectors]:
        """Read the stored vectors of passages' sentences, shape (sentences, dimension) each.

        Args:
            language: The passages' language.
            counts: How many sentences each passage has, by its id. Passages that are not there,
                or have fewer, are left out.
        """
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
        return {
            passage: np.stack(found) if found else np.zeros(shape, np.float32)
            for passage, found in rows.items()
            if len(found) == counts[passage]
        }

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
        wanted = shown_state(record)
        with self._mutex:
            known = self._lexical.get(language)
        if known and known[0] == wanted:
            return known[1]
        folder = self._connection.place.lexical(collection)
        usable = shows_generation(folder, wanted) or (folder.is_dir() and not record["complete"])
        if not usable:
            rebuild_for_reading(self._connection, self.name, language, progress)
        index = LexicalIndex(folder, language)
        with self._mutex:
            self._lexical[language] = (wanted, index)
        return index


def _get_vectors(collection: "Collection", ids: list[str]) -> dict[str, Vectors]:
    result = collection.get(ids=ids, include=["embeddings"])
    rows = np.asarray(result["embeddings"], dtype=np.float32)
    return dict(zip(result["ids"], rows, strict=True))
