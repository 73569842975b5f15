"""Where batches can come from: which languages of which files, and how often each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.batch_index import PairIndex

BatchKind = Literal["monolingual", "cross-lingual", "hybrid"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSource:
    """A file and two languages, or one twice, that batches are drawn from."""

    index: PairIndex
    query_language: Language
    passage_language: Language
    records: int
    """How many records have both."""
    distinct: int
    """How many of them share no text, at most."""
    share: float = 0.0
    """The share of all batches that comes from here."""

    @property
    def is_cross(self) -> bool:
        """Whether query and passage are in two languages."""
        return self.query_language != self.passage_language


def find_sources(
    indexes: Sequence[PairIndex], kind: BatchKind, cross_share: float, batch: int
) -> tuple[list[BatchSource], list[BatchSource]]:
    """Return the monolingual and the cross-lingual sources that fill a batch.

    Raises:
        UsageError: A file, or a language with pairs, has none; the message says what to change.
    """
    found = [
        source
        for index in indexes
        for source in _sources(index)
        if (cross_share > 0 if source.is_cross else cross_share < 1)
    ]
    for index in indexes:
        if not any(source.index is index for source in found):
            raise UsageError(_nothing(index, kind))
    full = [source for source in found if source.distinct >= batch]
    _check_languages(found, batch)
    for index in indexes:
        if not any(source.index is index for source in full):
            most = max(source.distinct for source in found if source.index is index)
            raise UsageError(
                f"{index.pairs.path.name} never fills a batch of {batch:,} pairs: it has {most:,} "
                "of any two languages at most. Make smaller batches, or join it with other data"
            )
    mono = [source for source in full if not source.is_cross]
    cross = [source for source in full if source.is_cross]
    _check_both(indexes, cross_share, mono, cross)
    return mono, cross


def weighted(sources: Sequence[BatchSource], temperature: float) -> list[BatchSource]:
    """Share batches among files by weight, and within a file by records and temperature."""
    sizes = [source.records ** (1 / temperature) for source in sources]
    totals: defaultdict[int, float] = defaultdict(float)
    for source, size in zip(sources, sizes, strict=True):
        totals[id(source.index)] += size
    weights = {id(source.index): source.index.pairs.weight for source in sources}
    whole = sum(weights.values())
    return [
        replace(one, share=size / totals[id(one.index)] * weights[id(one.index)] / whole)
        for one, size in zip(sources, sizes, strict=True)
    ]


def _sources(index: PairIndex) -> Iterator[BatchSource]:
    for x in index.languages:
        for y in index.languages:
            if records := len(index.rows(x, y)):
                distinct = min(records, index.distinct_queries[x], index.distinct_passages[y])
                yield BatchSource(
                    index=index,
                    query_language=x,
                    passage_language=y,
                    records=records,
                    distinct=distinct,
                )


def _check_languages(found: Sequence[BatchSource], batch: int) -> None:
    most: dict[Language, int] = {}
    for source in found:
        for language in (source.query_language, source.passage_language):
            most[language] = max(most.get(language, 0), source.distinct)
    few = {language: count for language, count in sorted(most.items()) if count < batch}
    if few:
        counts = ", ".join(f"{language} has {count:,}" for language, count in few.items())
        raise UsageError(
            f"a batch of {batch:,} pairs cannot be filled in every language ({counts} that share "
            f"no text): make batches of {min(few.values()):,} or fewer, leave these languages "
            "out, or add data"
        )


def _nothing(index: PairIndex, kind: BatchKind) -> str:
    name, languages = index.pairs.path.name, ", ".join(index.languages) or "none that are wanted"
    if kind == "cross-lingual":
        return (
            f"{name} has no pairs in two languages for cross-lingual batches (its languages: "
            f"{languages}): add translations of either side, leave it out, or make monolingual "
            "batches"
        )
    return (
        f"{name} has no pairs for {kind} batches (its languages: {languages}): texts that say the "
        "same make pairs in two languages alone. Leave it out, or make cross-lingual batches"
    )


def _check_both(
    indexes: Sequence[PairIndex],
    cross_share: float,
    mono: Sequence[BatchSource],
    cross: Sequence[BatchSource],
) -> None:
    names = ", ".join(index.pairs.path.name for index in indexes)
    if cross_share > 0 and not cross:
        raise UsageError(
            f"nothing fills the cross-lingual half of hybrid batches: {names} has too few pairs "
            "in two languages. Add translations of either side, or make monolingual batches"
        )
    if cross_share < 1 and not mono:
        raise UsageError(
            f"nothing fills the monolingual half of hybrid batches: {names} has too few pairs in "
            "one language. Add questions with passages, or make cross-lingual batches"
        )
