"""What is compared: the embedder, the signals of search alone and together, and other models."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.retrieval_data import RetrievalData
from crosearch.evals.retrieval_runs import Ranking
from crosearch.evals.retrieval_store import fill_store, rank_by_search, rank_by_signals
from crosearch.tools.default_signals import default_signals
from crosearch.tools.embedder import Embedder, load_embedder
from crosearch.tools.errors import UsageError
from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.records import embedded_text
from crosearch.tools.rows import batches
from crosearch.tools.search import HybridRetriever
from crosearch.tools.signals import Query, Reranker, Signal

DENSE = "dense"
"""The embedder alone: a vector for each document, compared with all of them."""

SIGNALS: Mapping[str, frozenset[str]] = {
    "lexical": frozenset({"lexical"}),
    "sound": frozenset({"sound"}),
    "fused": frozenset({"dense", "lexical", "sound"}),
}
"""Signals of search, alone and added up: BM25 of the question translated through the lexicon, BM25
of how it sounds, and these with the embedder's."""

HYBRID = "hybrid"
"""Search as it is."""

SEARCHES: Mapping[str, frozenset[str]] = {
    "reranked": frozenset({"dense", "pieces"}),
    HYBRID: frozenset({"dense", "lexical", "sound", "pieces"}),
}
"""Searches with a reranker, and what they are made of: what the embedder finds, reranked; and all
signals, reranked."""

BUILT_IN = (DENSE, *SIGNALS, *SEARCHES)

_TOGETHER = 16
"""Questions that are searched for at once."""

_SCORES = 1 << 24
"""Cosines that are held at once."""

Vectors = NDArray[np.float32]


class System(Protocol):
    """Ranks documents."""

    @property
    def identity(self) -> Mapping[str, object]:
        """What it is made of; plain JSON, equal for equal systems."""
        ...

    def rank(
        self, questions: Sequence[EvalQuestion], searched: Sequence[Language], depth: int
    ) -> Iterator[Ranking]:
        """Rank the documents of some languages for each question: the best `depth` of them."""
        ...


def check_systems(names: Sequence[str]) -> None:
    """See that all names can be systems, before any of them is run.

    Raises:
        UsageError: There is none, two are called the same, or one is neither built in nor looks
            like a model's name or folder.
    """
    if not names:
        raise UsageError("there is no system to evaluate: give one")
    titles = [title_of(name) for name in names]
    for name in names:
        if titles.count(title_of(name)) > 1:
            raise UsageError(f"two systems are called {title_of(name)!r}")
        if name not in BUILT_IN and "/" not in name and not Path(name).is_dir():
            raise UsageError(
                f"the system {name!r} is unknown; known are {', '.join(BUILT_IN)}, and every "
                "sentence-transformers model by its whole name (ORGANISATION/NAME) or its folder"
            )


def title_of(name: str) -> str:
    """Return what a system or an embedder is called: a model's folder by its last name alone.

    Where it lies, such as in whose home, is no part of a report.
    """
    return Path(name).absolute().name if Path(name).is_dir() else name


class Systems:
    """Opens systems over one data set; what several of them need is made once."""

    def __init__(self, data: RetrievalData, embedder: Embedder, store: Path) -> None:
        """Hold what they need; nothing is made yet.

        Args:
            data: The data set.
            embedder: Of `dense`, and of the store.
            store: The store's folder.
        """
        self._data, self._embedder, self._store = data, embedder, store
        self._corpus: Corpus | None = None

    def open(self, name: str) -> System:
        """Open a system.

        Raises:
            UsageError: It is no system, or its model cannot be loaded.
            StoreError: The documents cannot be ingested.
        """
        check_systems([name])
        if name == DENSE:
            return VectorSystem(self._data, self._embedder)
        if name not in BUILT_IN:
            return VectorSystem(self._data, load_embedder(name))
        if self._corpus is None:
            self._corpus = fill_store(self._store, self._data.documents, self._embedder)
        if name in SIGNALS:
            return SignalSystem(self._corpus, SIGNALS[name])
        return SearchSystem(self._corpus, SEARCHES[name])


