"""What the next writer does about a language that a killed one left in the middle.

Chroma's texts and metadata are whole after any kill; its vector files may not be, and documents
may be half-written. So: vectors are computed again where their files are torn, documents that are
not complete go, and catalog and lexical index are made again from what is left. It may be killed
too, and then begins anew.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from crosearch.tools.catalog import Catalog, Entry
from crosearch.tools.chroma import drop_vector_files
from crosearch.tools.connection import Connection
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.lexical_rebuild import rebuild_lexical
from crosearch.tools.pieces import piece_table
from crosearch.tools.records import (
    KINDS,
    CollectionRecord,
    PassageFacts,
    collection_name,
    read_facts,
    read_record,
    split_sentence_id,
)
from crosearch.tools.rows import (
    delete_rows,
    encode_rows,
    list_ids,
    list_passages,
    list_records,
    put_rows,
)

_TABLES = """
CREATE TABLE passages (
    id TEXT PRIMARY KEY, document TEXT, number INTEGER, hash TEXT, parts INTEGER, sentences INTEGER
) WITHOUT ROWID;
CREATE TABLE sentences (passage TEXT, number INTEGER, PRIMARY KEY (passage, number)) WITHOUT ROWID;
"""

_COMPLETE = """
CREATE TABLE complete AS
SELECT document, MAX(hash) AS hash FROM passages
GROUP BY document
HAVING COUNT(*) = MAX(parts) AND MAX(number) = MAX(parts) - 1 AND COUNT(DISTINCT hash) = 1
   AND SUM(sentences) = SUM((
       SELECT COUNT(*) FROM sentences AS s WHERE s.passage = passages.id AND s.number < sentences
   ));
CREATE UNIQUE INDEX complete_document ON complete (document);
"""

_SPARE_PASSAGES = """
SELECT id FROM passages WHERE document NOT IN (SELECT document FROM complete)
"""

_SPARE_SENTENCES = """
SELECT s.passage || '/' || s.number FROM sentences AS s
LEFT JOIN passages AS p ON p.id = s.passage
LEFT JOIN complete AS c ON c.document = p.document
WHERE c.document IS NULL OR s.number >= p.sentences
"""

_KEPT = """
SELECT document, complete.hash, sentences FROM passages JOIN complete USING (document)
ORDER BY document, number
"""


def recover(
    connection: Connection, corpus: str, language: Language, embedder: Embedder, catalog: Catalog
) -> None:
    """Bring one language into a state as if nothing had been begun and not ended.

    Raises:
        StoreError: The store cannot be read or written.
    """
    _mend_vectors(connection, corpus, language, embedder)
    passages = collection_name(corpus, language, "passages")
    sentences = collection_name(corpus, language, "sentences")
    catalog.clear(language)
    with closing(sqlite3.connect("")) as found:
        _survey(connection, passages, sentences, found)
        with connection.writing() as client:
            delete_rows(client, passages, _ids(found, _SPARE_PASSAGES))
            delete_rows(client, sentences, _ids(found, _SPARE_SENTENCES))
        catalog.put(_entries(found, language))
    catalog.commit()
    rebuild_lexical(connection, corpus, language, piece_table(embedder))


def _ids(found: sqlite3.Connection, query: str) -> list[str]:
    return [str(row[0]) for row in found.execute(query)]


def _survey(
    connection: Connection, passages: str, sentences: str, found: sqlite3.Connection
) -> None:
    """Note what Chroma holds, in a temporary file, and which documents are complete."""
    found.executescript(_TABLES)
    for page in list_records(connection, passages):
        found.executemany(
            "INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?, ?, ?)",
            (_row(identifier, read_facts(record)) for identifier, record in page),
        )
    for ids in list_ids(connection, sentences):
        rows = map(split_sentence_id, ids)
        found.executemany("INSERT OR REPLACE INTO sentences VALUES (?, ?)", rows)
    found.executescript(_COMPLETE)


def _row(identifier: str, facts: PassageFacts) -> tuple[str, str, int, str, int, int]:
    number = int(identifier.rpartition("#")[2])
    sentences = len(facts["sentences"])
    return identifier, facts["document_id"], number, facts["hash"], facts["parts"], sentences


def _entries(found: sqlite3.Connection, language: Language) -> Iterator[Entry]:
    """Read the complete documents back, each with its passages' numbers of sentences."""
    name, digest, counts = "", "", list[int]()
    for document, hashed, sentences in found.execute(_KEPT):
        if document != name:
            if counts:
                yield Entry(id=name, language=language, hash=digest, sentences=tuple(counts))
            name, digest, counts = str(document), str(hashed), []
        counts.append(int(sentences))
    if counts:
        yield Entry(id=name, language=language, hash=digest, sentences=tuple(counts))


def _mend_vectors(
    connection: Connection, corpus: str, language: Language, embedder: Embedder
) -> None:
    """Compute a language's vectors again if a file of them is torn, or this was begun before."""
    names = [collection_name(corpus, language, kind) for kind in KINDS]
    connection.refresh()
    with connection.reading() as collections:
        record = read_record(collections[names[0]].metadata)
        torn = connection.torn
    assert record is not None  # It is how the language was found.
    if record["mending"] or not torn.isdisjoint(names):
        _mark(connection, names[0], {**record, "mending": True})
        for name in names:
            drop_vector_files(connection.place.chroma, name)
        connection.reopen()
        passages, sentences = names
        for page in list_passages(connection, corpus, language):
            rows = encode_rows(page, embedder)
            with connection.writing() as client:
                put_rows(client, sentences, rows.sentence_ids, rows.sentence_vectors)
                put_rows(client, passages, rows.passage_ids, rows.passage_vectors)
        _mark(connection, names[0], {**record, "mending": False})


def _mark(connection: Connection, name: str, record: CollectionRecord) -> None:
    with connection.writing() as client:
        collection = client.get_collection(name, embedding_function=None)
        collection.modify(metadata=dict(record))
