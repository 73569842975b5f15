"""How far passages share a question's words: by how they sound, and by what they mean.

Both measures are relative to the other passages at hand: a word that all of them share tells
nothing. Names cross scripts by sound (Москва, Moscow), other words by their vectors.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.sounds import sound_grams
from crosearch.tools.terms import tokenize

Scores = NDArray[np.float32]
Vector = NDArray[np.float32]

_LETTERS_RUN = re.compile(r"[^\W\d_]+")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_CASED_SCRIPTS = frozenset({"Cyrl", "Grek", "Latn"})
_UNSPACED = frozenset({"ja", "th", "zh"})

COVERED = 0.7
"""The cosine from which on a word of the question counts as being in a title."""

_sounds = lru_cache(maxsize=512)(sound_grams)


@lru_cache(maxsize=2048)
def _terms(text: str, language: Language) -> tuple[str, ...]:
    """Return a text's terms, each once; a run judges the same passages in every turn."""
    return tuple(dict.fromkeys(tokenize(text, language)))


def sound_overlap(question: str, passages: Sequence[str]) -> Scores:
    """Return the share of the question's sounds in each passage, rare ones counting more.

    Returns:
        Shares in 0..1, shape (len(passages),).
    """
    wanted = _sounds(question)
    held = [_sounds(passage) & wanted for passage in passages]
    frequency = Counter(gram for grams in held for gram in grams)
    weights = {gram: np.log((len(held) + 1) / (frequency[gram] + 0.5)) for gram in wanted}
    total = sum(weights.values()) or 1.0
    return np.array([sum(weights[gram] for gram in grams) / total for grams in held], np.float32)


def sound_share(name: str, text: str) -> float:
    """Return the share of a name's sounds that a text holds, in 0..1."""
    wanted = _sounds(name)
    return len(wanted & _sounds(text)) / len(wanted) if wanted else 0.0


def name_overlap(question: str, language: Language, passages: Sequence[str]) -> Scores:
    """Return how far the best-held name of the question stands out in each passage.

    Names are told by their capitals; where a script or a language has no such capitals, every
    longer word may be one. In Chinese, Japanese and Thai every three letters may.

    Returns:
        For the name that does best, its share of sounds in the passage less its mean share over
        the passages, shape (len(passages),).
    """
    wanted = [grams for name in find_names(question, language) if (grams := _sounds(name))]
    if not wanted:
        return np.zeros(len(passages), np.float32)
    held = [_sounds(passage) for passage in passages]
    shares = np.array([[len(name & grams) / len(name) for grams in held] for name in wanted])
    above: Scores = (shares - shares.mean(axis=1, keepdims=True)).max(axis=0).astype(np.float32)
    return above


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
    """An embedder's vectors of words and sentences, kept between turns and questions."""

    def __init__(self, embedder: Embedder, *, size: int = 20_000) -> None:
        """Keep up to about `size` texts' vectors."""
        self._embedder = embedder
        self._size = size
        self._held: dict[str, Vector] = {}

    def question(self, text: str) -> Vector:
        """Return a question's vector, shape (dimension,)."""
        vector: Vector = self._embedder.encode_queries([text])[0]
        return vector

    def look_up(self, texts: Iterable[str]) -> dict[str, Vector]:
        """Return the vectors of passages, sentences or words, by text."""
        wanted = set(texts)
        held = self._held  # other threads put a new dictionary in its place, and never change it
        new = sorted(wanted - held.keys())
        if new:
            found = dict(zip(new, self._embedder.encode_passages(new), strict=True))
            held = held | found
            self._held = held if len(held) <= self._size else found
        return {text: held[text] for text in wanted}


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
    asked = _content_words(question, language)
    texts = [_terms(text, code) or (text,) for text, code in passages]
    held = vectors.look_up(word for words in (asked, *texts) for word in words)
    wanted = np.stack([held[word] for word in asked])
    nearest = [(wanted @ np.stack([held[word] for word in words]).T).max(axis=1) for words in texts]
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


def _content_words(question: str, language: Language) -> list[str]:
    words = list(dict.fromkeys(tokenize(question, language))) or [question]
    if language in _UNSPACED or language == "ko":  # their terms are pairs of letters
        return words
    return [word for word in words if len(word) > 3] or words
