"""Finds the records of a pair file by language, and knows which of them share a text."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.languages import Language
from crosearch.training.pair_records import PairRecord, PairSet


class PairIndex:
    """A pair file, indexed once; read only."""

    def __init__(
        self, pairs: PairSet, *, languages: Sequence[Language] = (), negatives: bool = False
    ) -> None:
        """Go through the records.

        Args:
            pairs: The file.
            languages: The only ones to index; empty for all.
            negatives: Whether the records' own negatives are wanted.
        """
        self.pairs = pairs
        found = {language for record in pairs.records for language in record.languages}
        self.languages = tuple(sorted(found.intersection(languages or found)))
        count = len(pairs.records)
        self._queries = {one: np.zeros(count, np.int32) for one in self.languages}
        self._passages = {one: np.zeros(count, np.int32) for one in self.languages}
        self._several = {one: np.zeros(count, np.bool_) for one in self.languages}
        self._is_parallel = bool(count) and pairs.records[0].parallel
        numbers: dict[str, int] = {}
        texts = [self._read(row, record, numbers) for row, record in enumerate(pairs.records)]
        self.distinct_queries = {one: _distinct(own) for one, own in self._queries.items()}
        """How many different queries there are, by language; one of each record is counted."""
        self.distinct_passages = {one: _distinct(own) for one, own in self._passages.items()}
        """The same of passages."""
        self.negatives: Sequence[Mapping[Language, Mapping[str, int]]] = (
            _number_negatives(pairs.records, texts, numbers) if negatives else ()
        )
        """Of each record, by language: the negatives that are no text of its own, with the number
        of the text, which is 0 where no record has it."""
        self.shared = _shared(texts, self.negatives)
        """Of each record: the numbers of those of its texts, on both sides and in all languages,
        that another record has too, as its own or as a negative."""

    def rows(self, query_language: Language, passage_language: Language) -> NDArray[np.intp]:
        """Return the records with a query in one language and a passage in the other.

        Texts that say the same make a pair of one language where there are two of them.
        """
        if self._is_parallel and query_language == passage_language:
            return np.flatnonzero(self._several[query_language])
        has_query = self._queries[query_language] > 0
        return np.flatnonzero(has_query & (self._passages[passage_language] > 0))

    def _read(self, row: int, record: PairRecord, numbers: dict[str, int]) -> frozenset[int]:
        """Note a record's languages, and return the numbers of all its texts, from 1."""
        found: set[int] = set()
        for side, firsts in ((record.query, self._queries), (record.passage, self._passages)):
            for language, texts in side.items():
                own = [numbers.setdefault(text_key(text), len(numbers) + 1) for text in texts]
                found.update(own)
                if language in firsts and own:
                    firsts[language][row] = own[0]
                    self._several[language][row] = len(set(own)) > 1
        return frozenset(found)


def text_key(text: str) -> str:
    """Return what is the same for texts that differ in case and white space alone."""
    return " ".join(text.casefold().split())


def _number_negatives(
    records: Sequence[PairRecord], texts: Sequence[frozenset[int]], numbers: Mapping[str, int]
) -> list[dict[Language, dict[str, int]]]:
    found: list[dict[Language, dict[str, int]]] = []
    for record, own in zip(records, texts, strict=True):
        numbered = {
            language: {text: numbers.get(text_key(text), 0) for text in candidates}
            for language, candidates in record.negatives.items()
        }
        found.append(
            {
                language: {text: number for text, number in one.items() if number not in own}
                for language, one in numbered.items()
            }
        )
    return found


def _shared(
    texts: Sequence[frozenset[int]], negatives: Sequence[Mapping[Language, Mapping[str, int]]]
) -> list[frozenset[int]]:
    uses = Counter(number for own in texts for number in own)
    for by_language in negatives:
        uses.update(number for one in by_language.values() for number in one.values())
    return [frozenset(number for number in own if uses[number] > 1) for own in texts]


def _distinct(numbers: NDArray[np.int32]) -> int:
    return len(np.unique(numbers[numbers > 0]))
