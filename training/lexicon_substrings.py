"""Words of scripts without spaces, found by what stands in the other language's sentences.

A run of characters that occurs where one English word does, and seldom elsewhere, is its
translation: that finds words and names which no dictionary of Chinese, Japanese or Thai has.
Compared by Dice's coefficient over sentences (Smadja et al. 1996, "Translating Collocations for
Bilingual Lexicons").
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]  # ships no types

from crosearch.tools.languages import Language
from crosearch.tools.lexicon_text import Unit, cut, join

_LONGEST = 8
"""Units of a run."""
_LEAST_SENTENCES = 2
_LEAST_DICE = 0.5
_NEAR_BEST = 0.999
_MOST_SENTENCES = 20_000
"""More are not needed for words of the length that matters, and take their square in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A run of characters and the word that it stands for."""

    word: str
    run: str
    dice: float
    sentences: int
    """In how many both stand."""


def find_words(sentences: Sequence[tuple[Sequence[str], str]], language: Language) -> list[Found]:
    """Find the runs that stand for words: pairs of an English sentence's words and a text."""
    chosen = sentences[:_MOST_SENTENCES]
    words = _Occurrences.of([sorted(set(left)) for left, _ in chosen])
    runs = _Occurrences.of([_runs(cut(text, language)) for _, text in chosen])
    together = (words.matrix.T @ runs.matrix).tocsr()
    found = []
    for number, word in enumerate(words.names):
        start, end = int(together.indptr[number]), int(together.indptr[number + 1])
        columns, counts = together.indices[start:end], together.data[start:end]
        enough = counts >= _LEAST_SENTENCES
        if not enough.any():
            continue
        columns, counts = columns[enough], counts[enough]
        dice = 2 * counts / (words.counts[number] + runs.counts[columns])
        best = float(dice.max())
        if best < _LEAST_DICE:
            continue
        near = np.flatnonzero(dice >= best * _NEAR_BEST).tolist()
        place = max(near, key=lambda at: (len(runs.names[columns[at]]), runs.names[columns[at]]))
        found.append(
            Found(
                word=word,
                run=runs.names[columns[place]],
                dice=best,
                sentences=int(counts[place]),
            )
        )
    return found


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Occurrences:
    names: list[str]
    counts: NDArray[np.int64]
    matrix: csr_array
    """Sentences by names: 1 where a name stands in a sentence."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> "_Occurrences":
        counted = Counter(name for row in rows for name in row)
        names = sorted(name for name, count in counted.items() if count >= _LEAST_SENTENCES)
        numbers = {name: number for number, name in enumerate(names)}
        kept = [[numbers[name] for name in row if name in numbers] for row in rows]
        starts = np.concatenate(([0], np.cumsum([len(row) for row in kept])))
        columns = np.array([number for row in kept for number in row], np.int32)
        matrix = csr_array(
            (np.ones(len(columns), np.int32), columns, starts), shape=(len(rows), len(names))
        )
        counts = np.array([counted[name] for name in names], np.int64)
        return cls(names=names, counts=counts, matrix=matrix)


def _runs(units: Sequence[Unit]) -> list[str]:
    runs: set[str] = set()
    for start in range(len(units)):
        for end in range(start + 1, min(start + _LONGEST, len(units)) + 1):
            if end - start > 1 and not units[end - 1].glued:
                break
            runs.add(join(units[start:end]))
    return sorted(runs)
