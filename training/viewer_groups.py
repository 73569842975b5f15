"""The runs of one question side by side, row by row, with what differs told from what does not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_runs import RunView, view_run

MOST_COLUMNS = 24
"""Runs that are shown side by side; a page of more could not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What one run has in a row."""

    lines: tuple[str, ...]
    language: str = ""
    """The language of the text; empty where it is none of a document's or a model's."""
    share: float | None = None
    """For a number: its share of the row's largest."""
    odd: bool = False
    """Whether less than half of the runs have it, while at least half have something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One thing compared."""

    name: str
    cells: tuple[Cell, ...]
    differs: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupView:
    """The runs of a question, ready to be shown."""

    group: str
    runs: tuple[RunView, ...]
    rows: tuple[Row, ...]
    settings: tuple[Row, ...]
    """What made the runs, where it differs."""
    left_out: int
    """Runs beyond those shown."""


def view_group(records: Sequence[Trajectory], *, left_out: int = 0) -> GroupView:
    """Lay out the runs of one question; at least one.

    Args:
        records: The runs, in the order of their columns.
        left_out: How many more there are.
    """
    runs = tuple(view_run(record) for record in records)
    return GroupView(
        group=records[0]["group"],
        runs=runs,
        rows=tuple(_rows(runs)),
        settings=tuple(row for row in _setting_rows(records) if row.differs),
        left_out=left_out,
    )


def _rows(runs: Sequence[RunView]) -> Iterator[Row]:
    records = [run.record for run in runs]
    if any(record["variation"] for record in records):
        yield _row("asked", (_variation(record) for record in records))
    yield _answers(records)
    for name in dict.fromkeys(name for record in records for name in record["rewards"]):
        yield _numbers(f"reward {name}", (record["rewards"].get(name) for record in records))
    yield _row(
        "languages searched", ([", ".join(run.languages)] if run.languages else [] for run in runs)
    )
    yield _row("searches", (_searches(run.record) for run in runs))
    yield _row("evidence cited", (_cited(run) for run in runs))
    yield _row("mistakes", (_mistakes(record) for record in records))
    yield _row("failures", (_failures(record) for record in records))
    yield _row("ending", ([record["ending"] or "error"] for record in records))
    yield _numbers("turns", (len(record["history"]) for record in records))
    yield _numbers("evidence found", (len(record["evidence"]) for record in records))
    yield _numbers("seconds", (record["seconds"] for record in records))
    yield _row("trainable", ([record["untrainable"] or "yes"] for record in records))


def _setting_rows(records: Sequence[Trajectory]) -> Iterator[Row]:
    yield _row("policy", ([record["policy"]["name"]] for record in records))
    yield _row("policy's fingerprint", ([record["policy"]["fingerprint"]] for record in records))
    yield _row("corpus", ([record["index"]["corpus"]] for record in records))
    yield _row("index's fingerprint", ([record["index"]["fingerprint"]] for record in records))
    for name in dict.fromkeys(name for record in records for name in record["settings"]):
        values = (record["settings"].get(name) for record in records)
        yield _row(name, (["none" if value is None else str(value)] for value in values))
    yield _row("forked from", (_parent(record) for record in records))
    yield _row("version", ([record["version"]] for record in records))


def _row(name: str, values: Iterable[Sequence[str]]) -> Row:
    lines = [tuple(value) for value in values]
    counts = Counter(lines)
    usual = 2 * max(counts.values()) >= len(lines)
    cells = (Cell(lines=value, odd=usual and 2 * counts[value] < len(lines)) for value in lines)
    return Row(name=name, cells=tuple(cells), differs=len(counts) > 1)


def _answers(records: Sequence[Trajectory]) -> Row:
    row = _row("answer", ([record["answer"]] if record["answer"] else [] for record in records))
    cells = (
        replace(cell, language=record["answer_language"])
        for cell, record in zip(row.cells, records, strict=True)
    )
    return replace(row, cells=tuple(cells))


def _numbers(name: str, values: Iterable[float | None]) -> Row:
    numbers = list(values)
    largest = max((value for value in numbers if value is not None and value > 0), default=0.0)
    cells = (
        Cell(
            lines=() if value is None else (f"{value:,.4g}",),
            share=max(value, 0.0) / largest if value is not None and largest else None,
        )
        for value in numbers
    )
    return Row(name=name, cells=tuple(cells), differs=len(set(numbers)) > 1)


def _variation(record: Trajectory) -> list[str]:
    """Tell how a member of a group was asked, and where it might search."""
    variation = record["variation"]
    if variation is None:
        return []
    nudged = ", ".join(variation["search_languages"])
    asked = f"{variation['asked_in']}: {variation['question']}"
    return [asked, f"may search {nudged}"] if nudged else [asked]


def _searches(record: Trajectory) -> list[str]:
    return [f"{', '.join(search['languages'])}: {search['query']}" for search in record["searches"]]


def _cited(run: RunView) -> list[str]:
    return [f"{entry['language']}: {entry['title'] or entry['passage_id']}" for entry in run.cited]


def _mistakes(record: Trajectory) -> list[str]:
    return [turn["mistake"] for turn in record["history"] if turn["mistake"] is not None]


def _failures(record: Trajectory) -> list[str]:
    return [
        " ".join(
            part for part in (failure["stage"], failure["language"], failure["status"]) if part
        )
        for failure in record["failures"]
    ]


def _parent(record: Trajectory) -> list[str]:
    parent = record["parent"]
    return [f"{parent['key'][:12]} at turn {parent['turn']}: {parent['change']}"] if parent else []
