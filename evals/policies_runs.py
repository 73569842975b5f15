"""Makes the runs that a comparison of policies looks at, in a trajectory log.

What lies in the log is not run again, so that a comparison that was interrupted goes on where it
was, and a further policy is compared on the same runs of the others.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crosearch.evals.endings import has_failed
from crosearch.evals.log_runs import (
    HeldPolicies,
    RunCount,
    Setting,
    TellRuns,
    collect_missing,
    wanted_runs,
)
from crosearch.evals.policies_arms import (
    PolicyEntry,
    context_of,
    retriever_of,
    translator_of,
)
from crosearch.evals.policies_figures import ScoredRun
from crosearch.evals.policies_questions import HeldOutQuestion
from crosearch.tools.languages import Language
from crosearch.tools.threads import in_thread
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.rewards import with_rewards
from crosearch.training.trajectories import Trajectory

EntryProgress = Callable[[PolicyEntry, int, int], None]
"""Is told of an entry how many of its runs are there, and how many there will be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryRuns:
    """The runs of one entry."""

    runs: list[ScoredRun]
    failed: int
    """Runs that the machine failed; they are in no figure."""


async def run_entries(
    entries: Sequence[PolicyEntry],
    questions: Sequence[HeldOutQuestion],
    setting: Setting,
    *,
    progress: EntryProgress | None = None,
    stop: asyncio.Event | None = None,
) -> list[EntryRuns] | None:
    """Make the runs of all entries, one entry after the other.

    A policy is loaded once for all entries that name it with the same settings, if they follow each
    other.

    Returns:
        The runs, for each entry; None if `stop` came before they were all there.

    Raises:
        UsageError: There is no such policy.
        CollectionError: Run after run failed, or a run is not to be found again.
    """
    stop = stop or asyncio.Event()
    names: list[list[_Name]] = []
    with HeldPolicies(setting.retriever.embedder) as policies:
        for entry in entries:
            made = RunCount(_teller(entry, len(questions) * entry.samples, progress))
            named: list[_Name] = []
            for language, asked in _by_language(entry, questions).items():
                recorder = await in_thread(partial(_recorder, entry, language, policies, setting))
                plain = [question.question for question in asked]
                await collect_missing(
                    plain, recorder, setting, made, samples=entry.samples, stop=stop
                )
                named += _names(entry, asked, recorder)
                if stop.is_set():
                    return None
            names.append(named)
    return await in_thread(lambda: _read(names, setting.folder))


@dataclass(frozen=True, slots=True)
class _Name:
    """A run that has to be in the log."""

    key: str
    question: HeldOutQuestion
    sample: int


def _teller(entry: PolicyEntry, expected: int, progress: EntryProgress | None) -> TellRuns | None:
    return None if progress is None else lambda done: progress(entry, done, expected)


def _by_language(
    entry: PolicyEntry, questions: Sequence[HeldOutQuestion]
) -> dict[Language | None, list[HeldOutQuestion]]:
    """Bring the questions together that an entry asks with the same settings."""
    if entry.strategy != "own":
        return {None: list(questions)}
    groups: defaultdict[Language | None, list[HeldOutQuestion]] = defaultdict(list)
    for question in questions:
        groups[question.question.language].append(question)
    return dict(groups)


def _recorder(
    entry: PolicyEntry, language: Language | None, policies: HeldPolicies, setting: Setting
) -> RunRecorder:
    return RunRecorder(
        policies.load(entry.policy, entry.settings),
        retriever_of(entry, setting.retriever),
        translator=translator_of(entry, setting.translator),
        context=context_of(entry, setting.context, language),
        settings=entry.settings,
    )


def _names(
    entry: PolicyEntry, questions: Sequence[HeldOutQuestion], recorder: RunRecorder
) -> list[_Name]:
    return [
        _Name(recorder.key(question.question, sample), question, sample)
        for question in questions
        for sample in range(entry.samples)
    ]


def _read(names: Sequence[Sequence[_Name]], folder: Path) -> list[EntryRuns]:
    wanted = {name.key for named in names for name in named}
    records = {record["key"]: record for record in wanted_runs(wanted, folder)}
    return [_scored(named, records) for named in names]


def _scored(names: Sequence[_Name], records: dict[str, Trajectory]) -> EntryRuns:
    runs = [
        ScoredRun(
            fact=name.question.fact,
            kind=name.question.kind,
            sample=name.sample,
            record=_rescored(records[name.key], name.question.question),
        )
        for name in names
        if not has_failed(records[name.key])
    ]
    return EntryRuns(runs=runs, failed=len(names) - len(runs))


def _rescored(record: Trajectory, question: Question) -> Trajectory:
    """Score a run by the question's gold answers as they are now, whatever they were."""
    answers = {language: list(golds) for language, golds in question.answers.items()}
    return with_rewards({**record, "answers": answers, "rewards": {}})
