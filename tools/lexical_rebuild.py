"""Lexical indexes made again from the passages in Chroma, where they are missing or old."""

from collections.abc import Callable, Sequence

from crosearch.tools.connection import Connection
from crosearch.tools.errors import StoreLockedError
from crosearch.tools.languages import Language
from crosearch.tools.lexical import LexicalWriter, remove_index, shows_generation, stamp_index
from crosearch.tools.lock import access_lock, writer_lock
from crosearch.tools.passages import Passage
from crosearch.tools.pieces import PieceTable
from crosearch.tools.records import (
    CollectionRecord,
    collection_name,
    embedded_text,
    read_record,
    sentence_texts,
)
from crosearch.tools.rows import list_passages

RebuildProgress = Callable[[Language, int, int], None]
"""Told while a lexical index is made: its language, passages done, passages in all."""


def shown_state(record: CollectionRecord, table: PieceTable) -> str:
    """Name the state of the vectors, and the pieces, that a lexical index made now would show."""
    return complete_state(record["generation"], table) + (
        "" if record["complete"] else " incomplete"
    )


def complete_state(generation: str, table: PieceTable) -> str:
    """Name the state of the vectors after an ingestion that came to its end."""
    return f"{table.fingerprint} {generation}"


def add_passages(writer: LexicalWriter, passages: Sequence[Passage], table: PieceTable) -> None:
    """Add passages to a lexical index."""
    cut = table.cut_passages([(p.title, *sentence_texts(p.text, p.sentences)) for p in passages])
    for passage, pieces in zip(passages, cut, strict=True):
        writer.add(passage.id, embedded_text(passage.title, passage.text), pieces)


def rebuild_for_reading(
    connection: Connection,
    corpus: str,
    language: Language,
    table: PieceTable,
    progress: RebuildProgress | None,
) -> None:
    """Make a language's lexical index once, however many readers want it.

    Nothing is done while somebody ingests: that brings the index up to date by itself.
    """
    place = connection.place
    place.make()
    with access_lock(place.rebuild_lock, exclusive=True):
        try:
            with writer_lock(place.writer_lock, what=place.label):
                rebuild_lexical(connection, corpus, language, table, progress)
        except StoreLockedError:
            return


def rebuild_lexical(
    connection: Connection,
    corpus: str,
    language: Language,
    table: PieceTable,
    progress: RebuildProgress | None = None,
) -> None:
    """Make a language's lexical index anew; the caller holds the writer lock."""
    connection.refresh()
    with connection.reading() as collections:
        collection = collections[collection_name(corpus, language, "passages")]
    record = read_record(collection.metadata)
    folder = connection.place.lexical(collection)
    if record is None or shows_generation(folder, shown_state(record, table)):
        return
    remove_index(folder)
    done = 0
    with LexicalWriter(folder, language) as writer:
        for passages in list_passages(connection, corpus, language):
            add_passages(writer, passages, table)
            done += len(passages)
            if progress is not None:
                progress(language, done, record["passages"])
    stamp_index(folder, shown_state(record, table))
