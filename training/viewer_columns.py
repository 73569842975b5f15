"""The list's filters in memory, a number a run: counts for a hundred thousand runs take moments.

A database counts one filter quickly; the page needs the counts of six, each under the other five.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from crosearch.training.viewer_filters import FACETS, Filters

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Column:
    """One facet of all runs, each value written once."""

    facet: str
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    codes: Codes = field(default_factory=lambda: np.empty(0, np.int32))

    def append(self, values: Sequence[str]) -> None:
        numbers = self.numbers
        new = [numbers.setdefault(value, len(numbers)) for value in values]
        self.codes = np.concatenate([self.codes, np.array(new, np.int32)])

    def passing(self, chosen: Sequence[str]) -> Mask:
        """Say which runs have one of the values."""
        wanted = set(chosen)
        passes = [not wanted.isdisjoint(split_facet(self.facet, value)) for value in self.numbers]
        return np.array(passes, np.bool_)[self.codes]

    def count(self, mask: Mask) -> Counter[str]:
        """Count the values of some runs; one that none of them has is there with 0."""
        counts = np.bincount(self.codes[mask], minlength=len(self.numbers)).tolist()
        found: Counter[str] = Counter()
        for value, count in zip(self.numbers, counts, strict=True):
            for part in split_facet(self.facet, value):
                found[part] += count
        return found


class FacetColumns:
    """All facets of the runs that count, kept up to date with the database."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._changes = -1
        self._ids: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._columns: list[_Column] = []

    def __len__(self) -> int:
        """Count the runs."""
        return len(self._ids)

    def refresh(self, database: sqlite3.Connection) -> None:
        """Take in the runs that are new; all of them, where others went or count no more."""
        (changes,) = database.execute("SELECT changes FROM history").fetchone()
        if changes != self._changes:
            self._changes = changes
            self._ids = np.empty(0, np.int64)
            self._columns = [_Column(facet) for facet in FACETS]
        last = int(self._ids[-1]) if len(self) else 0
        rows = database.execute(
            f"SELECT id, {', '.join(FACETS)} FROM run WHERE latest AND id > ? ORDER BY id", (last,)
        ).fetchall()
        if rows:
            ids, *columns = zip(*rows, strict=True)
            self._ids = np.concatenate([self._ids, np.array(ids, np.int64)])
            for column, values in zip(self._columns, columns, strict=True):
                column.append(values)

    def count(
        self, filters: Filters, among: Sequence[int] | None
    ) -> tuple[int, Mapping[str, Counter[str]]]:
        """Count the runs that pass the filters, and each facet's values under all other filters.

        Args:
            filters: Of which the facets are looked at here.
            among: The numbers of the runs that pass all others; None: every run does.
        """
        base = self._mask(among)
        passing = {
            column.facet: column.passing(filters.values(column.facet))
            for column in self._columns
            if filters.values(column.facet)
        }
        counts: dict[str, Counter[str]] = {}
        for column in self._columns:
            mask = base
            for facet, passes in passing.items():
                if facet != column.facet:
                    mask = mask & passes
            counts[column.facet] = column.count(mask)
        for passes in passing.values():
            base = base & passes
        return int(np.count_nonzero(base)), counts

    def _mask(self, among: Sequence[int] | None) -> Mask:
        if among is None:
            return np.ones(len(self), np.bool_)
        mask = np.zeros(len(self), np.bool_)
        if len(self):
            wanted = np.array(among, np.int64)
            places = np.minimum(np.searchsorted(self._ids, wanted), len(self) - 1)
            mask[places[self._ids[places] == wanted]] = True
        return mask


def split_facet(facet: str, value: str) -> Sequence[str]:
    """Give the values that a run has of a facet; `searched` keeps several in one text."""
    if facet == "searched":
        return value.strip(",").split(",") if value else ()
    return (value,)
