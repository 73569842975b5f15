"""How a corpus is laid out in Chroma: names of collections, their metadata, and passages.

A corpus has two collections for each of its languages: `CORPUS.LANGUAGE.passages`, which alone
holds everything that is known of its documents, and `CORPUS.LANGUAGE.sentences`, which holds
nothing but vectors: the id `DOC#N/S` says that it is sentence S of passage `DOC#N`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, cast

from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import EmbedderMismatchError, StoreError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document, Metadata, Passage, Span

SCHEMA = 3
"""Raised when what is stored changes its form."""

Kind = Literal["passages", "sentences"]
KINDS: tuple[Kind, Kind] = ("passages", "sentences")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class CollectionRecord(TypedDict):
    """The metadata of a collection."""

    crosearch: int
    """The schema."""
    corpus: str
    language: str
    kind: Kind
    embedder: str
    dimension: int
    fingerprint: str
    generation: str
    """Another one after each ingestion that changed something."""
    complete: bool
    """False while an ingestion is changing it, and after one was killed at that."""
    mending: bool
    """True while vectors are computed again, because a kill left their files torn."""
    documents: int
    passages: int
    """How many there were after the last batch; to ask Chroma would load all vectors."""


class PassageRecord(TypedDict):
    """The metadata of a passage.

    Each further field costs a row in Chroma's tables; and its own field for a document's text
    costs an index of trigrams, as dear as the vector, which nobody asks here.
    """

    text: str
    facts: str
    """The rest: `PassageFacts` as JSON."""


class PassageFacts(TypedDict):
    """What is known of a passage beside its text."""

    document_id: str
    hash: str
    """Of the document's content; passages of an older state have another one."""
    parts: int
    """How many passages the document has."""
    title: str
    url: str
    sentences: list[Span]
    metadata: Metadata
    """What else the document's author says of it."""


def check_corpus_name(name: str) -> str:
    """Return a corpus' name if it is one.

    Raises:
        UsageError: It is not made of at most 100 ASCII letters, digits, `-` and `_`.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:120]!r} is no name for a corpus: use at most 100 of a-z, A-Z, 0-9, '-' and "
            "'_', and begin with a letter or a digit"
        )
    return name


def collection_name(corpus: str, language: Language, kind: Kind) -> str:
    """Name a collection."""
    return f"{corpus}.{language}.{kind}"


def new_record(corpus: str, language: Language, kind: Kind, embedder: Embedder) -> CollectionRecord:
    """Describe a collection that is about to be filled."""
    return CollectionRecord(
        crosearch=SCHEMA,
        corpus=corpus,
        language=language,
        kind=kind,
        embedder=embedder.name,
        dimension=embedder.dimension,
        fingerprint=embedder.fingerprint,
        generation="",
        complete=False,
        mending=False,
        documents=0,
        passages=0,
    )


def read_record(metadata: Mapping[str, object] | None) -> CollectionRecord | None:
    """Read a collection's metadata; None when it is not one of ours.

    Raises:
        StoreError: A newer version of the package made it.
    """
    if not metadata or "crosearch" not in metadata:
        return None
    if metadata["crosearch"] != SCHEMA:
        raise StoreError(
            f"the corpus {metadata.get('corpus')!r} has schema {metadata['crosearch']}, and this "
            f"version of crosearch reads schema {SCHEMA}: ingest it anew under another name"
        )
    return cast(CollectionRecord, metadata)


def check_embedder(record: CollectionRecord, embedder: Embedder) -> None:
    """Do nothing if a corpus was made with this embedder.

    Raises:
        EmbedderMismatchError: It was made with another one; both are named.
    """
    if (record["fingerprint"], record["dimension"]) == (embedder.fingerprint, embedder.dimension):
        return
    made = f"{record['embedder']!r} ({record['dimension']} dimensions, {record['fingerprint']})"
    given = f"{embedder.name!r} ({embedder.dimension} dimensions, {embedder.fingerprint})"
    raise EmbedderMismatchError(
        f"the corpus {record['corpus']!r} was made with the embedder {made}, and not with {given}: "
        "name that one, or ingest the documents anew under another name"
    )


def passage_id(document_id: str, number: int) -> str:
    """Name a document's passage; numbers count from 0."""
    return f"{document_id}#{number}"


def sentence_ids(passage: str, count: int) -> list[str]:
    """Name a passage's sentences."""
    return [f"{passage}/{number}" for number in range(count)]


def split_sentence_id(text: str) -> tuple[str, int]:
    """Return the passage's id and the sentence's number."""
    passage, _, number = text.rpartition("/")
    return passage, int(number)


def passage_record(document: Document, digest: str, passage: Passage, parts: int) -> PassageRecord:
    """Write down what is known of a passage."""
    facts = PassageFacts(
        document_id=document.id,
        hash=digest,
        parts=parts,
        title=passage.title,
        url=passage.url,
        sentences=list(passage.sentences),
        metadata=dict(passage.metadata),
    )
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return PassageRecord(text=passage.text, facts=text)


def read_facts(record: PassageRecord) -> PassageFacts:
    """Read what is known of a passage beside its text."""
    facts: PassageFacts = json.loads(record["facts"])
    return facts


def read_passage(identifier: str, record: PassageRecord, language: Language) -> Passage:
    """Make a passage of what Chroma holds of it."""
    facts = read_facts(record)
    return Passage(
        id=identifier,
        document_id=facts["document_id"],
        title=facts["title"],
        text=record["text"],
        language=language,
        sentences=tuple((start, end) for start, end in facts["sentences"]),
        url=facts["url"],
        metadata=facts["metadata"],
    )


def embedded_text(title: str, text: str) -> str:
    """Return what is embedded and indexed of a passage: its title too, which names its subject."""
    return f"{title}\n{text}" if title else text


def sentence_texts(text: str, spans: Sequence[Span]) -> list[str]:
    """Cut the sentences out of a passage."""
    return [text[start:end] for start, end in spans]
