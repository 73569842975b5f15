"""Batches of text pairs for the default embedder, as token ids.

Every text is tokenized once, into one flat array; a source is a set of rows whose texts
say the same (or ask and answer), and a batch draws its pairs from one source.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from crosearch.training.embedder_data import LANGUAGES, Row
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

    @property
    def texts(self) -> list[str]:
        """The texts, in the order of their numbers."""
        return list(self._numbers)

    def tokenize(self, tokenizer: Tokenizer) -> "TokenPool":
        """Return the texts' token ids, without unknown and bare word-start pieces."""
        dropped = {tokenizer.token_to_id(UNKNOWN), tokenizer.token_to_id(WORD_START)}
        texts = self.texts
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
        return Bags(ids=ids[kept], lengths=np.bincount(owners, minlength=len(texts)))

    def frequencies(self, pieces: int) -> NDArray[np.float64]:
        """Return how often each token occurs, shape (pieces,)."""
        return np.bincount(self.ids, minlength=pieces).astype(np.float64)


class Drawn(NamedTuple):
    """Numbers of the texts of a batch's pairs, and which pairs are not each other's negatives."""

    left: Ids
    right: Ids
    same: NDArray[np.bool_]


class Source(Protocol):
    """Where batches come from."""

    @property
    def name(self) -> str:
        """What the source is called in the recipe."""
        ...

    @property
    def share(self) -> float:
        """Relative frequency of this source's batches."""
        ...

    def draw(self, rng: np.random.Generator, size: int) -> Drawn:
        """Return the pairs of a batch of about a given size."""
        ...


@dataclass(frozen=True, kw_only=True)
class TranslationSource:
    """Rows of texts that say the same, from which pairs of different texts are drawn."""

    name: str
    share: float
    texts: Ids
    """Numbers of the rows' texts, row after row."""
    offsets: Ids
    cumulative: NDArray[np.float64]
    """Cumulative weights of the rows, ending in 1."""
    batch_factor: int

    def draw(self, rng: np.random.Generator, size: int) -> Drawn:
        """Return at most `size` times the factor pairs, each of another row."""
        wanted = min(size * self.batch_factor, len(self.cumulative))
        rows = np.unique(np.searchsorted(self.cumulative, rng.random(wanted), side="right"))
        count = np.diff(self.offsets)[rows]
        first = (rng.random(len(rows)) * count).astype(np.int64)
        # A step of 1 to count - 1 round the row never lands on the same text.
        step = 1 + (rng.random(len(rows)) * (count - 1)).astype(np.int64)
        left = self.texts[self.offsets[rows] + first]
        right = self.texts[self.offsets[rows] + (first + step) % count]
        return Drawn(left, right, mark_equal((left, left), (right, right), (left, right)))


def mark_equal(*sides: tuple[Ids, Ids]) -> NDArray[np.bool_]:
    """Mark the pairs (i, j), i not j, where some left number i is the right number j."""
    same = np.zeros((len(sides[0][0]), len(sides[0][1])), bool)
    for left, right in sides:
        same |= left[:, None] == right[None, :]
    np.fill_diagonal(same, False)
    return same


def translation_source(
    name: str, share: float, rows: Sequence[Row], pool: TextPool, *, batch_factor: int = 1
) -> TranslationSource:
    """Return a source whose rows hold texts of one meaning, in several languages.

    Rows of small languages are drawn more often: by the square root of their number.
    """
    frequency = dict.fromkeys(LANGUAGES, 0)
    for row in rows:
        for language in row:
            frequency[language] += 1
    weights = [max(frequency[language] ** -0.5 for language in row) for row in rows]
    texts, offsets = _flatten([[t for ts in row.values() for t in ts] for row in rows], pool)
    return TranslationSource(
        name=name,
        share=share,
        texts=texts,
        offsets=offsets,
        cumulative=_cumulative(weights),
        batch_factor=batch_factor,
    )


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
