"""What comparisons of runs share: one policy held at a time, runs counted, and found in the log."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crosearch.agents.load import load_policy
from crosearch.agents.policy import Policy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.tools.embedder import Embedder
from crosearch.tools.errors import CollectionError
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import Translator
from crosearch.training.collection import collect
from crosearch.training.collection_report import CollectionReport
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.several_logs import latest_runs
from crosearch.training.trajectories import Trajectory

TellRuns = Callable[[int], None]
"""Is told how many of an entry's runs are there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What all entries share."""

    retriever: Retriever
    translator: Translator
    context: SearchContext
    folder: Path
    """The log."""
    concurrency: int = 8


class HeldPolicies:
    """Holds the policy that was loaded last, since several models may not fit the memory."""

    def __init__(self, embedder: Embedder) -> None:
        """Hold none; the embedder is what extractive policies compare by."""
        self._embedder = embedder
        self._held: tuple[object, Policy] | None = None

    def __enter__(self) -> "HeldPolicies":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the last one."""
        self._close()

    def load(self, name: str, settings: PolicySettings) -> Policy:
        """Return the policy that is held, if it is this one; else load it.

        Raises:
            UsageError: There is no such policy.
        """
        wanted = (name, settings)
        if self._held is None or self._held[0] != wanted:
            self._close()
            self._held = wanted, load_policy(name, embedder=self._embedder, settings=settings)
        return self._held[1]

    def _close(self) -> None:
        close = getattr(self._held[1], "close", None) if self._held else None
        self._held = None
        if close is not None:
            close()


class RunCount:
    """Counts an entry's runs over its collections."""

    def __init__(self, tell: TellRuns | None) -> None:
        """Begin with none."""
        self._tell = tell
        self._before = self._now = 0

    def tell(self, report: CollectionReport) -> None:
        """Tell how far the collection that is under way has come."""
        self._now = report.resumed + report.runs
        if self._tell is not None:
            self._tell(self._before + self._now)

    def close(self, report: CollectionReport) -> None:
        """End a collection; the next one counts on."""
        self.tell(report)
        self._before, self._now = self._before + self._now, 0


async def collect_missing(
    questions: Iterable[Question],
    recorder: RunRecorder,
    setting: Setting,
    count: RunCount,
    *,
    samples: int = 1,
    stop: asyncio.Event,
) -> None:
    """Make the runs of questions that the log does not hold, and count all of them.

    Raises:
        CollectionError: Run after run failed, or another process writes to the log.
    """
    report = await collect(
        questions,
        recorder,
        setting.folder,
        samples=samples,
        concurrency=setting.concurrency,
        retry_failed=True,
        progress=count.tell,
        stop=stop,
    )
    count.close(report)


def wanted_runs(keys: Collection[str], folder: Path) -> Iterator[Trajectory]:
    """Read runs of a log, in its order, without their transcripts, which take most of the memory.

    Raises:
        CollectionError: Some are not there.
    """
    missing = set(keys)
    for record in latest_runs([folder], on_problem=lambda problem: None):
        if record["key"] in missing:
            missing.remove(record["key"])
            yield {**record, "transcript": []}
    if missing:
        raise CollectionError(
            f"{len(missing):,} runs are not to be found in {str(folder)!r}: did another process "
            "change the log?"
        )
