"""Lexical indexes made again from the passages in Chroma, where they are missing or old."""

from collections.abc import Callable

from crosearch.tools.connection import Connection
from crosearch.tools.errors import StoreLockedError
from crosearch.tools.languages import Language
from crosearch.tools.lexical import LexicalWriter, remove_index, shows_generation, stamp_index
from crosearch.tools.lock import access_lock, writer_lock
from crosearch.tools.records import CollectionRecord, collection_name, embedded_text, read_record
from crosearch.tools.rows import list_passages

RebuildProgress = Callable[[Language, int, int], None]
"""Told while a lexical index is made: its language, passages done, passages in all."""


def shown_state(record: CollectionRecord) -> str:
    """Name the state of the vectors that a lexical index made now would show."""
    return record["generation"] + ("" if record["complete"] else " incomplete")


def rebuild_for_reading(
    connection: Connection, corpus: str, language: Language, progress: RebuildProgress | None
) -> None:
    """Make a language's lexical index once, however many readers want it.

    Nothing is done while somebody ingests: that brings the index up to date by itself.
    """
    place = connection.place
    place.make()
    with access_lock(place.rebuild_lock, exclusive=True):
        try:
            with writer_lock(place.writer_lock, what=place.label):
                rebuild_lexical(connection, corpus, language, progress)
        except StoreLockedError:
            return


def rebuild_lexical(
    connection: Connection,
    corpus: str,
    language: Language,
    progress: RebuildProgress | None = None,
) -> None:
    """Make a language's lexical index anew; the caller holds the writer lock."""
    connection.refresh()
    with connection.reading() as collections:
        collection = collections[collection_name(corpus, language, "passages")]
    record = read_record(collection.metadata)
    folder = connection.place.lexical(collection)
    if record is None or shows_generation(folder, shown_state(record)):
        return
    remove_index(folder)
    done = 0
    with LexicalWriter(folder, language) as writer:
        for passages in list_passages(connection, corpus, language):
            for passage in passages:
                writer.add(passage.id, embedded_text(passage.title, passage.text))
            done += len(passages)
            if progress is not None:
                progress(language, done, record["passages"])
    stamp_index(folder, shown_state(record))
