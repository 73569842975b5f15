"""Which pairs make a batch: of one language, of two, or a mix of such batches.

Every batch comes from one file and has one language of queries and one of passages. Monolingual
batches (X-X) teach a retriever to search in one language, cross-lingual ones (X-Y) across two;
their mix serves both, and favours the asker's language least (Elmahdy et al. 2024, arXiv
2408.10536). Which file, which languages and which records is drawn from the seed and the step
alone: an interrupted training that goes on at step n draws what an unbroken one draws there.

The other pairs of a batch are its negatives. So no two pairs of a batch share a text, on either
side and in any language that their records have: what answers a question in another language, or
in the same words, is never its negative. Nothing is left to mask in the loss.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.batch_index import PairIndex, text_key
from crosearch.training.batch_sources import BatchKind, BatchSource, find_sources, weighted
from crosearch.training.pair_records import PairRecord, PairSet

__all__ = ["BatchKind", "BatchSource", "Pair", "PairBatches"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A query and a passage that belongs to it, out of a record."""

    record: PairRecord
    query: str
    passage: str
    query_language: Language
    passage_language: Language
    negatives: tuple[str, ...] = ()
    """Passages in the passage's language that belong to no query of the batch."""


class PairBatches:
    """Draws the batch of any step; it has no state, and is safe to use from several threads."""

    def __init__(
        self,
        sets: Sequence[PairSet],
        *,
        kind: BatchKind,
        cross_share: float = 0.5,
        temperature: float = 2.0,
        batch: int,
        seed: int,
        languages: Sequence[Language] = (),
        negatives: int = 0,
    ) -> None:
        """Look through the records, and see that every batch can be filled.

        Args:
            sets: The files; their weights are how often a batch comes from each, relative to the
                others that hold pairs of the batch's kind.
            kind: `monolingual`, `cross-lingual`, or `hybrid`: both.
            cross_share: Of a hybrid, the share of batches that are cross-lingual, 0 to 1.
            temperature: Languages are drawn by their number of records to the power of
                1 / temperature: above 1, small ones are seen more often than their share.
            batch: Pairs of a batch, at least 2. A batch is smaller where too many of its
                languages' records share texts.
            seed: Another seed, other batches.
            languages: The only ones to draw; empty for all.
            negatives: How many of a record's own negatives go with its pair, at most.

        Raises:
            UsageError: A file has no pairs of this kind, or too few in a language to fill a
                batch; the message says which, and what to change.
        """
        _check_numbers(cross_share, temperature, batch)
        self._batch, self._seed, self._negatives = batch, seed, negatives
        self._cross = {"monolingual": 0.0, "cross-lingual": 1.0}.get(kind, cross_share)
        indexes = [PairIndex(one, languages=languages, negatives=negatives > 0) for one in sets]
        parts = find_sources(indexes, kind, self._cross, batch)
        self._parts = [weighted(sources, temperature) for sources in parts]

    @property
    def sources(self) -> list[BatchSource]:
        """Where batches come from; their shares sum to 1."""
        return [
            replace(one, share=part * one.share)
            for part, sources in zip((1 - self._cross, self._cross), self._parts, strict=True)
            for one in sources
        ]

    def draw(self, step: int) -> list[Pair]:
        """Return the pairs of a step's batch, the same ones at every call."""
        rng = np.random.default_rng((self._seed, step))
        sources = self._parts[int(rng.random() < self._cross)]
        source = sources[int(rng.choice(len(sources), p=[one.share for one in sources]))]
        rows, taken = self._choose(rng, source)
        return [self._pair(rng, source, row, taken) for row in rows]

    def _choose(self, rng: np.random.Generator, source: BatchSource) -> tuple[list[int], set[int]]:
        """Draw records that share no text; their rows, and the numbers of texts to keep away."""
        chosen: dict[int, None] = {}
        taken: set[int] = set()
        spare = self._batch + self._batch // 4
        for row in _shuffled(
            rng, source.index.rows(source.query_language, source.passage_language), spare
        ):
            if len(chosen) == self._batch:
                break
            shared = source.index.shared[row]
            if row not in chosen and taken.isdisjoint(shared):
                chosen[row] = None
                taken |= shared
        return list(chosen), taken

    def _pair(
        self, rng: np.random.Generator, source: BatchSource, row: int, taken: set[int]
    ) -> Pair:
        record = source.index.pairs.records[row]
        query, passage = _choose_texts(rng, record, source.query_language, source.passage_language)
        negatives: tuple[str, ...] = ()
        if self._negatives:
            numbered = source.index.negatives[row].get(source.passage_language, {})
            free = [text for text, number in numbered.items() if number not in taken]
            negatives = tuple(free[: self._negatives])
        return Pair(
            record=record,
            query=query,
            passage=passage,
            query_language=source.query_language,
            passage_language=source.passage_language,
            negatives=negatives,
        )


def _shuffled(rng: np.random.Generator, rows: NDArray[np.intp], spare: int) -> Iterator[int]:
    """Yield rows at random: a few first, and after them all, those few once more."""
    # To shuffle a large file for each batch would cost more than to train on the batch.
    if spare < len(rows):
        yield from rows[rng.choice(len(rows), spare, replace=False)].tolist()
    yield from rng.permutation(rows).tolist()


def _choose_texts(
    rng: np.random.Generator, record: PairRecord, x: Language, y: Language
) -> tuple[str, str]:
    query = _any(rng, record.query[x])
    passages = record.passage[y]
    if record.parallel and x == y:
        passages = tuple(text for text in passages if text_key(text) != text_key(query))
    return query, _any(rng, passages)


def _any(rng: np.random.Generator, texts: Sequence[str]) -> str:
    return texts[int(rng.integers(len(texts)))] if len(texts) > 1 else texts[0]


def _check_numbers(cross_share: float, temperature: float, batch: int) -> None:
    if not 0 <= cross_share <= 1:
        raise UsageError(f"the cross-lingual share is {cross_share:g}; it must be from 0 to 1")
    if not (math.isfinite(temperature) and temperature > 0):
        raise UsageError(f"the temperature of languages is {temperature:g}; it must be above 0")
    if batch < 2:
        raise UsageError(f"a batch of {batch} has no negatives; it must be of 2 pairs or more")
