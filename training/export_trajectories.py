"""Whole runs as rows: every field of a record, and beside them what people filter by."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

from crosearch.training.export_rows import ReadRuns
from crosearch.training.export_schema import Row, from_columns
from crosearch.training.trajectories import Json, Trajectory


class TrajectoryRow(Trajectory):
    """A run, with what follows from it in columns of its own."""

    policy_name: str
    corpus: str
    turns: int
    search_languages: list[str]
    """Each language that was searched, once, in the order of first use."""
    evidence_languages: list[str]
    cited_languages: list[str]
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    machine_failed: bool
    trainable: bool
    answer_f1: float | None
    exact_match: float | None


class TrajectoryRows:
    """Makes a row of every run."""

    row = TrajectoryRow

    def rows(self, read: ReadRuns, left_out: Counter[str]) -> Iterator[Row]:
        """Make the rows; none is left out."""
        for record in read():
            yield cast("Row", trajectory_row(record))


def trajectory_row(record: Trajectory) -> TrajectoryRow:
    """Make a run's row."""
    cited = set(record["citations"])
    history = record["history"]
    costs = [turn["cost"] for turn in history if turn["cost"] is not None]
    searched = [language for search in record["searches"] for language in search["languages"]]
    evidence = record["evidence"]
    return TrajectoryRow(
        **record,
        policy_name=record["policy"]["name"],
        corpus=record["index"]["corpus"],
        turns=len(history),
        search_languages=_distinct(searched),
        evidence_languages=_distinct([entry["language"] for entry in evidence]),
        cited_languages=_distinct([e["language"] for e in evidence if e["number"] in cited]),
        prompt_tokens=sum(turn["prompt_tokens"] or 0 for turn in history),
        completion_tokens=sum(turn["completion_tokens"] or 0 for turn in history),
        cost=sum(costs) if costs else None,
        machine_failed=bool(record["failures"]),
        trainable=not record["untrainable"],
        answer_f1=record["rewards"].get("answer_f1"),
        exact_match=record["rewards"].get("exact_match"),
    )


def read_trajectory(columns: Row) -> Trajectory:
    """Rebuild a run from the columns of its row, as Parquet or a dataset gives them back."""
    return cast("Trajectory", from_columns(Trajectory, cast("dict[str, Json]", columns)))


def _distinct(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))
