"""Follows a teacher: each text's vector goes where the teacher puts its English.

After DR.DECR (Li et al. 2022, arXiv 2112.08185): the teacher reads English alone, its vectors are
made once and kept, and the model follows them on every side of every pair, in whatever language
that side is. So the teacher may be slow, and need not know the other languages.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.batches import Pair
from crosearch.training.pair_records import PairRecord, PairSet

ENGLISH = Language("en")


class TeacherVectors:
    """A teacher's vectors of the English sides of pairs."""

    def __init__(self, sets: Sequence[PairSet], vectors: NDArray[np.float32]) -> None:
        """Hold the vectors, shape (texts, dimension), in the order of `english_texts`."""
        queries, passages = english_texts(sets)
        self._queries = {text: number for number, text in enumerate(queries)}
        self._passages = {text: len(queries) + number for number, text in enumerate(passages)}
        self._vectors = vectors

    def of(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Return what a batch's queries and passages follow, shape (pairs, 2, dimension)."""
        rows = [
            (
                self._queries[pair.record.query[ENGLISH][0]],
                self._passages[pair.record.passage[ENGLISH][0]],
            )
            for pair in pairs
        ]
        return np.asarray(self._vectors[np.array(rows)], np.float32)


def with_english(sets: Sequence[PairSet]) -> tuple[PairSet, ...]:
    """Leave out the records that lack English on a side: no teacher knows where they belong.

    Raises:
        UsageError: Nothing of a file is left.
    """
    kept: list[PairSet] = []
    for one in sets:
        records = [record for record in one.records if _has_english(record)]
        if not records:
            raise UsageError(
                f"{one.path.name} has no record with English on both sides for the teacher to "
                "read: add it, or leave the file out"
            )
        kept.append(replace(one, records=records))
    return tuple(kept)


def english_texts(sets: Sequence[PairSet]) -> tuple[list[str], list[str]]:
    """Return the English queries and passages of pairs, each once."""
    records = [record for one in sets for record in one.records]
    queries = dict.fromkeys(record.query[ENGLISH][0] for record in records)
    passages = dict.fromkeys(record.passage[ENGLISH][0] for record in records)
    return list(queries), list(passages)


def teach(teacher: Embedder | None, sets: Sequence[PairSet], path: Path) -> TeacherVectors:
    """Embed the English sides into a file, which appears whole; without a teacher, it is there."""
    if teacher is not None:
        queries, passages = english_texts(sets)
        partial = path.with_name(f"{path.name}.partial")
        vectors = [teacher.encode_queries(queries), teacher.encode_passages(passages)]
        with partial.open("wb") as file:
            np.save(file, np.concatenate(vectors), allow_pickle=False)
        partial.replace(path)
    return TeacherVectors(sets, np.load(path, mmap_mode="r", allow_pickle=False))


def _has_english(record: PairRecord) -> bool:
    return bool(record.query.get(ENGLISH)) and bool(record.passage.get(ENGLISH))
