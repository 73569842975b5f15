"""The list of runs: a page of it, and how many runs have each value of each filter."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crosearch.training.viewer_columns import FacetColumns, split_facet
from crosearch.training.viewer_filters import (
    FACETS,
    SORTS,
    Condition,
    Filters,
    Value,
    facet_condition,
    narrowing,
)
from crosearch.training.viewer_index import LogIndex

PAGE = 50
"""Runs on a page of the list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedRun:
    """A run as the list shows it."""

    id: int
    place: str | float
    """The value that the list is sorted by."""
    key: str
    group: str
    sample: int
    question: str
    answer: str
    answer_language: str
    language: str
    searched: tuple[str, ...]
    policy: str
    status: str
    ending: str
    trainable: str
    turns: int
    seconds: float
    started: str
    reward: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A value of a filter."""

    value: str
    count: int
    """Runs that have it, among those that all other filters let through."""
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage:
    """A page of the list, with the filters beside it."""

    filters: Filters
    """As asked for, with the reward's name filled in."""
    runs: tuple[ListedRun, ...]
    matching: int
    total: int
    facets: tuple[tuple[str, tuple[Choice, ...]], ...]
    largest: int
    """The largest count of a choice."""
    rewards: tuple[str, ...]
    """The names of all rewards in the log."""
    previous: tuple[str | float, int] | None
    next: tuple[str | float, int] | None
    """The places that the neighbouring pages begin from; None: there is none."""


class RunList:
    """The list of a log's runs."""

    def __init__(self, index: LogIndex) -> None:
        """Read nothing yet."""
        self._index = index
        self._columns = FacetColumns()

    def page(self, filters: Filters) -> ListPage:
        """Read a page of the list."""
        with self._index.reading() as database:
            self._columns.refresh(database)
            names = database.execute("SELECT name FROM reward_name ORDER BY 1")
            rewards = tuple(name for (name,) in names)
            if filters.reward not in rewards:
                filters = replace(filters, reward=rewards[0] if rewards else "")
            matching, counts = self._columns.count(filters, _among(database, filters))
            rows = _rows(database, filters)
        facets = tuple((facet, _choices(counts[facet], filters.values(facet))) for facet in FACETS)
        more = len(rows) > PAGE
        rows = rows[:PAGE]
        if filters.before:
            rows.reverse()
        first, last = (_place(rows[0]), _place(rows[-1])) if rows else (None, None)
        return ListPage(
            filters=filters,
            runs=tuple(rows),
            matching=matching,
            total=len(self._columns),
            facets=facets,
            largest=max((choice.count for _, choices in facets for choice in choices), default=0),
            rewards=rewards,
            previous=first if (more if filters.before else filters.after) else None,
            next=last if (filters.before or more) else None,
        )


def _among(database: sqlite3.Connection, filters: Filters) -> list[int] | None:
    """Find the runs that pass what is no facet; None where nothing of it is asked for."""
    conditions = narrowing(filters)
    if not conditions:
        return None
    where, values = _where(conditions)
    return [number for (number,) in database.execute(f"SELECT id FROM run WHERE {where}", values)]


def _choices(counts: Counter[str], chosen: Sequence[str]) -> tuple[Choice, ...]:
    found = {**dict.fromkeys(chosen, 0), **counts}
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Choice(value=value, count=count, chosen=value in chosen) for value, count in ordered
    )


def _place(run: ListedRun) -> tuple[str | float, int]:
    return run.place, run.id


def _rows(database: sqlite3.Connection, filters: Filters) -> list[ListedRun]:
    """Read one row more than a page has, in the list's order, or backwards from `before`."""
    conditions: list[Condition] = [("run.latest", []), *narrowing(filters)]
    conditions += [facet_condition(facet, values) for facet, values in filters.chosen]
    place = filters.before or filters.after
    downwards = filters.descending != (filters.before is not None)
    sort = SORTS[filters.sort]
    if place:
        sign = "<" if downwards else ">"
        conditions.append((f"({sort}, run.id) {sign} (?, ?)", [place[0], place[1]]))
    where, values = _where(conditions)
    order = "DESC" if downwards else "ASC"
    join = "LEFT JOIN reward ON reward.run = run.id AND reward.name = ?"
    inner_join = join if filters.sort == "reward" else ""
    inner_values: list[Value] = [filters.reward] if inner_join else []
    # The rows are chosen first, so that texts are read for one page only.
    rows = database.execute(
        f"""
        WITH chosen AS (
            SELECT run.id AS id, {sort} AS place FROM run {inner_join} WHERE {where}
            ORDER BY place {order}, run.id {order} LIMIT {PAGE + 1}
        )
        SELECT run.id, chosen.place, run.key, run.grp, run.sample, texts.question, texts.answer,
            texts.answer_language, run.language, run.searched, run.policy, run.status, run.ending,
            run.trainable, run.turns, run.seconds, run.started, reward.value
        FROM chosen JOIN run ON run.id = chosen.id JOIN texts ON texts.id = run.id {join}
        ORDER BY chosen.place {order}, run.id {order}
        """,
        [*inner_values, *values, filters.reward],
    )
    return [_listed(row) for row in rows]


def _listed(row: tuple[object, ...]) -> ListedRun:
    names = ListedRun.__dataclass_fields__
    fields = dict(zip(names, row, strict=True))
    fields["searched"] = tuple(split_facet("searched", str(fields["searched"])))
    return ListedRun(**fields)  # type: ignore[arg-type]  # the columns, in the fields' order


def _where(conditions: Sequence[Condition]) -> tuple[str, list[Value]]:
    return (
        " AND ".join(sql for sql, _ in conditions),
        [value for _, values in conditions for value in values],
    )
