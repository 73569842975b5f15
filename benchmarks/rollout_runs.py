"""Collects runs as `crosearch collect` does, and says what they came to."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rollout_clock import Clock
from rollout_setting import TURN_TOKENS, Setting, sampled_questions

from crosearch.agents.local import LocalPolicy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.training.collection import collect
from crosearch.training.collection_report import CollectionReport
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.shards import read_trajectories
from crosearch.training.trajectories import Trajectory

SETTINGS = PolicySettings(max_tokens=TURN_TOKENS, device="cpu")
"""How the tiny policy is loaded."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    """Runs, and what they took together, from the first question to a closed log."""

    records: Sequence[Trajectory]
    report: CollectionReport
    clock: Clock

    @property
    def rate(self) -> float:
        """Runs a second."""
        return len(self.records) / self.clock.seconds

    @property
    def cpu_rate(self) -> float:
        """Runs a second of the processor's time."""
        return len(self.records) / self.clock.cpu

    @property
    def emitted(self) -> int:
        """How many tokens the policy made."""
        return sum(
            len(segment.get("token_ids", ()))
            for record in self.records
            for segment in record["transcript"]
            if segment["kind"] == "policy"
        )

    @property
    def turns(self) -> int:
        """How many turns the policy took."""
        return sum(len(record["history"]) for record in self.records)

    def describe(self) -> str:
        """Say what kind of runs these are."""
        runs = len(self.records)
        mistakes = sum(
            turn["mistake"] is not None for record in self.records for turn in record["history"]
        )
        searched = sum(bool(record["searches"]) for record in self.records)
        ended = sum(record["ending"] == "answered" for record in self.records)
        searches = sum(len(record["searches"]) for record in self.records)
        return (
            f"{runs} runs, {self.turns / runs:.2f} turns and {searches / runs:.2f} searches a run, "
            f"{self.emitted / self.turns:.0f} tokens a turn; valid actions "
            f"{1 - mistakes / self.turns:.1%}, searched {searched / runs:.1%}, answered or "
            f"abstained {ended / runs:.1%}"
        )


@contextmanager
def tiny_policy(setting: Setting) -> Iterator[LocalPolicy]:
    """Load the taught model anew: it has read nothing yet, and remembers no run of before."""
    policy = LocalPolicy(setting.model, settings=SETTINGS)
    try:
        yield policy
    finally:
        policy.close()


def warm_up(setting: Setting) -> None:
    """Search for every question once, and run a few: what is timed first finds all caches warm."""
    questions = sampled_questions(setting.questions)
    languages = list(setting.retriever.languages)

    async def search_all() -> None:
        for question in questions:
            for where in ([question.language or languages[0]], languages):
                await setting.retriever.search(question.text, where, k=setting.context.passages)

    asyncio.run(search_all())
    collect_tiny(setting, questions[:8], concurrency=8)


def collect_tiny(setting: Setting, questions: Sequence[Question], *, concurrency: int) -> Collected:
    """Collect runs of the tiny policy on the sample corpus."""
    with tiny_policy(setting) as policy:
        recorder = RunRecorder(
            policy, setting.retriever, context=setting.context, settings=SETTINGS
        )
        return collect_runs(
            recorder, questions, concurrency=concurrency, folder=setting.work / "logs"
        )


def collect_runs(
    recorder: RunRecorder,
    questions: Sequence[Question],
    *,
    concurrency: int,
    folder: Path,
    samples: int = 1,
) -> Collected:
    """Collect runs into a new log, time that, and read them back.

    Raises:
        RuntimeError: The machine failed some of them, so that their seconds say nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkdtemp(dir=folder))
    with Clock() as clock:
        report = asyncio.run(
            collect(questions, recorder, log, samples=samples, concurrency=concurrency)
        )
    records = list(read_trajectories(log))
    shutil.rmtree(log)
    if report.failed or len(records) != len(questions) * samples:
        raise RuntimeError(f"{report.failed} of {len(records)} runs failed: {report}")
    return Collected(records=records, report=report, clock=clock)
