"""What may speak for a passage: each signal names its best in a language, with scores of its own.

A signal's scores must be comparable between languages, since search ranks them over one pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language

CANDIDATES = 50
"""How many passages of a language a signal offers to the pool, unless more are asked for."""

_VECTORS = 3
"""For each passage that it offers, the dense signal looks at so many vectors of each kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A question as the signals see it."""

    text: str
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
        """How much its ranks count against those of the other signals."""
        ...

    def candidates(self, language: Language, query: Query) -> Mapping[str, float]:
        """Score the best passages of a language, by passage id; higher is better."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DenseSignal:
    """The mean of two cosines: the passage's, and its best sentence's."""

    corpus: Corpus
    weight: float = 1.0
    name: str = "dense"

    def candidates(self, language: Language, query: Query) -> Mapping[str, float]:
        """Take the nearest of both kinds.

        What only one kind found gets, for the other, the worst cosine that it found: the true one
        is no better, and close to it, since more are looked at than offered.
        """
        looked_at = _VECTORS * query.depth
        whole = dict(self.corpus.nearest_passages(language, query.vector, looked_at))
        best: dict[str, float] = {}
        for passage_id, _, cosine in self.corpus.nearest_sentences(
            language, query.vector, looked_at
        ):
            best[passage_id] = max(cosine, best.get(passage_id, -1.0))
        worst = min(whole.values(), default=0.0), min(best.values(), default=0.0)
        scores = {
            passage_id: (whole.get(passage_id, worst[0]) + best.get(passage_id, worst[1])) / 2
            for passage_id in whole.keys() | best.keys()
        }
        return dict(nlargest(query.depth, scores.items(), key=itemgetter(1)))


@dataclass(frozen=True, kw_only=True, slots=True)
class LexicalSignal:
    """BM25 over the terms of the passage's language."""

    corpus: Corpus
    weight: float = 0.5
    name: str = "lexical"

    def candidates(self, language: Language, query: Query) -> Mapping[str, float]:
        """Ask the language's lexical index; without one there are no candidates."""
        index = self.corpus.lexical(language)
        return dict(index.search(query.text, query.depth)) if index else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundSignal:
    """BM25 over how the words sound: it finds names that are written in another script."""

    corpus: Corpus
    weight: float = 0.7
    name: str = "sound"

    def candidates(self, language: Language, query: Query) -> Mapping[str, float]:
        """Ask the language's lexical index; without one there are no candidates."""
        index = self.corpus.lexical(language)
        return dict(index.search_sounds(query.text, query.depth)) if index else {}


def default_signals(corpus: Corpus) -> tuple[Signal, ...]:
    """Return the signals that search uses unless told otherwise; their weights were measured."""
    return (
        DenseSignal(corpus=corpus),
        LexicalSignal(corpus=corpus),
        SoundSignal(corpus=corpus),
    )
