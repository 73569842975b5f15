"""How much of what a question says a passage says too, phrase by phrase, in any language.

Unlike a cosine, this tells a passage that is on the subject from one that speaks of all that is
asked. Phrases are found as the reranker finds them (`crosearch.tools.query_phrases`), by what they
mean or by a translation, and by their sound: a name may be spelt in another script.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon, load_lexicon
from crosearch.tools.names import name_grams
from crosearch.tools.pieces import Pieces, PieceTable, piece_table
from crosearch.tools.query_phrases import QueryPhrases, cut_phrases, phrases_found
from crosearch.tools.sentences import split_sentences
from crosearch.tools.sounds import SoundCodes, held_codes

_CHANCE, _CERTAIN = 0.4, 0.9
"""Shares of a phrase's sounds: up to the first a passage holds them by chance, from the second on
it holds the phrase."""
_SOUNDS = 3
"""Fewer pieces of sound are in every passage."""
_QUESTIONS = 1_024
_PASSAGES = 2_048
_COMPARED = 16_384

Shares = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How much of a question a passage holds."""

    whole: float
    """The share of the question's phrases that the passage holds, weighted, in 0..1."""
    sentences: tuple[float, ...]
    """For each sentence, the share that it or the title holds; sounds are not compared there."""
    rests: tuple[float, ...]
    """As `sentences`, of what the title leaves open: it is there that an answer is told."""
    rest: float
    """As `whole`, of what the title leaves open: to be on the subject answers nothing."""


class CoverageMeter:
    """Measures passages against questions, by an embedder's pieces and a lexicon; thread-safe."""

    def __init__(self, table: PieceTable, lexicon: Lexicon) -> None:
        """Compare by the pieces of `table`, and translate by `lexicon`."""
        self.lexicon = lexicon
        self._table = table
        self._cut = lru_cache(maxsize=_QUESTIONS)(self._cut_question)
        self._pieces = lru_cache(maxsize=_PASSAGES)(self._cut_passage)
        self._named = lru_cache(maxsize=_COMPARED)(self._find_in_title)
        self.measure = lru_cache(maxsize=_COMPARED)(self._measure)
        """`measure(question, language, title, text, of)`, remembered."""

    def known(self, question: str, language: Language, of: Language) -> float:
        """Return the share of a question that can be put into a language, weighted, in 0..1."""
        if language == of:
            return 1.0
        phrases = self._cut(question, language, of)
        return float(phrases.weights[np.unique(phrases.phrases)].sum())

    def phrases(self, question: str, language: Language, of: Language) -> int:
        """Count the phrases that a question is cut into."""
        return len(self._cut(question, language, of).weights)

    def _measure(
        self, question: str, language: Language, title: str, text: str, of: Language
    ) -> Coverage:
        phrases = self._cut(question, language, of)
        if not len(phrases.weights):
            return Coverage(whole=0.0, sentences=(), rests=(), rest=0.0)
        found, _ = phrases_found(phrases, [self._pieces(title, text, of)], self._table)
        heard = _sounds_found(_texts(phrases, question), name_grams(f"{title}. {text}"))
        whole = np.maximum(found.max(axis=1, initial=0.0), heard)
        left = phrases.weights * (1.0 - self._named(question, language, title, of))
        left /= max(float(left.sum()), 1e-9)
        return Coverage(
            whole=float(phrases.weights @ whole),
            sentences=tuple((phrases.weights @ found).tolist()),
            rests=tuple((left @ found).tolist()),
            rest=float(left @ whole),
        )

    def _find_in_title(self, question: str, language: Language, title: str, of: Language) -> Shares:
        """Tell how surely a title holds each phrase, shape (phrases,)."""
        phrases = self._cut(question, language, of)
        if not title:
            return np.zeros(len(phrases.weights), np.float32)
        found, _ = phrases_found(phrases, [self._pieces(title, title, of)], self._table)
        heard = _sounds_found(_texts(phrases, question), name_grams(title))
        held: Shares = np.maximum(found.max(axis=1, initial=0.0), heard)
        return held

    def _cut_question(self, question: str, language: Language, of: Language) -> QueryPhrases:
        return cut_phrases(question, language, of, self._table, self.lexicon)

    def _cut_passage(self, title: str, text: str, of: Language) -> Pieces:
        spans = split_sentences(text, of) or [(0, len(text))]
        sentences = [text[start:end] for start, end in spans]
        [cut] = self._table.cut_passages([[title, *sentences]])
        return np.frombuffer(cut, np.uint32)


def coverage_meter(embedder: Embedder, lexicon: Lexicon | None = None) -> CoverageMeter:
    """Return the meter of an embedder's pieces and a lexicon; by default that of `load_lexicon`."""
    return _meter(piece_table(embedder), lexicon or load_lexicon())


_meter = lru_cache(maxsize=4)(CoverageMeter)


def _texts(phrases: QueryPhrases, question: str) -> tuple[str, ...]:
    """Return what each phrase says."""
    spans, starts = phrases.query.spans, phrases.starts
    ends = np.append(starts[1:], len(spans)) - 1
    return tuple(
        question[spans[start, 0] : spans[end, 1]] for start, end in zip(starts, ends, strict=True)
    )


@lru_cache(maxsize=_QUESTIONS)
def _phrase_sounds(
    phrases: tuple[str, ...],
) -> tuple[SoundCodes, NDArray[np.int64], NDArray[np.int64]]:
    """Put the sounds of phrases one after the other; with where each begins, and its length."""
    grams = [name_grams(phrase) for phrase in phrases]
    lengths = np.array([len(own) for own in grams], np.int64)
    return np.concatenate(grams), np.cumsum(lengths) - lengths, lengths


def _sounds_found(phrases: tuple[str, ...], sounds: SoundCodes) -> Shares:
    """Tell how surely a text holds each phrase by its sound, shape (phrases,)."""
    grams, starts, lengths = _phrase_sounds(phrases)
    if not len(grams):
        return np.zeros(len(phrases), np.float32)
    held = np.add.reduceat(np.append(held_codes(grams, sounds), False), starts)
    shares = np.where(lengths >= _SOUNDS, held / np.maximum(lengths, 1), 0.0)
    sure: Shares = np.clip((shares - _CHANCE) / (_CERTAIN - _CHANCE), 0.0, 1.0).astype(np.float32)
    return sure
