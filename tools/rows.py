"""Rows of Chroma's collections: put in, taken out and listed, in batches that it can bear.

Collections go by name and are looked up for each batch: a handle kept longer may be that of a
connection which was opened anew since.
"""

from collections.abc import Iterator, Sequence
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
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import Metadata

ROWS = 2_000
"""Rows written or listed at once: enough for Chroma's best rate, and under a second for readers."""

READ_ROWS = 500
"""Passages read at once, with their texts."""

_T = TypeVar("_T")


def insert_passages(
    connection: Connection,
    name: str,
    passages: Sequence[Passage],
    records: Sequence[PassageRecord] | None,
    embedder: Embedder,
) -> None:
    """Embed passages and write them; without records, write only their vectors."""
    for some in batches(range(len(passages)), ROWS):
        texts = [embedded_text(passages[i].title, passages[i].text) for i in some]
        _upsert(
            connection,
            name,
            [passages[i].id for i in some],
            embedder.encode_passages(texts),
            None if records is None else [passages[i].text for i in some],
            None if records is None else [records[i] for i in some],
        )


def insert_sentences(
    connection: Connection, name: str, passages: Sequence[Passage], embedder: Embedder
) -> None:
    """Embed the passages' sentences and write their vectors."""
    ids = [i for passage in passages for i in sentence_ids(passage.id, len(passage.sentences))]
    texts = [t for passage in passages for t in sentence_texts(passage.text, passage.sentences)]
    for some in batches(range(len(ids)), ROWS):
        vectors = embedder.encode_passages([texts[i] for i in some])
        _upsert(connection, name, [ids[i] for i in some], vectors, None, None)


def delete_rows(connection: Connection, name: str, ids: Sequence[str]) -> None:
    """Take rows out; those that are not there do no harm."""
    for some in batches(ids, ROWS):
        with connection.writing() as client:
            client.get_collection(name, embedding_function=None).delete(ids=some)


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
    result = collection.get(ids=ids, limit=limit, offset=offset, include=["documents", "metadatas"])
    texts, records = result["documents"] or [], result["metadatas"] or []
    return [
        read_passage(identifier, text, cast(PassageRecord, record), language)
        for identifier, text, record in zip(result["ids"], texts, records, strict=True)
    ]


def batches(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    """Cut a sequence into lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _upsert(
    connection: Connection,
    name: str,
    ids: list[str],
    vectors: NDArray[np.float32],
    texts: list[str] | None,
    records: list[PassageRecord] | None,
) -> None:
    with connection.writing() as client:
        collection = client.get_collection(name, embedding_function=None)
        limit = client.get_max_batch_size()
        for start in range(0, len(ids), limit):
            part = slice(start, start + limit)
            collection.upsert(
                ids=ids[part],
                embeddings=vectors[part],
                documents=texts[part] if texts else None,
                metadatas=cast("list[Metadata]", records[part]) if records else None,
            )
