"""Rows of Chroma's collections: put in, taken out and listed, in batches that it can bear.

Collections go by name and are looked up for each batch: a handle kept longer may be that of a
connection which was opened anew since.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.passages import Passage
from crosearch.tools.records import (
    PassageRecord,
    collection_name,
    embedded_text,
    read_passage,
    sentence_ids,
    sentence_texts,
)

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import Metadata

ROWS = 2_000
"""Rows written or listed at once: enough for Chroma's best rate, and under a second for readers."""

READ_ROWS = 500
"""Passages read at once, with their texts."""

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedRows:
    """Passages and their sentences as vectors, a row each."""

    passage_ids: list[str]
    passage_vectors: NDArray[np.float32]
    sentence_ids: list[str]
    sentence_vectors: NDArray[np.float32]


def encode_rows(passages: Sequence[Passage], embedder: Embedder) -> EncodedRows:
    """Embed passages and their sentences."""
    texts = [embedded_text(passage.title, passage.text) for passage in passages]
    ids = [i for passage in passages for i in sentence_ids(passage.id, len(passage.sentences))]
    spoken = [t for passage in passages for t in sentence_texts(passage.text, passage.sentences)]
    return EncodedRows(
        passage_ids=[passage.id for passage in passages],
        passage_vectors=embedder.encode_passages(texts),
        sentence_ids=ids,
        sentence_vectors=embedder.encode_passages(spoken),
    )


def put_rows(
    client: "ClientAPI",
    name: str,
    ids: list[str],
    vectors: NDArray[np.float32],
    records: list[PassageRecord] | None = None,
) -> None:
    """Write rows, or new vectors and records of rows that are there; None: keep the records."""
    collection = client.get_collection(name, embedding_function=None)
    limit = client.get_max_batch_size()
    for start in range(0, len(ids), limit):
        part = slice(start, start + limit)
        collection.upsert(
            ids=ids[part],
            embeddings=vectors[part],
            metadatas=cast("list[Metadata]", records[part]) if records else None,
        )


def delete_rows(client: "ClientAPI", name: str, ids: Sequence[str]) -> None:
    """Take rows out; those that are not there do no harm."""
    collection = client.get_collection(name, embedding_function=None)
    for some in batches(ids, ROWS):
        collection.delete(ids=some)


def list_ids(connection: Connection, name: str) -> Iterator[list[str]]:
    """List the ids of a collection, some at a time."""
    offset = 0
    while True:
        with connection.reading() as collections:
            page = collections[name].get(limit=ROWS, offset=offset, include=[])["ids"]
        if not page:
            return
        yield page
        offset += len(page)


def list_records(connection: Connection, name: str) -> Iterator[list[tuple[str, PassageRecord]]]:
    """List the ids of a collection of passages with their metadata, some at a time."""
    offset = 0
    while True:
        with connection.reading() as collections:
            page = collections[name].get(limit=ROWS, offset=offset, include=["metadatas"])
        if not page["ids"]:
            return
        yield list(zip(page["ids"], cast("list[PassageRecord]", page["metadatas"]), strict=True))
        offset += len(page["ids"])


def list_passages(
    connection: Connection, corpus: str, language: Language
) -> Iterator[list[Passage]]:
    """Read all passages of a language, some at a time."""
    name = collection_name(corpus, language, "passages")
    offset = 0
    while True:
        with connection.reading() as collections:
            page = get_passages(collections[name], language, limit=READ_ROWS, offset=offset)
        if not page:
            return
        yield page
        offset += len(page)


def get_passages(
    collection: "Collection",
    language: Language,
    *,
    ids: list[str] | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> list[Passage]:
    """Read passages by their ids, or a page of all."""
    result = collection.get(ids=ids, limit=limit, offset=offset, include=["metadatas"])
    records = cast("list[PassageRecord]", result["metadatas"])
    return [
        read_passage(identifier, record, language)
        for identifier, record in zip(result["ids"], records, strict=True)
    ]


def batches(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    """Cut a sequence into lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
