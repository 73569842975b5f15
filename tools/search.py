"""Search over one or many languages at once: several signals, one ranking, a status each.

Every language is searched in a thread, under its own time-out; what fails there is that language's
outcome and nobody else's. The candidates of all languages and signals are ranked in one
pool (`crosearch.tools.fusion`), so that no language has places of its own to fill.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import DEFAULT_EMBEDDER, Embedder, load_embedder
from crosearch.tools.errors import CroSearchError, QuestionError, UsageError
from crosearch.tools.fusion import fuse_ranks
from crosearch.tools.index import Corpus, open_store
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.passages import Hit, LanguageOutcome, Passage, SearchResult, SearchStatus, Span
from crosearch.tools.retriever import Vectors
from crosearch.tools.signals import CANDIDATES, Query, Signal, default_signals
from crosearch.tools.threads import in_thread

LONGEST_QUERY = 10_000
"""Code points; what is longer is a document, not a question."""

_REMEMBERED_QUERIES = 256
_Key = tuple[Language, str]
_log = logging.getLogger(__name__)


def open_retriever(
    store: str | Path,
    corpus: str,
    embedder: str = DEFAULT_EMBEDDER,
    headers: Mapping[str, str] | None = None,
) -> "HybridRetriever":
    """Open a corpus for search.

    Args:
        store: A folder, or `http(s)://host:port` of a Chroma server.
        corpus: The corpus' name.
        embedder: As for `load_embedder`; the one that the corpus was made with.
        headers: Sent with every request to a server.

    Raises:
        CorpusNotFoundError: There is no such store or corpus.
        EmbedderMismatchError: The corpus was made with another embedder.
        StoreError: The store does not answer.
    """
    opened = open_store(store, headers=headers)
    return HybridRetriever(opened.open_corpus(corpus, load_embedder(embedder)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _LanguageSearch:
    """What one language has brought so far."""

    outcome: LanguageOutcome
    scores: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    """By signal and passage id."""
    hits: Mapping[str, tuple[Passage, Span]] = field(
        default_factory=dict[str, tuple[Passage, Span]]
    )
    """By passage id: those of its passages that are among the pool's best."""


class HybridRetriever:
    """A `Retriever` over a stored corpus, by vectors and by words."""

    def __init__(self, corpus: Corpus, *, signals: Sequence[Signal] | None = None) -> None:
        """Search a corpus.

        Args:
            corpus: The corpus, opened with its embedder.
            signals: What ranks passages; None for `default_signals`.
        """
        self._corpus = corpus
        self._signals = tuple(signals or default_signals(corpus))
        self._weights = {signal.name: signal.weight for signal in self._signals}
        self._embed = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._embed_anew)

    @property
    def corpus(self) -> str:
        """The corpus' name."""
        return self._corpus.name

    @property
    def embedder(self) -> Embedder:
        """What embedded the corpus, and embeds the queries."""
        return self._corpus.embedder

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages that hold passages, with their numbers of passages, most first."""
        counts = self._corpus.languages
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def fingerprint(self) -> str:
        """What is equal for two states of the corpus exactly if nothing was ingested in between.

        Raises:
            StoreError: The store does not answer.
        """
        return self._corpus.fingerprint

    async def search(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        k: int = 10,
        timeout: float = 10.0,
    ) -> SearchResult:
        """Find the `k` best passages over all the languages; `timeout` seconds for each of them.

        Raises:
            QuestionError: The query is blank, or longer than 10,000 characters.
            UsageError: `k` is less than one, or there is no language to search in.
        """
        _check(query, languages, k)
        query = query.encode("utf-8", "replace").decode("utf-8")  # Half surrogates are no text.
        began = time.perf_counter()
        vector = await in_thread(lambda: self._embed(query))
        asked = Query(text=query, vector=vector, depth=max(k, CANDIDATES))
        wanted = tuple(dict.fromkeys(languages))
        searches = await asyncio.gather(
            *(self._collect(language, asked, timeout) for language in wanted)
        )
        fused = self._fuse(searches)
        best = sorted(fused, key=lambda key: (-fused[key], key))[:k]
        searches = await asyncio.gather(
            *(self._read(search, _of_language(best, search), asked, timeout) for search in searches)
        )
        return SearchResult(
            query=query,
            hits=tuple(_hits(best, fused, searches)),
            outcomes=tuple(search.outcome for search in searches),
            seconds=time.perf_counter() - began,
        )

    async def sentence_vectors(self, passages: Sequence[Passage]) -> Mapping[str, Vectors]:
        """Read back the stored vectors of the passages' sentences, by passage id, a row each.

        Raises:
            StoreError: The store does not answer.
        """
        by_language: dict[Language, dict[str, int]] = {}
        for passage in passages:
            counts = by_language.setdefault(passage.language, {})
            counts[passage.id] = len(passage.sentences)

        def read() -> dict[str, Vectors]:
            rows: dict[str, Vectors] = {}
            for language, counts in by_language.items():
                rows.update(self._corpus.sentence_vectors(language, counts))
            return rows

        return await in_thread(read)

    def _embed_anew(self, query: str) -> NDArray[np.float32]:
        vector = self._corpus.embedder.encode_queries([query]).reshape(-1)
        vector.flags.writeable = False  # Many searches share it.
        return vector

    async def _collect(self, language: Language, query: Query, timeout: float) -> _LanguageSearch:
        """Gather a language's candidates from every signal."""

        def work() -> _LanguageSearch:
            scores = {s.name: s.candidates(language, query) for s in self._signals}
            found = len({passage_id for ids in scores.values() for passage_id in ids})
            if not found and language not in self._corpus.languages:
                name = describe_language(language).english_name
                return _failed(language, "missing", f"{self.corpus!r} holds no passages in {name}")
            outcome = LanguageOutcome(language=language, status="ok", found=found, seconds=0.0)
            return _LanguageSearch(outcome=outcome, scores=scores)

        nothing = LanguageOutcome(language=language, status="ok", found=0, seconds=0.0)
        return await _attempt(_LanguageSearch(outcome=nothing), work, timeout)

    def _fuse(self, searches: Iterable[_LanguageSearch]) -> dict[_Key, float]:
        pool: dict[str, dict[_Key, float]] = {name: {} for name in self._weights}
        for search in searches:
            for name, scores in search.scores.items():
                for passage_id, score in scores.items():
                    pool[name][search.outcome.language, passage_id] = score
        return fuse_ranks(pool, self._weights)

    async def _read(
        self, search: _LanguageSearch, ids: Sequence[str], query: Query, timeout: float
    ) -> _LanguageSearch:
        """Read the passages that made it, and choose the sentence of each."""
        if not ids:
            return search
        language = search.outcome.language

        def work() -> _LanguageSearch:
            passages = self._corpus.passages(language, ids)
            counts = {passage.id: len(passage.sentences) for passage in passages}
            vectors = self._corpus.sentence_vectors(language, counts)
            hits = {
                passage.id: (passage, _nearest_sentence(passage, vectors.get(passage.id), query))
                for passage in passages
            }
            return replace(search, hits=hits)

        return await _attempt(search, work, timeout - search.outcome.seconds)


