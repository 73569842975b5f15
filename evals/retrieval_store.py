"""A data set's documents in a store as users have them, and documents ranked by a search of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from crosearch.evals.dataset_types import EvalDocument
from crosearch.evals.retrieval_runs import Ranking
from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import StoreError
from crosearch.tools.fusion import add_scores
from crosearch.tools.index import Corpus, open_store
from crosearch.tools.ingestion import content_hash
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document
from crosearch.tools.retriever import Retriever
from crosearch.tools.signals import CANDIDATES, Query, Signal
from crosearch.tools.splitting import split_document

CORPUS = "documents"

_TIMEOUT = 600.0
"""Seconds for each language: an evaluation waits where a person would not."""


def fill_store(folder: Path, documents: Iterable[EvalDocument], embedder: Embedder) -> Corpus:
    """Ingest documents, those that are not there yet, and open them as a corpus.

    Documents without text are left out: nothing could find them.

    Args:
        folder: The store's.
        documents: What it is to hold.
        embedder: What embeds them.

    Raises:
        EmbedderMismatchError: The store was made with another embedder.
        StoreError: The store cannot be written, or another process is at it.
    """
    store = open_store(folder)
    with store.writer(CORPUS, embedder) as writer:
        for one in documents:
            document = Document(id=one.id, title=one.title, text=one.text, language=one.language)
            digest = content_hash(document)
            passages = split_document(document) if writer.hash_of(one.id) != digest else []
            if passages:
                writer.put(document, digest, passages)
    return store.open_corpus(CORPUS, embedder)


async def rank_by_search(
    retriever: Retriever,
    query: str,
    languages: Sequence[Language],
    depth: int,
    asked_in: Language | None,
) -> Ranking:
    """Rank documents by the best of their passages.

    Args:
        retriever: What searches.
        query: The question.
        languages: Where to search.
        depth: How many documents to rank, if so many are found.
        asked_in: The language of the question; None: it is detected.

    Raises:
        StoreError: A language could not be searched.
    """
    passages = depth
    while True:
        result = await retriever.search(
            query, languages, k=passages, timeout=_TIMEOUT, asked_in=asked_in
        )
        for outcome in result.outcomes:
            if outcome.status not in ("ok", "missing"):
                raise StoreError(
                    f"the search in {outcome.language} failed: {outcome.detail or outcome.status}"
                )
        ranking = _best_documents((hit.passage.id, hit.score) for hit in result.hits)
        if len(ranking) >= depth or len(result.hits) < passages:
            return ranking[:depth]
        # Several passages were of one document.
        passages *= 2


def rank_by_signals(
    signals: Sequence[Signal], query: Query, languages: Sequence[Language], depth: int
) -> Ranking:
    """Rank documents by the best of their passages, as signals add up without a reranker.

    Args:
        signals: What finds passages.
        query: The question; its `depth` is not looked at.
        languages: Where to look.
        depth: How many documents to rank, if so many are found.

    Raises:
        StoreError: A signal cannot be asked.
    """
    found = [pair for one in languages for pair in _found_in(one, signals, query, depth)]
    return sorted(found, key=lambda pair: -pair[1])[:depth]


def _found_in(
    language: Language, signals: Sequence[Signal], query: Query, depth: int
) -> list[tuple[str, float]]:
    weights = {signal.name: signal.weight for signal in signals}
    asked = replace(query, depth=max(depth, CANDIDATES))
    while True:
        found = {signal.name: signal.candidates(language, asked) for signal in signals}
        scores = sorted(add_scores(found, weights).items(), key=lambda pair: -pair[1])
        ranking = _best_documents(scores)
        if len(ranking) >= depth or all(len(one.scores) < asked.depth for one in found.values()):
            return ranking[:depth]
        # Several passages were of one document.
        asked = replace(asked, depth=2 * asked.depth)


def _best_documents(passages: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the documents of passages that come best first; what nothing speaks for is none."""
    best: dict[str, float] = {}
    for name, score in passages:
        if score > 0:
            best.setdefault(name.rpartition("#")[0], score)
    return list(best.items())
