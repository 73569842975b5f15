"""Ingestion: documents read, split, embedded and written into a corpus, as a stream.

It can be stopped or killed at any moment and run again: a document whose content has not changed
is passed over, a changed one replaces its passages. Memory is bounded by a batch for each
language, whatever the number of documents.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crosearch.tools.catalog import LanguageCount
from crosearch.tools.documents import Found, Skipped, read_documents
from crosearch.tools.embedder import Embedder
from crosearch.tools.index import CorpusWriter, Store
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document
from crosearch.tools.splitting import split_document

_FORMAT = 1
"""Raised when documents are split or embedded differently, so that they are ingested anew."""

_SKIPS_LISTED = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestionProgress:
    """How far a run has come."""

    documents: int
    """Read so far."""
    passages: int
    """Made so far of documents that are new or changed."""
    skipped: int
    source: str
    """What was read last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestionReport:
    """What a run came to."""

    documents: int
    """Read: added, changed and unchanged ones together."""
    added: int
    changed: int
    unchanged: int
    removed: int
    """By pruning."""
    languages: Mapping[Language, LanguageCount]
    """What the corpus holds now, most passages first."""
    skipped: Sequence[Skipped]
    """What was not read and why; the first 1,000."""
    skipped_count: int
    prune_held_back: bool
    """True when pruning was asked for and not done: something could not be read, and which
    documents it held is not known, so that they might have been taken for gone."""
    seconds: float


@dataclass(kw_only=True, slots=True)
class _Tally:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    passages: int = 0
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    skipped_count: int = 0
    hidden: bool = False

    @property
    def documents(self) -> int:
        return self.added + self.changed + self.unchanged

    def skip(self, item: Skipped) -> None:
        self.skipped_count += 1
        if len(self.skipped) < _SKIPS_LISTED:
            self.skipped.append(item)


def ingest(
    paths: Sequence[str | Path],
    *,
    store: Store,
    corpus: str,
    embedder: Embedder,
    language: Language | None = None,
    prune: bool = False,
    progress: Callable[[IngestionProgress], None] | None = None,
) -> IngestionReport:
    """Bring a corpus up to date with files and folders.

    Args:
        paths: `.jsonl`, `.txt`, `.md`, `.html` and `.pdf` files, and folders of them.
        store: Where the corpus is, or is to be made.
        corpus: Its name.
        embedder: What embeds it; the same one each time.
        language: Of documents that do not say theirs; None: it is detected.
        prune: Remove the corpus' documents that are not among the paths' any more.
        progress: Told after each document.

    Raises:
        DocumentError: A path does not exist; nothing was done.
        EmbedderMismatchError: The corpus was made with another embedder.
        StoreLockedError: Somebody else is writing to the store.
        StoreError: The store cannot be written.
        UsageError: The corpus' name is not one.
    """
    started = time.monotonic()
    items = read_documents(paths, language)
    tally, removed = _Tally(), 0
    with store.writer(corpus, embedder) as writer:
        for item in items:
            _take(item, writer, tally)
            if progress is not None:
                progress(
                    IngestionProgress(
                        documents=tally.documents,
                        passages=tally.passages,
                        skipped=tally.skipped_count,
                        source=item.source,
                    )
                )
        held_back = prune and tally.hidden
        if prune and not held_back:
            removed = writer.remove_unseen()
        counts = writer.count()
    return IngestionReport(
        documents=tally.documents,
        added=tally.added,
        changed=tally.changed,
        unchanged=tally.unchanged,
        removed=removed,
        languages=counts,
        skipped=tuple(tally.skipped),
        skipped_count=tally.skipped_count,
        prune_held_back=held_back,
        seconds=time.monotonic() - started,
    )


def content_hash(document: Document) -> str:
    """Return a digest of all that a document's passages are made of, 32 hex digits."""
    content = (
        _FORMAT,
        document.language,
        document.title,
        document.text,
        document.url,
        sorted(document.metadata.items()),
    )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _take(item: Found | Skipped, writer: CorpusWriter, tally: _Tally) -> None:
    if isinstance(item, Skipped):
        tally.skip(item)
        if item.document_id:
            writer.see(item.document_id)
        else:
            tally.hidden = True
        return
    document = item.document
    if not writer.see(document.id):
        reason = f"there was a document {document.id!r} before it in this run"
        tally.skip(Skipped(source=item.source, reason=reason, document_id=document.id))
        return
    digest, known = content_hash(document), writer.hash_of(document.id)
    if digest == known:
        tally.unchanged += 1
        return
    passages = split_document(document)
    writer.put(document, digest, passages)
    tally.passages += len(passages)
    if known is None:
        tally.added += 1
    else:
        tally.changed += 1
