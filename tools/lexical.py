"""The lexical index of one language: BM25 over terms that suit its script, and over sounds.

Beside them it keeps the numbers of each passage's pieces (`crosearch.tools.pieces`).

tantivy keeps it: its files are mapped and not read, one document more is one small segment more,
and a query is a bag of weighted terms. Terms are made here, for passages and queries alike; tantivy
only splits them at spaces. It lies in a folder beside the vectors, from which it can be made again
at any time: a stamp in the folder tells which state of them it shows.
"""

import hashlib
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import tantivy

from crosearch.tools.errors import StoreError
from crosearch.tools.languages import Language
from crosearch.tools.pieces import Pieces
from crosearch.tools.sounds import sound_grams
from crosearch.tools.terms import index_terms, tokenize

__all__ = [
    "LexicalIndex",
    "LexicalWriter",
    "remove_index",
    "shows_generation",
    "stamp_index",
    "tokenize",
]

_HEAP_BYTES = 15_000_000
"""The least that tantivy's writer accepts; larger ones made no odds."""

_FORMAT = "3"
"""Raised when terms are made differently, so that old indexes are made again."""

_STAMP = "stamp"
_LONGEST_TERM = 200
"""tantivy drops terms above 65,530 bytes; nothing near that is a word."""


class LexicalIndex:
    """A lexical index opened for reading; it sees what is committed later. Thread-safe."""

    def __init__(self, folder: Path, language: Language) -> None:
        """Open an index without reading it whole.

        Raises:
            StoreError: There is none, or it is damaged.
        """
        self.language = language
        self._ids: dict[int, str] = {}
        try:
            self._index = tantivy.Index.open(str(folder))
        except (ValueError, OSError) as error:
            raise StoreError(f"the lexical index for {language} cannot be opened") from error
        self._schema = self._index.schema

    def __len__(self) -> int:
        """Count the passages."""
        self._index.reload()
        return int(self._index.searcher().num_docs)

    def search(self, query: str | Mapping[str, float], k: int) -> list[tuple[str, float]]:
        """Find the passages that share most with a query.

        Args:
            query: A text, or a weight for each term as `index_terms` makes them; terms with a
                weight of zero or less do not count.
            k: How many to return at most.

        Returns:
            Passage ids with their weighted BM25 scores, best first; ties by id. The scores are in
            units of the rarest term there could be, so that they do not grow with the index.
        """
        bag = Counter(index_terms(query, self.language)) if isinstance(query, str) else query
        return self._search("terms", bag, k)

    def search_sounds(self, query: str, k: int) -> list[tuple[str, float]]:
        """Find the passages that sound most like a query, whatever script it is written in.

        Returns:
            Passage ids with the BM25 scores of the sounds they share, as for `search`.
        """
        return self._search("sounds", dict.fromkeys(sorted(sound_grams(query)), 1.0), k)

    def pieces(self, passage_ids: Iterable[str]) -> dict[str, Pieces]:
        """Read the pieces of passages, by id; those that are not there are left out."""
        self._index.reload()
        searcher = self._index.searcher()
        wanted = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "id", name, "basic"))
            for name in dict.fromkeys(passage_ids)
        ]
        if not wanted:
            return {}
        found = searcher.search(tantivy.Query.boolean_query(wanted), len(wanted), count=False)
        documents = [searcher.doc(address) for _, address in found.hits]
        return {
            str(document["id"][0]): np.frombuffer(bytes(document["pieces"][0]), np.uint32)
            for document in documents
        }

    def _search(self, field: str, bag: Mapping[str, float], k: int) -> list[tuple[str, float]]:
        boosted = [self._clause(field, term, weight) for term, weight in bag.items() if weight > 0]
        if not boosted or k < 1:
            return []
        self._index.reload()
        searcher = self._index.searcher()
        result = searcher.search(tantivy.Query.boolean_query(boosted), k, count=False)
        rarest = math.log1p((searcher.num_docs + 0.5) / 0.5)
        ids = self._read_ids(searcher, [address for _, address in result.hits])
        hits = [
            (name, float(score) / rarest) for name, (score, _) in zip(ids, result.hits, strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def _read_ids(
        self, searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]
    ) -> list[str]:
        """Read the passages' ids; those that were read before are known by their keys."""
        keys = searcher.fast_field_values("key", addresses)
        ids: list[str] = []
        for key, address in zip(keys, addresses, strict=True):
            assert isinstance(key, int)  # Every passage has one.
            name = self._ids.get(key)
            if name is None:
                name = self._ids[key] = str(searcher.doc(address)["id"][0])
            ids.append(name)
        return ids

    def _clause(self, field: str, term: str, weight: float) -> tuple[tantivy.Occur, tantivy.Query]:
        query = tantivy.Query.term_query(self._schema, field, term, "freq")
        if not math.isclose(weight, 1.0):
            query = tantivy.Query.boost_query(query, weight)
        return tantivy.Occur.Should, query


class LexicalWriter:
    """Changes a lexical index; what it did counts when it is left without an exception."""

    def __init__(self, folder: Path, language: Language) -> None:
        """Open an index for writing, or begin an empty one.

        Raises:
            StoreError: The folder cannot be written, or holds something else.
        """
        self._language = language
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _STAMP).unlink(missing_ok=True)
            self._writer = tantivy.Index(_schema(), path=str(folder)).writer(_HEAP_BYTES, 1)
        except (ValueError, OSError) as error:
            raise StoreError(
                f"the lexical index for {language} cannot be written: {error}"
            ) from error

    def add(self, passage_id: str, text: str, pieces: bytes = b"") -> None:
        """Add a passage; one of the same id must have been removed before.

        Args:
            passage_id: Its id.
            text: What its terms and sounds are taken from.
            pieces: As `PieceTable.cut_passages` gives them.
        """
        document = tantivy.Document()
        document.add_text("id", passage_id)
        document.add_unsigned("key", _key(passage_id))
        terms = (term for term in index_terms(text, self._language) if len(term) <= _LONGEST_TERM)
        document.add_text("terms", " ".join(terms))
        document.add_text("sounds", " ".join(sorted(sound_grams(text))))
        document.add_bytes("pieces", pieces)
        self._writer.add_document(document)

    def remove(self, passage_ids: Iterable[str]) -> None:
        """Remove passages; unknown ids do no harm."""
        for passage_id in passage_ids:
            self._writer.delete_documents_by_term("id", passage_id)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or leave the index as it was when something went wrong."""
        try:
            if kind is None:
                self._writer.commit()
            else:
                self._writer.rollback()
            self._writer.wait_merging_threads()
        except (ValueError, OSError) as failure:
            name = self._language
            raise StoreError(
                f"the lexical index for {name} cannot be written: {failure}"
            ) from failure


def stamp_index(folder: Path, generation: str) -> None:
    """Say which state of the vectors a lexical index shows."""
    (folder / _STAMP).write_text(f"{_FORMAT} {generation}", encoding="utf-8")


def shows_generation(folder: Path, generation: str) -> bool:
    """Tell whether a folder holds a lexical index of this state of the vectors."""
    try:
        return (folder / _STAMP).read_text(encoding="utf-8") == f"{_FORMAT} {generation}"
    except OSError:
        return False


def remove_index(folder: Path) -> None:
    """Remove a lexical index, if there is one."""
    shutil.rmtree(folder, ignore_errors=True)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for field in ("terms", "sounds"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_bytes_field("pieces", stored=True)
    builder.add_unsigned_field("key", fast=True)
    return builder.build()


def _key(passage_id: str) -> int:
    """Return a number for an id, which is quicker to read; two of a billion may share one."""
    return int.from_bytes(hashlib.blake2b(passage_id.encode(), digest_size=8).digest(), "big")
