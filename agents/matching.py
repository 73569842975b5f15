"""How far passages share a question's words: by how they sound, and by what they mean.

Both measures are relative to the other passages at hand: a word that all of them share tells
nothing. Names cross scripts by sound (Москва, Moscow), other words by their vectors.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.names import name_grams, name_pieces
from crosearch.tools.products import row_products
from crosearch.tools.sounds import held_codes
from crosearch.tools.terms import tokenize

Scores = NDArray[np.float32]
Vector = NDArray[np.float32]

_LETTERS_RUN = re.compile(r"[^\W\d_]+")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_CASED_SCRIPTS = frozenset({"Cyrl", "Grek", "Latn"})
_UNSPACED = frozenset({"ja", "th", "zh"})

COVERED = 0.7
"""The cosine from which on a word of the question counts as being in a title."""

_COMPARED = 8192
"""Comparisons of a question with a text that are kept: a run makes the same ones in every turn."""
_WORD_BYTES = 1 << 27
"""What the vectors of words may take: with those of the embedded embedder, of 131,072 words."""
_NUMBERED = 32_768
"""Texts whose words are known by their numbers."""


def sound_overlap(question: str, passages: Sequence[str]) -> Scores:
    """Return the share of the question's sounds in each passage, rare ones counting more.

    Returns:
        Shares in 0..1, shape (len(passages),).
    """
    held = np.stack([_held_sounds(question, passage) for passage in passages])
    weights = np.log((len(held) + 1) / (held.sum(axis=0) + 0.5))
    shares: Scores = (held @ weights / (weights.sum() or 1.0)).astype(np.float32)
    return shares


@lru_cache(maxsize=_COMPARED)
def sound_share(name: str, text: str) -> float:
    """Return the share of a name's sounds that a text holds, in 0..1."""
    held = _held_sounds(name, text)
    return float(held.mean()) if len(held) else 0.0


def name_overlap(question: str, language: Language, passages: Sequence[str]) -> Scores:
    """Return how far the best-held name of the question stands out in each passage.

    Names are told by their capitals; where a script or a language has no such capitals, every
    longer word may be one. In Chinese, Japanese and Thai every three letters may.

    Returns:
        For the name that does best, its share of sounds in the passage less its mean share over
        the passages, shape (len(passages),).
    """
    names = tuple(name for name in find_names(question, language) if len(name_grams(name)))
    if not names:
        return np.zeros(len(passages), np.float32)
    shares = np.stack([_name_shares(names, passage) for passage in passages], axis=1)
    above: Scores = (shares - shares.mean(axis=1, keepdims=True)).max(axis=0).astype(np.float32)
    return above


@lru_cache(maxsize=_COMPARED)
def _held_sounds(wanted: str, text: str) -> NDArray[np.bool_]:
    """Tell which of a text's sounds another one holds, shape (sounds,)."""
    return held_codes(name_grams(wanted), name_grams(text))


@lru_cache(maxsize=_COMPARED)
def _name_shares(names: tuple[str, ...], text: str) -> NDArray[np.float64]:
    """Return the share of each name's sounds that a text holds, shape (names,)."""
    pieces = name_pieces(names)
    shares: NDArray[np.float64] = pieces.shares(held_codes(pieces.grams, name_grams(text))[None])[0]
    return shares


def find_names(question: str, language: Language) -> list[str]:
    """Find what may be names in a question, in its order."""
    words = _LETTERS_RUN.findall(question)
    if describe_language(language).script in _CASED_SCRIPTS:
        names = [word for word in words[1:] if word[0].isupper() and len(word) > 2]
        if names:
            return names
    katakana = _KATAKANA.findall(question)
    if katakana:
        return katakana
    if language in _UNSPACED:
        return [word[at : at + 3] for word in words for at in range(max(1, len(word) - 2))]
    return [word for word in words if len(word) > 3]