def _check(query: str, languages: Sequence[Language], k: int) -> None:
    if not query.strip():
        raise QuestionError("the query is blank: give at least one word")
    if len(query) > LONGEST_QUERY:
        raise QuestionError(
            f"the query has {len(query):,} characters; {LONGEST_QUERY:,} are the most it may have"
        )
    if k < 1:
        raise UsageError(f"cannot find {k} passages: k must be at least 1")
    if not languages:
        raise UsageError("no language to search in: give at least one")


async def _attempt(
    before: _LanguageSearch, work: Callable[[], _LanguageSearch], timeout: float
) -> _LanguageSearch:
    """Do one stage of a language's search; what goes wrong becomes its outcome."""
    began = time.perf_counter()
    language = before.outcome.language
    try:
        after = await in_thread(work, timeout)
    except TimeoutError:
        after = _failed(language, "timeout", "no answer in time")
    except CroSearchError as error:
        after = _failed(language, "error", str(error))
    except Exception as error:
        _log.exception("the search in %s failed", language)
        after = _failed(language, "error", type(error).__name__)
    seconds = before.outcome.seconds + time.perf_counter() - began
    return replace(after, outcome=replace(after.outcome, seconds=seconds))


def _failed(language: Language, status: SearchStatus, detail: str) -> _LanguageSearch:
    outcome = LanguageOutcome(language=language, status=status, found=0, seconds=0.0, detail=detail)
    return _LanguageSearch(outcome=outcome)


def _of_language(best: Iterable[_Key], search: _LanguageSearch) -> list[str]:
    return [passage_id for language, passage_id in best if language == search.outcome.language]


def _nearest_sentence(passage: Passage, vectors: Vectors | None, query: Query) -> Span:
    if vectors is None or not len(vectors) or not passage.sentences:
        return (0, len(passage.text))
    nearest = int(np.argmax(vectors[: len(passage.sentences)] @ query.vector))
    return passage.sentences[nearest]


def _hits(
    best: Iterable[_Key], fused: Mapping[_Key, float], searches: Iterable[_LanguageSearch]
) -> Iterator[Hit]:
    by_language = {search.outcome.language: search for search in searches}
    for language, passage_id in best:
        search = by_language[language]
        if passage_id in search.hits:
            passage, sentence = search.hits[passage_id]
            signals = {
                name: scores[passage_id]
                for name, scores in search.scores.items()
                if passage_id in scores
            }
            score = fused[language, passage_id]
            yield Hit(passage=passage, score=score, signals=signals, sentence=sentence)