class VectorSystem:
    """Ranks by the cosines of one vector for each document; exact."""

    def __init__(self, data: RetrievalData, embedder: Embedder) -> None:
        """Hold the documents; a language's are embedded when they are first ranked."""
        self._data, self._embedder = data, embedder
        self._embedded: dict[Language, tuple[list[str], Vectors]] = {}

    @property
    def identity(self) -> Mapping[str, object]:
        """The embedder's name and fingerprint."""
        return {
            "embedder": title_of(self._embedder.name),
            "fingerprint": self._embedder.fingerprint,
        }

    def rank(
        self, questions: Sequence[EvalQuestion], searched: Sequence[Language], depth: int
    ) -> Iterator[Ranking]:
        """Rank by the cosine of question and document."""
        held = max(1, *(self._data.languages.get(language, 0) for language in searched))
        for some in batches(questions, max(1, _SCORES // held)):
            queries = self._embedder.encode_queries([question.text for question in some])
            parts = [self._best(queries, language, depth) for language in searched]
            for number in range(len(some)):
                found = [pair for part in parts for pair in part[number]]
                yield sorted(found, key=lambda pair: -pair[1])[:depth]

    def _best(
        self, queries: Vectors, language: Language, depth: int
    ) -> list[list[tuple[str, float]]]:
        """Return the best documents of a language for each query, in no order."""
        ids, vectors = self._vectors(language)
        scores = queries @ vectors.T
        count = min(depth, len(ids))
        best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        chosen = np.take_along_axis(scores, best, axis=1)
        return [
            [(ids[place], score) for place, score in zip(places, values, strict=True)]
            for places, values in zip(best.tolist(), chosen.tolist(), strict=True)
        ]

    def _vectors(self, language: Language) -> tuple[list[str], Vectors]:
        if language not in self._embedded:
            documents = [d for d in self._data.documents if d.language == language]
            texts = [embedded_text(document.title, document.text) for document in documents]
            vectors = self._embedder.encode_passages(texts)
            self._embedded[language] = [document.id for document in documents], vectors
        return self._embedded[language]


class SignalSystem:
    """Ranks by signals of search, added up as search does; without the passages being read."""

    def __init__(self, corpus: Corpus, parts: frozenset[str]) -> None:
        """Ask those of the signals that are among `parts`."""
        signals = [part for part in _parts(corpus, parts) if not isinstance(part, Reranker)]
        self._corpus, self._signals = corpus, signals

    @property
    def identity(self) -> Mapping[str, object]:
        """The embedder's, the lexicon's fingerprint, and the signals with their weights."""
        return _identity(self._corpus, self._signals)

    def rank(
        self, questions: Sequence[EvalQuestion], searched: Sequence[Language], depth: int
    ) -> Iterator[Ranking]:
        """Rank by the best passage of each document."""
        vectors = self._corpus.embedder.encode_queries([question.text for question in questions])
        for question, vector in zip(questions, vectors, strict=True):
            query = Query(text=question.text, language=question.language, vector=vector)
            yield rank_by_signals(self._signals, query, searched, depth)


class SearchSystem:
    """Ranks by a search of the store, with some of its signals."""

    def __init__(self, corpus: Corpus, parts: frozenset[str]) -> None:
        """Search a corpus with those signals and rerankers that are among `parts`."""
        self._corpus, self._signals = corpus, _parts(corpus, parts)
        self._retriever = HybridRetriever(corpus, signals=self._signals)

    @property
    def identity(self) -> Mapping[str, object]:
        """The embedder's, the lexicon's fingerprint, and the signals with their weights."""
        return _identity(self._corpus, self._signals)

    def rank(
        self, questions: Sequence[EvalQuestion], searched: Sequence[Language], depth: int
    ) -> Iterator[Ranking]:
        """Rank by what search finds.

        Raises:
            StoreError: A language could not be searched.
        """
        with asyncio.Runner() as runner:
            for some in batches(questions, _TOGETHER):
                yield from runner.run(self._rank(some, searched, depth))

    async def _rank(
        self, questions: Sequence[EvalQuestion], searched: Sequence[Language], depth: int
    ) -> list[Ranking]:
        return await asyncio.gather(
            *(
                rank_by_search(
                    self._retriever, question.text, searched, depth, asked_in=question.language
                )
                for question in questions
            )
        )


def _parts(corpus: Corpus, names: frozenset[str]) -> list[Signal | Reranker]:
    return [part for part in default_signals(corpus, load_lexicon()) if part.name in names]


def _identity(corpus: Corpus, parts: Sequence[Signal | Reranker]) -> Mapping[str, object]:
    return {
        "embedder": title_of(corpus.embedder.name),
        "fingerprint": corpus.embedder.fingerprint,
        "lexicon": load_lexicon().fingerprint,
        "weights": {part.name: part.weight for part in parts},
    }
