"""What may speak for a passage: each signal names its best in a language, with scores of its own.

A signal's scores must be comparable between languages and between searches, since they are added
as they are (`crosearch.tools.fusion`). A reranker names none: it scores what the signals found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.fusion import Candidates
from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language
from crosearch.tools.translated_query import QueryTranslator

CANDIDATES = 100
"""How many passages of a language a signal offers to the pool, unless more are asked for."""

RERANKED = 50
"""How many passages of the pool, the best of them, rerankers score."""

_SENTENCE_SHARE = 0.6
"""What the best sentence counts beside its passage."""

PIECES = "pieces"
"""The reranker whose score is a share of the question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A question as the signals see it."""

    text: str
    language: Language
    """The language that it is written in."""
    vector: NDArray[np.float32]
    """Its vector by the corpus' embedder, shape (dimension,)."""
    depth: int = CANDIDATES
    """How many passages each signal should offer."""


class Signal(Protocol):
    """One way to find passages; called from several threads at once."""

    @property
    def name(self) -> str:
        """What its scores are called in `Hit.signals`."""
        ...

    @property
    def weight(self) -> float:
        """What its scores are multiplied by before they are added to those of the others."""
        ...

    def candidates(self, language: Language, query: Query) -> Candidates:
        """Score the best passages of a language."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescored:
    """What a reranker says of a passage."""

    score: float = 0.0
    sentence: int | None = None
    """The number of its best sentence; None: the reranker does not tell."""


@runtime_checkable
class Reranker(Protocol):
    """One way to tell good passages from better ones; called from several threads at once."""

    @property
    def name(self) -> str:
        """As for `Signal`."""
        ...

    @property
    def weight(self) -> float:
        """As for `Signal`."""
        ...

    def rescore(
        self, language: Language, query: Query, passage_ids: Sequence[str]
    ) -> Mapping[str, Rescored]:
        """Score passages of a language, by id; one that is left out has 0."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DenseSignal:
    """The weighted mean of two cosines: the passage's, and its best sentence's."""

    corpus: Corpus
    weight: float = 1.2
    name: str = "dense"

    def candidates(self, language: Language, query: Query) -> Candidates:
        """Take the nearest of both kinds.

        What only one kind found gets, for the other, the worst cosine that it found: the true one
        is no better, and close to it.
        """
        whole = dict(self.corpus.nearest_passages(language, query.vector, query.depth))
        best: dict[str, float] = {}
        for passage_id, _, cosine in self.corpus.nearest_sentences(
            language, query.vector, query.depth
        ):
            best[passage_id] = max(cosine, best.get(passage_id, -1.0))
        worst = min(whole.values(), default=0.0), min(best.values(), default=0.0)
        scores = {
            passage_id: _mean(whole.get(passage_id, worst[0]), best.get(passage_id, worst[1]))
            for passage_id in dict.fromkeys((*whole, *best))
        }
        return Candidates(scores=scores, others=_mean(*worst))


def _mean(whole: float, sentence: float) -> float:
    return (1 - _SENTENCE_SHARE) * whole + _SENTENCE_SHARE * sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class LexicalSignal:
    """BM25 over the terms of the passage's language, the question translated into it."""

    corpus: Corpus
    translator: QueryTranslator
    weight: float = 0.2
    name: str = "lexical"

    def candidates(self, language: Language, query: Query) -> Candidates:
        """Ask the language's lexical index; without one there are no candidates."""
        index = self.corpus.lexical(language)
        if index is None:
            return Candidates()
        bag = self.translator.bag(query.text, query.language, language)
        return Candidates(scores=dict(index.search(bag, query.depth)))


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundSignal:
    """BM25 over how the words sound: it finds names that are written in another script."""

    corpus: Corpus
    weight: float = 0.05
    name: str = "sound"

    def candidates(self, language: Language, query: Query) -> Candidates:
        """Ask the language's lexical index; without one there are no candidates."""
        index = self.corpus.lexical(language)
        if index is None:
            return Candidates()
        return Candidates(scores=dict(index.search_sounds(query.text, query.depth)))
