"""What a collection came to, so far or in the end: counts and sums only, however long it runs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from crosearch.training.shards import LogProblem
from crosearch.training.trajectories import Trajectory

Stage = Literal["policy", "search", "align", "log", "rest"]
STAGES: tuple[Stage, ...] = ("policy", "search", "align", "log", "rest")

_PROBLEMS_KEPT = 20

Differing = Literal["policy", "index", "settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherRuns:
    """Runs that lay in the folder before, and are others than those that are collected now."""

    differs: tuple[Differing, ...]
    """Which of their fingerprints are not today's."""
    runs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionReport:
    """What a collection came to."""

    expected: int | None
    """The runs that there will be in the end, `resumed` counted; None where nobody knows."""
    questions: int
    """Questions read, each counted once."""
    duplicates: int
    """Questions that had been read before."""
    resumed: int
    """Runs that were durable already, and were not run again."""
    resumed_failed: int
    """How many of these the machine had failed."""
    runs: int
    """Runs made and durable now."""
    failed: int
    """How many of these the machine failed, in every try."""
    retries: int
    """Tries beyond the first."""
    found: int
    """Runs that found an answer."""
    turns: int
    searches: int
    stage_seconds: dict[Stage, float]
    """Sums over the runs. Runs go on side by side, so that each waits for others in its stages."""
    scored: int
    """Runs with rewards."""
    rewards: dict[str, float]
    """The mean of each reward over the runs that have it."""
    seconds: float
    """By the clock."""
    interrupted: bool
    other_runs: tuple[OtherRuns, ...]
    """What else lies in the folder: runs of other policies, indexes or settings."""
    damaged: int
    """Lines of the log that are no records; a kill leaves one of them behind."""
    problems: tuple[str, ...]
    """What is wrong with the first of these."""


Progress = Callable[[CollectionReport], None]
"""Is told after each run that has become durable; it must not block."""


@dataclass(kw_only=True)
class Tally:
    """Counts what a collection does."""

    expected: int | None
    samples: int
    questions: int = 0
    duplicates: int = 0
    resumed: int = 0
    resumed_failed: int = 0
    runs: int = 0
    failed: int = 0
    retries: int = 0
    found: int = 0
    turns: int = 0
    searches: int = 0
    interrupted: bool = False
    other_runs: Sequence[OtherRuns] = ()
    damaged: int = 0
    problems: list[str] = field(default_factory=list[str])
    _stages: dict[Stage, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    _rewards: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    _scored: int = 0
    _began: float = field(default_factory=time.monotonic)

    def add(
        self, record: Trajectory, *, tries: int, run_seconds: float, log_seconds: float
    ) -> None:
        """Count a run that has become durable.

        Args:
            record: The run.
            tries: How often it was tried.
            run_seconds: What the last try took, by the clock.
            log_seconds: How long it waited to become durable.
        """
        self.runs += 1
        self.retries += tries - 1
        self.failed += bool(record["failures"])
        self.found += record["found"]
        self.turns += len(record["history"])
        self.searches += len(record["searches"])
        self._add_stages(record, run_seconds, log_seconds)
        self._scored += bool(record["rewards"])
        for name, value in record["rewards"].items():
            number, total = self._rewards.get(name, (0, 0.0))
            self._rewards[name] = number + 1, total + value

    def note_problem(self, problem: LogProblem) -> None:
        """Count a line of the log that is no record."""
        self.damaged += 1
        if len(self.problems) < _PROBLEMS_KEPT:
            self.problems.append(str(problem))

    def report(self) -> CollectionReport:
        """Say what it has come to so far."""
        expected = self.expected
        if expected is not None:
            expected = max(expected - self.duplicates * self.samples, self.resumed + self.runs)
        return CollectionReport(
            expected=expected,
            questions=self.questions,
            duplicates=self.duplicates,
            resumed=self.resumed,
            resumed_failed=self.resumed_failed,
            runs=self.runs,
            failed=self.failed,
            retries=self.retries,
            found=self.found,
            turns=self.turns,
            searches=self.searches,
            stage_seconds=dict(self._stages),
            scored=self._scored,
            rewards={name: total / number for name, (number, total) in self._rewards.items()},
            seconds=time.monotonic() - self._began,
            interrupted=self.interrupted,
            other_runs=tuple(self.other_runs),
            damaged=self.damaged,
            problems=tuple(self.problems),
        )

    def _add_stages(self, record: Trajectory, run_seconds: float, log_seconds: float) -> None:
        history = record["history"]
        policy = sum(turn["policy_seconds"] for turn in history)
        search = sum(turn["search_seconds"] for turn in history)
        align = sum(turn["align_seconds"] for turn in history)
        self._stages["policy"] += policy
        self._stages["search"] += search
        self._stages["align"] += align
        self._stages["log"] += log_seconds
        self._stages["rest"] += max(run_seconds - policy - search - align, 0.0)
