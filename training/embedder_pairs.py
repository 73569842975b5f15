"""Batches of text pairs for the default embedder, as token ids.

Every text is tokenized once, into one flat array; a source is a set of rows whose texts
say the same (or ask and answer), and a batch draws its pairs from one source.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from crosearch.training.embedder_data import LANGUAGES, Question, Row
from crosearch.training.embedder_dictionary import Dictionary
from crosearch.training.embedder_model import Bags
from crosearch.training.embedder_tokenizer import UNKNOWN, WORD_START

Ids = NDArray[np.int64]

_LONGEST_TEXT = 128


class TextPool:
    """Distinct texts, numbered in the order they were added."""

    def __init__(self) -> None:
        """Start with no texts."""
        self._numbers: dict[str, int] = {}

    def add(self, text: str) -> int:
        """Return the number of a text, adding it if it is new."""
        return self._numbers.setdefault(text, len(self._numbers))

    def tokenize(self, tokenizer: Tokenizer) -> "TokenPool":
        """Return the texts' token ids, without unknown and bare word-start pieces."""
        dropped = {tokenizer.token_to_id(UNKNOWN), tokenizer.token_to_id(WORD_START)}
        texts = list(self._numbers)
        lengths = np.zeros(len(texts) + 1, np.int64)
        parts = []
        for start in range(0, len(texts), 10_000):
            chunk = []
            encodings = tokenizer.encode_batch_fast(texts[start : start + 10_000])
            for number, encoding in enumerate(encodings, start=start + 1):
                ids = [i for i in encoding.ids if i not in dropped][:_LONGEST_TEXT]
                lengths[number] = len(ids)
                chunk.extend(ids)
            parts.append(np.array(chunk, np.int32))
        return TokenPool(ids=np.concatenate(parts), offsets=np.cumsum(lengths))


@dataclass(frozen=True, kw_only=True)
class TokenPool:
    """Token ids of numbered texts: text n is ids[offsets[n]:offsets[n + 1]]."""

    ids: NDArray[np.int32]
    offsets: Ids

    def bags(self, texts: Ids, dropout: float, rng: np.random.Generator) -> Bags:
        """Return some texts' tokens, without a random share `dropout` of them."""
        starts = self.offsets[texts]
        lengths = self.offsets[texts + 1] - starts
        shift = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        ids = self.ids[np.arange(lengths.sum()) + shift]
        kept = rng.random(len(ids)) >= dropout
        owners = np.repeat(np.arange(len(texts)), lengths)[kept]
        return Bags(ids=ids[kept], lengths=np.bincount(owners, minlength=len(texts)), texts=texts)

    def frequencies(self, pieces: int) -> NDArray[np.float64]:
        """Return how often each token occurs, shape (pieces,)."""
        return np.bincount(self.ids, minlength=pieces).astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class PairSource:
    """Rows from which pairs are drawn: a text of the row's left side, one of its right.

    Where both sides are the same array the two texts are different ones.
    """

    name: str
    share: float
    """Relative frequency of this source's batches."""
    left: Ids
    left_offsets: Ids
    right: Ids
    right_offsets: Ids
    cumulative: NDArray[np.float64]
    """Cumulative weights of the rows, ending in 1."""
    batch_factor: int = 1

    def draw(self, rng: np.random.Generator, size: int) -> tuple[Ids, Ids]:
        """Return the text numbers of at most `size` pairs, each of another row."""
        wanted = min(size * self.batch_factor, len(self.cumulative))
        rows = np.unique(np.searchsorted(self.cumulative, rng.random(wanted), side="right"))
        left_count = np.diff(self.left_offsets)[rows]
        right_count = np.diff(self.right_offsets)[rows]
        first = (rng.random(len(rows)) * left_count).astype(np.int64)
        if self.left is self.right:
            # A step of 1 to count - 1 round the row never lands on the same text.
            step = 1 + (rng.random(len(rows)) * (right_count - 1)).astype(np.int64)
            second = (first + step) % right_count
        else:
            second = (rng.random(len(rows)) * right_count).astype(np.int64)
        return self.left[self.left_offsets[rows] + first], self.right[
            self.right_offsets[rows] + second
        ]


def translation_source(
    name: str, share: float, rows: Sequence[Row], pool: TextPool, *, batch_factor: int = 1
) -> PairSource:
    """Return a source whose rows hold texts of one meaning, in several languages.

    Rows of small languages are drawn more often: by the square root of their number.
    """
    frequency = dict.fromkeys(LANGUAGES, 0)
    for row in rows:
        for language in row:
            frequency[language] += 1
    weights = [max(frequency[language] ** -0.5 for language in row) for row in rows]
    texts, offsets = _flatten([[t for ts in row.values() for t in ts] for row in rows], pool)
    return PairSource(
        name=name,
        share=share,
        left=texts,
        left_offsets=offsets,
        right=texts,
        right_offsets=offsets,
        cumulative=_cumulative(weights),
        batch_factor=batch_factor,
    )


def question_source(
    name: str, share: float, rows: Sequence[tuple[Sequence[str], Sequence[str]]], pool: TextPool
) -> PairSource:
    """Return a source whose rows hold forms of a question and forms of its answer."""
    left, left_offsets = _flatten([questions for questions, _ in rows], pool)
    right, right_offsets = _flatten([sentences for _, sentences in rows], pool)
    return PairSource(
        name=name,
        share=share,
        left=left,
        left_offsets=left_offsets,
        right=right,
        right_offsets=right_offsets,
        cumulative=_cumulative([1.0] * len(rows)),
    )


def translate_questions(
    questions: Iterable[Question], dictionary: Dictionary, rng: random.Random
) -> list[tuple[list[str], list[str]]]:
    """Return each English question and its answer in every language the dictionary reaches."""
    rows = []
    for pair in questions:
        sides = ([pair.question], [pair.sentence])
        for language in LANGUAGES:
            if language != "en":
                for side in sides:
                    translated = dictionary.translate(side[0], language, rng)
                    if translated is not None:
                        side.append(translated)
        rows.append(sides)
    return rows


def _flatten(rows: Iterable[Sequence[str]], pool: TextPool) -> tuple[Ids, Ids]:
    texts: list[int] = []
    offsets = [0]
    for row in rows:
        texts.extend(pool.add(text) for text in row)
        offsets.append(len(texts))
    return np.array(texts, np.int64), np.array(offsets, np.int64)


def _cumulative(weights: Sequence[float]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.cumsum(weights)
    sums /= sums[-1:].sum()
    return sums
