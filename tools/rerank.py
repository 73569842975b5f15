"""Ranks the best passages again, by how much of the question each of them holds.

What a question holds, and how it is found, is told by `crosearch.tools.query_phrases`.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon
from crosearch.tools.pieces import Pieces, PieceTable
from crosearch.tools.query_phrases import QueryPhrases, cut_phrases, phrases_found
from crosearch.tools.signals import PIECES, Query, Rescored

_REMEMBERED = 1_024


def rescore_passages(
    question: QueryPhrases, passages: Sequence[Pieces], table: PieceTable
) -> list[Rescored]:
    """Tell how much of a question each passage holds, from 0 to 1, and its best sentence.

    The score is the mean of what the best sentence holds and of what all of them hold together.
    """
    found, owners = phrases_found(question, passages, table)
    rescored = [Rescored()] * len(passages)
    if not len(owners):
        return rescored
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    shares = question.weights @ found
    best = np.maximum.reduceat(shares, starts)
    together = question.weights @ np.maximum.reduceat(found, starts, axis=1)
    sizes = np.diff(starts, append=len(owners))
    places = np.flatnonzero(shares == np.repeat(best, sizes))
    firsts = places[np.searchsorted(places, starts)] - starts
    scores = ((best + together) / 2).tolist()
    for owner, score, sentence in zip(owners[starts], scores, firsts.tolist(), strict=True):
        rescored[owner] = Rescored(score=score, sentence=sentence)
    return rescored


class PieceReranker:
    """The share of the question that a passage holds, and its best sentence."""

    name = PIECES

    def __init__(self, corpus: Corpus, lexicon: Lexicon | None, *, weight: float = 2.0) -> None:
        """Rerank a corpus' passages, translating by a lexicon, if there is one."""
        self.weight = weight
        self._corpus = corpus
        self._lexicon = lexicon
        self.cut = lru_cache(maxsize=_REMEMBERED)(self._cut_anew)
        """`cut_phrases` with this corpus and lexicon, remembered."""

    def rescore(
        self, language: Language, query: Query, passage_ids: Sequence[str]
    ) -> Mapping[str, Rescored]:
        """Compare the question with the pieces that the lexical index keeps of the passages."""
        index = self._corpus.lexical(language)
        pieces = index.pieces(passage_ids) if index else {}
        question = self.cut(query.text, query.language, language)
        rescored = rescore_passages(question, list(pieces.values()), self._corpus.pieces)
        return dict(zip(pieces, rescored, strict=True))

    def _cut_anew(self, text: str, source: Language, target: Language) -> QueryPhrases:
        return cut_phrases(text, source, target, self._corpus.pieces, self._lexicon)
