"""Scores a retriever while it is trained: mean average precision, in one language and across two.

Every text of a language is in that language's pool once, and a question's own passages are the
right ones. Pools this small flatter a model: the scores are for telling one step from another.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.batch_index import text_key
from crosearch.training.pair_records import PairRecord, PairSet
from crosearch.training.retriever_settings import DevScores, RetrieverTraining

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to vectors of length 1, shape (texts, dimension)."""

_MOST = 300
"""Records that are scored: enough to tell models apart, few enough for every checkpoint."""


def split_dev(settings: RetrieverTraining) -> tuple[tuple[PairSet, ...], list[PairRecord]]:
    """Keep some records back to score by; the same ones whatever else is set.

    Records of one group stay together, and so do those with the same passage: a dev question
    whose passage was trained on would tell nothing. Questions are kept back where there are any,
    else parallel texts.

    Returns:
        What is trained on, and what is scored by.
    """
    if settings.dev is not None:
        return settings.data, _some(settings.dev.records)
    if not settings.dev_share:
        return settings.data, []
    kinds = {one.kind for one in settings.data}
    kind = next(kind for kind in ("questions", "parallel", "terms") if kind in kinds)
    trained: list[PairSet] = []
    kept: list[PairRecord] = []
    for one in settings.data:
        if one.kind != kind:
            trained.append(one)
            continue
        held = [_is_kept(record, settings.dev_share) for record in one.records]
        kept += [record for record, is_held in zip(one.records, held, strict=True) if is_held]
        rest = [record for record, is_held in zip(one.records, held, strict=True) if not is_held]
        if not rest:
            raise UsageError(
                f"a dev share of {settings.dev_share:g} keeps back all of {one.path.name}: give a "
                "smaller one, or a file to score by"
            )
        trained.append(replace(one, records=rest))
    return tuple(trained), _some(kept)


def dev_scores(
    records: Sequence[PairRecord], embed_queries: Embed, embed_passages: Embed
) -> DevScores:
    """Score an embedder on records, in all languages that they have."""
    askers = sorted({language for record in records for language in record.query})
    pools = [
        _Pool(records, one) for one in sorted({y for record in records for y in record.passage})
    ]
    vectors = [embed_passages(pool.texts) for pool in pools]
    mono: list[float] = []
    cross: list[float] = []
    for x in askers:
        asked = [number for number, record in enumerate(records) if record.query.get(x)]
        queries = embed_queries([records[number].query[x][0] for number in asked])
        for pool, passages in zip(pools, vectors, strict=True):
            if x == pool.language and records[0].parallel:
                continue
            found = _precisions(queries @ passages.T, asked, pool)
            if found:
                (mono if x == pool.language else cross).append(fmean(found))
    return DevScores(mono=fmean(mono) if mono else None, cross=fmean(cross) if cross else None)


def average_precision(scores: Vectors, right: Sequence[int]) -> float:
    """Return the average precision of one ranking; of equal scores the wrong one comes first."""
    own = scores[list(right)]
    wrong = np.delete(scores, list(right))
    ahead = np.sort((wrong[None, :] >= own[:, None]).sum(axis=1))
    hits = np.arange(1, len(right) + 1)
    return float(np.mean(hits / (hits + ahead)))


class _Pool:
    """The different passages of a language, and which of them are whose."""

    def __init__(self, records: Sequence[PairRecord], language: Language) -> None:
        self.language = language
        own = [record.passage.get(language, ()) for record in records]
        texts = {text_key(text): text for passages in own for text in passages}
        numbers = {key: number for number, key in enumerate(texts)}
        self.texts = list(texts.values())
        self.right = [sorted({numbers[text_key(text)] for text in passages}) for passages in own]


def _precisions(scores: Vectors, asked: Sequence[int], pool: _Pool) -> list[float]:
    return [
        average_precision(row, pool.right[number])
        for row, number in zip(scores, asked, strict=True)
        if pool.right[number]
    ]


def _is_kept(record: PairRecord, share: float) -> bool:
    passage = next((texts[0] for _, texts in sorted(record.passage.items()) if texts), record.id)
    return _hash(record.group or text_key(passage)) < share


def _some(records: Sequence[PairRecord]) -> list[PairRecord]:
    """Return a sample, by the records' names alone."""
    chosen = sorted(records, key=lambda record: _hash(f"dev {record.id}"))[:_MOST]
    return sorted(chosen, key=lambda record: record.id)


def _hash(text: str) -> float:
    """Return a number from 0 to 1 that is a text's own."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
