"""What the list of runs is asked for: its filters, as an address spells them and as SQL.

Values of one filter are alternatives; filters narrow each other. A filter that cannot be read is
refused, never passed over.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from crosearch.tools.errors import UsageError
from crosearch.training.viewer_words import is_short, short_words

FACETS = ("status", "language", "searched", "policy", "ending", "trainable")
"""The filters whose values are counted; `searched` holds several languages a run."""

SORTS: Mapping[str, str] = {
    "started": "run.started",
    "language": "run.language",
    "policy": "run.policy",
    "reward": "ifnull(reward.value, -1e300)",
    "turns": "run.turns",
    "seconds": "run.seconds",
}
"""What the list can be sorted by, as SQL."""

Value = str | float | int
Condition = tuple[str, list[Value]]
"""SQL, and the values for its question marks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What to list."""

    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For facets that are filtered by: the values that will do."""
    reward: str = ""
    """The reward that is listed, filtered and sorted by; empty: the log's first."""
    least: float | None = None
    most: float | None = None
    """The reward's range, both ends in it."""
    text: str = ""
    """Words that the question and the answer together have to hold, as parts of words too."""
    group: str = ""
    sort: str = "started"
    descending: bool = True
    after: tuple[str | float, int] | None = None
    """List what comes after this place: the value sorted by, and the row's number."""
    before: tuple[str | float, int] | None = None

    def values(self, facet: str) -> tuple[str, ...]:
        """Return what a facet is filtered by; empty: it is not."""
        return dict(self.chosen).get(facet, ())

    def query(self, **changes: object) -> str:
        """Spell the address' query, with some fields changed, from the first page on."""
        changed = replace(self, **({"after": None, "before": None} | changes))  # type: ignore[arg-type]  # dataclass fields by name
        pairs = [(facet, value) for facet, values in changed.chosen for value in values]
        pairs += [
            (name, _number(value) if isinstance(value, float) else value)
            for name, value in (
                ("reward", changed.reward),
                ("least", changed.least),
                ("most", changed.most),
                ("q", changed.text),
                ("group", changed.group),
                ("sort", "" if changed.sort == "started" else changed.sort),
                ("order", "" if changed.descending else "up"),
                ("after", _spell_place(changed.after)),
                ("before", _spell_place(changed.before)),
            )
            if value not in (None, "")
        ]
        return urlencode(pairs, errors="replace")

    def without(self, facet: str, value: str) -> str:
        """Spell the query with one value of a facet taken out."""
        chosen = (
            (name, tuple(other for other in values if (name, other) != (facet, value)))
            for name, values in self.chosen
        )
        return self.query(chosen=tuple((name, values) for name, values in chosen if values))


def read_filters(pairs: Sequence[tuple[str, str]]) -> Filters:
    """Read the filters from an address' query.

    Raises:
        UsageError: A value is not what its name promises.
    """
    single = dict(pairs)
    chosen = {
        facet: tuple(dict.fromkeys(value for name, value in pairs if name == facet and value))
        for facet in FACETS
    }
    sort = single.get("sort") or "started"
    if sort not in SORTS:
        raise UsageError(f"sort is {sort!r}: known are {', '.join(SORTS)}")
    return Filters(
        chosen=tuple((facet, values) for facet, values in chosen.items() if values),
        reward=single.get("reward", ""),
        least=_read_number("least", single.get("least", "")),
        most=_read_number("most", single.get("most", "")),
        text=single.get("q", "").strip(),
        group=single.get("group", ""),
        sort=sort,
        descending=single.get("order") != "up",
        after=_read_place("after", single.get("after", "")),
        before=_read_place("before", single.get("before", "")),
    )


def narrowing(filters: Filters) -> list[Condition]:
    """Say in SQL what is asked for beside the facets."""
    conditions: list[Condition] = []
    if filters.group:
        conditions.append(("run.grp = ?", [filters.group]))
    if filters.least is not None or filters.most is not None:
        least = -math.inf if filters.least is None else filters.least
        most = math.inf if filters.most is None else filters.most
        conditions.append(
            (
                "run.id IN (SELECT run FROM reward WHERE name = ? AND value BETWEEN ? AND ?)",
                [filters.reward, least, most],
            )
        )
    conditions.extend(_holding(filters.text.split()))
    return conditions


def facet_condition(facet: str, values: Sequence[str]) -> Condition:
    """Say in SQL that a facet has one of the values."""
    if facet == "searched":
        alternatives = " OR ".join("instr(run.searched, ?)" for _ in values)
        return f"({alternatives})", [f",{value}," for value in values]
    return f"run.{facet} IN ({', '.join('?' for _ in values)})", list(values)


def _holding(words: Iterable[str]) -> Iterable[Condition]:
    words = list(words)
    long = [word for word in words if not is_short(word)]
    if long:
        phrases = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in long)
        yield "run.id IN (SELECT rowid FROM search WHERE search MATCH ?)", [phrases]
    short = sorted({term for word in words if is_short(word) for term in short_words(word)})
    if short:
        yield (
            "run.id IN (SELECT rowid FROM short WHERE short MATCH ?)",
            [" AND ".join(f'"{term}"' for term in short)],
        )


def _read_number(name: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{name} is {text!r}: give a number, such as 0.5")
    return value


def _read_place(name: str, text: str) -> tuple[str | float, int] | None:
    if not text:
        return None
    try:
        value, number = json.loads(text)
    except (ValueError, TypeError):
        value = number = None
    if not isinstance(value, str | float | int) or not isinstance(number, int):
        raise UsageError(f"{name} is {text!r}: it names no place in the list")
    return value, number


def _spell_place(place: tuple[str | float, int] | None) -> str:
    return json.dumps(place) if place else ""


def _number(value: float) -> str:
    return f"{value:g}"
