"""Terms, senses and how likely they are for each other: what a lexicon's files are made from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.lexicon_spelling import SEPARATOR, spelling_of
from crosearch.tools.lexicon_store import (
    BLOCK,
    LEVEL_WEIGHTS,
    MOST_NUMBERS,
    MOST_SENSES,
    Trie,
    make_trie,
    pack,
    write_store,
)
from crosearch.tools.lexicon_text import key_of

_MOST_LETTERS = 80
"""Of a term; longer ones are sentences."""
_LEAST_LIKELY = 1e-9
"""Beside the likeliest; stands for none, whose logarithm cannot be taken."""


class WeighedTerm(NamedTuple):
    """A term of a sense."""

    language: Language
    term: str
    to_sense: float
    """How likely the term means this sense, beside its other senses."""
    to_term: float
    """How likely the sense is said so, beside the other terms of this language."""


class LexiconGraph:
    """Senses with their terms, to be weighed and written."""

    def __init__(self) -> None:
        """Start empty."""
        self._numbers: defaultdict[Language, dict[str, int]] = defaultdict(dict)
        self._keys: defaultdict[Language, dict[str, str]] = defaultdict(dict)
        self._senses: list[int] = []
        self._languages: list[Language] = []
        self._terms: list[str] = []
        self._to_sense: list[float] = []
        self._to_term: list[float] = []
        self.sense_count = 0

    def add_sense(self, terms: Iterable[tuple[Language, str, float, float]]) -> None:
        """Add a sense: its terms, how likely each means it, and how likely it is said so.

        Both are compared within a term, and within a sense and language; they need not sum to 1.
        """
        for language, term, to_sense, to_term in terms:
            if self.key(language, term):
                self._senses.append(self.sense_count)
                self._languages.append(language)
                self._terms.append(term)
                self._to_sense.append(to_sense)
                self._to_term.append(to_term)
        self.sense_count += 1

    def key(self, language: Language, term: str) -> str:
        """Return a term's key; empty where it cannot be entered."""
        keys = self._keys[language]
        key = keys.get(term)
        if key is None:
            short = len(term) <= _MOST_LETTERS and SEPARATOR not in term
            key = keys[term] = key_of(term, language) if short else ""
        return key

    def write(self, folder: Path, header: Mapping[str, object]) -> str:
        """Write the lexicon's files into an empty folder, and return its fingerprint.

        Raises:
            UsageError: There are more terms or senses than a lexicon can hold.
        """
        tries, numbers = self._make_tries()
        count = sum(map(len, tries.values()))
        if max(count, self.sense_count) >= MOST_NUMBERS:
            raise UsageError(
                f"{count:,} terms in {self.sense_count:,} senses are too many: a lexicon holds "
                f"fewer than {MOST_NUMBERS:,} of each"
            )
        terms = np.array(
            [
                numbers[language][term]
                for language, term in zip(self._languages, self._terms, strict=True)
            ],
            np.uint32,
        )
        arrays = _make_arrays(
            terms,
            np.array(self._senses, np.uint32),
            np.array(self._to_sense),
            np.array(self._to_term),
            np.array([sorted(tries).index(language) for language in self._languages], np.int64),
            count,
            self.sense_count,
        )
        senses = int(np.count_nonzero(np.diff(arrays["sense_starts"])))
        return write_store(folder, {**header, "senses": senses}, tries, arrays)

    def _make_tries(self) -> tuple[dict[Language, Trie], dict[Language, dict[str, int]]]:
        held: defaultdict[Language, set[str]] = defaultdict(set)
        for language, term in zip(self._languages, self._terms, strict=True):
            held[language].add(term)
        tries: dict[Language, Trie] = {}
        numbers: dict[Language, dict[str, int]] = {}
        base = 0
        for language in sorted(held):
            entries = {
                term: (key := self._keys[language][term]) + SEPARATOR + spelling_of(term, key)
                for term in sorted(held[language])
            }
            trie = make_trie(entries.values())
            numbers[language] = {term: base + trie[entry] for term, entry in entries.items()}
            tries[language] = trie
            base += len(trie)
        return tries, numbers


def _make_arrays(
    terms: NDArray[np.uint32],
    senses: NDArray[np.uint32],
    to_sense: NDArray[np.float64],
    to_term: NDArray[np.float64],
    languages: NDArray[np.int64],
    term_count: int,
    sense_count: int,
) -> dict[str, NDArray[np.generic]]:
    order = np.lexsort((senses, -to_sense, terms))
    levels, kept = _levels(to_sense, terms)
    rank = np.empty(len(order), np.int64)
    starts = np.searchsorted(terms[order], terms[order])
    rank[order] = np.arange(len(order)) - starts
    chosen = order[(kept & (rank < MOST_SENSES))[order]]
    counts = np.bincount(terms[chosen], minlength=term_count)
    before = np.concatenate(([0], np.cumsum(counts)))
    groups = senses.astype(np.int64) * (int(languages.max(initial=0)) + 1) + languages
    sense_levels, sense_kept = _levels(to_term, groups)
    by_sense = np.lexsort((terms, senses))
    by_sense = by_sense[sense_kept[by_sense]]
    sizes = np.bincount(senses[by_sense], minlength=sense_count)
    return {
        "term_counts": counts.astype(np.uint8),
        "term_blocks": before[:-1:BLOCK].astype(np.uint32),
        "term_senses": pack(senses[chosen], levels[chosen]),
        "sense_starts": np.concatenate(([0], np.cumsum(sizes))).astype(np.uint32),
        "sense_terms": pack(terms[by_sense], sense_levels[by_sense]),
    }


def _levels(
    weights: NDArray[np.float64], groups: NDArray[np.int64] | NDArray[np.uint32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return each weight's level beside its group's largest, and whether it is likely enough."""
    _, group = np.unique(groups, return_inverse=True)
    largest = np.full(int(group.max(initial=0)) + 1, _LEAST_LIKELY)
    np.maximum.at(largest, group, weights)
    step = np.log(float(LEVEL_WEIGHTS[1]))
    ratio = np.log(np.maximum(weights / largest[group], _LEAST_LIKELY)) / step
    levels = np.rint(ratio)
    return np.minimum(levels, len(LEVEL_WEIGHTS) - 1).astype(np.uint8), levels < len(LEVEL_WEIGHTS)