class CachedVectors:
    """An embedder's vectors of words and sentences, kept between turns and questions.

    Used by several threads at once; what it keeps is bounded.
    """

    def __init__(self, embedder: Embedder, *, size: int = 20_000) -> None:
        """Keep up to `size` texts' vectors, and some more words'."""
        self._embedder = embedder
        self._size = size
        self._held: OrderedDict[str, Vector] = OrderedDict()
        self._mutex = threading.Lock()
        self._words = _WordVectors(embedder)
        self.question = lru_cache(maxsize=256)(self._embed_question)
        self.nearest_words = lru_cache(maxsize=_COMPARED)(self._compare_words)

    def look_up(self, texts: Iterable[str]) -> dict[str, Vector]:
        """Return the vectors of passages, sentences or words, by text."""
        wanted = dict.fromkeys(texts)
        found: dict[str, Vector] = {}
        with self._mutex:
            for text in wanted.keys() & self._held.keys():
                found[text] = self._held[text]
                self._held.move_to_end(text)
        new = sorted(wanted.keys() - found.keys())
        if new:
            made = dict(zip(new, self._embedder.encode_passages(new), strict=True))
            found |= made
            with self._mutex:
                # Copied, or each would keep the vectors alive that were made along with it.
                self._held.update((text, vector.copy()) for text, vector in made.items())
                while len(self._held) > self._size:
                    self._held.popitem(last=False)
        return found

    def learn_words(self, passages: Sequence[tuple[str, Language]]) -> None:
        """Embed the words of passages together, which is quicker than one by one."""
        self._words.number(passages)

    def _embed_question(self, text: str) -> Vector:
        vector: Vector = self._embedder.encode_queries([text])[0]
        return vector

    def _compare_words(
        self, question: str, language: Language, text: str, of: Language
    ) -> NDArray[np.float32]:
        """Return how near a text's nearest word is to each word of the question, shape (words,)."""
        held = self.look_up(asked := _content_words(question, language))
        rows = self._words.rows(text, of)
        wanted = np.stack([held[word] for word in asked])
        nearest: Scores = row_products(wanted, rows).max(axis=1)
        return nearest


class _WordVectors:
    """The vectors of many words in one table, and texts as numbers of its rows."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._mutex = threading.Lock()
        self._begin(_WORD_BYTES // (4 * embedder.dimension))

    def rows(self, text: str, language: Language) -> NDArray[np.float32]:
        """Return the vectors of a text's words, each word once, shape (words, dimension)."""
        with self._mutex:
            [numbers] = self._number([(text, language)])
            rows: NDArray[np.float32] = self._table[numbers]
            return rows

    def number(self, texts: Sequence[tuple[str, Language]]) -> None:
        """Learn the words of texts."""
        with self._mutex:
            self._number(texts)

    def _number(self, texts: Sequence[tuple[str, Language]]) -> list[NDArray[np.int32]]:
        unread = {key: _terms(*key) for key in texts if key not in self._texts}
        new = {w for terms in unread.values() for w in terms if w not in self._numbers}
        if len(self._numbers) + len(new) > len(self._table):
            self._begin(max(len(self._table), 2 * len(new)))
            unread = {key: _terms(*key) for key in texts}
            new = {word for terms in unread.values() for word in terms}
        if new:
            words = sorted(new)
            first = len(self._numbers)
            self._table[first : first + len(words)] = self._embedder.encode_passages(words)
            self._numbers.update(zip(words, range(first, first + len(words)), strict=True))
        for key, terms in unread.items():
            self._texts[key] = np.array([self._numbers[word] for word in terms], np.int32)
        found = [self._texts[key] for key in texts]
        while len(self._texts) > _NUMBERED:
            self._texts.popitem(last=False)
        return found

    def _begin(self, size: int) -> None:
        """Forget everything; memory is taken as rows are filled."""
        self._table = np.empty((size, self._embedder.dimension), np.float32)
        self._numbers: dict[str, int] = {}
        self._texts: OrderedDict[tuple[str, Language], NDArray[np.int32]] = OrderedDict()


def _terms(text: str, language: Language) -> tuple[str, ...]:
    """Return a text's terms, each once; the text itself where it has none."""
    return tuple(dict.fromkeys(tokenize(text, language))) or (text,)


def word_similarities(
    question: str,
    language: Language,
    passages: Sequence[tuple[str, Language]],
    vectors: CachedVectors,
) -> Scores:
    """Return, for each longer word of the question, how near each passage's nearest word is.

    This is the late interaction of ColBERT (Khattab and Zaharia, 2020) on single words' vectors.

    Returns:
        Cosines, shape (words of the question, passages), with at least one row.
    """
    vectors.learn_words(passages)
    nearest = [vectors.nearest_words(question, language, text, of) for text, of in passages]
    return np.stack(nearest, axis=1)


def contrast(similarities: Scores) -> Scores:
    """Sum up how far each passage's words stand out from the other passages'.

    Returns:
        The mean over the question's words of their positive z-scores, shape (passages,).
    """
    centred = similarities - similarities.mean(axis=1, keepdims=True)
    spread = similarities.std(axis=1, keepdims=True) + 0.03
    outstanding: Scores = np.clip(centred / spread, 0.0, None).mean(axis=0)
    return outstanding


@lru_cache(maxsize=256)
def _content_words(question: str, language: Language) -> tuple[str, ...]:
    words = _terms(question, language)
    if language in _UNSPACED or language == "ko":  # their terms are pairs of letters
        return words
    return tuple(word for word in words if len(word) > 3) or words
