"""Finds hard negatives: passages that an embedder takes for a question's answer, and that are not.

A question's nearest passages in each language are its negatives there, save those that may answer
it: its own passages in any language or with an equal text, those of a question with the same words
as its own, and those that are nearly as near as its own passage is (after Moreira et al. 2024,
arXiv 2407.15831: above 95% of its cosine).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.training.batch_index import PairIndex
from crosearch.training.pair_records import PairRecord, PairSet

_TOO_NEAR = 0.95
_ROWS = 512
_SPARE = 24
"""How many more than wanted are looked at, since some of the nearest may answer."""


def mine_negatives(pairs: PairSet, miner: Embedder, *, count: int) -> PairSet:
    """Give negatives to the records that bring none in a language; parallel texts get none.

    Args:
        pairs: Questions with passages.
        miner: Tells what is near.
        count: How many for each record and language, at most.
    """
    if pairs.kind != "questions":
        return pairs
    index = PairIndex(pairs)
    found: list[dict[Language, tuple[str, ...]]] = [
        dict(record.negatives) for record in pairs.records
    ]
    for language in index.languages:
        rows = [
            row
            for row, record in enumerate(pairs.records)
            if record.passage.get(language) and not record.negatives.get(language)
        ]
        if rows:
            near = _near(index, rows, language, miner, count)
            for row, texts in near.items():
                found[row][language] = texts
    records = [
        replace(record, negatives=negatives)
        for record, negatives in zip(pairs.records, found, strict=True)
    ]
    return replace(pairs, records=records)


def _near(
    index: PairIndex,
    rows: Sequence[int],
    language: Language,
    miner: Embedder,
    count: int,
) -> dict[int, tuple[str, ...]]:
    """Return the nearest passages of a language that answer none of the records' questions."""
    records = index.pairs.records
    # All passages of the language are candidates, also those of records that have negatives.
    holders = [row for row, record in enumerate(records) if record.passage.get(language)]
    passages = miner.encode_passages([records[row].passage[language][0] for row in holders])
    place = {row: number for number, row in enumerate(holders)}
    found: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        queries = miner.encode_queries([_asked(records[row], language) for row in some])
        for row, scores in zip(some, queries @ passages.T, strict=True):
            own = float(scores[place[row]])
            nearest = _best(scores, count + _SPARE)
            texts: dict[str, None] = {}
            for number in nearest:
                other = holders[number]
                if scores[number] > _TOO_NEAR * own or other == row:
                    continue
                if index.shared[row].isdisjoint(index.shared[other]):
                    texts[records[other].passage[language][0]] = None
            found[row] = tuple(list(texts)[:count])
    return found


def _asked(record: PairRecord, language: Language) -> str:
    """Return the question in the language, else in another that it has."""
    texts = record.query.get(language) or next(iter(record.query.values()))
    return texts[0]


def _best(scores: NDArray[np.float32], count: int) -> list[int]:
    count = min(count, len(scores))
    nearest = np.argpartition(-scores, count - 1)[:count]
    return [int(number) for number in nearest[np.argsort(-scores[nearest], kind="stable")]]
