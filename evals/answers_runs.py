"""Makes the runs that an evaluation of answers scores, in a trajectory log.

What lies in the log is not run again: an evaluation that was ended goes on, and a further entry
costs its own runs alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from crosearch.agents.policy import Policy
from crosearch.evals.answer_rows import AnswerRow, score_run
from crosearch.evals.answers_data import AskedQuestion
from crosearch.evals.answers_entries import AnswerEntry
from crosearch.evals.log_runs import (
    HeldPolicies,
    RunCount,
    Setting,
    TellRuns,
    collect_missing,
    wanted_runs,
)
from crosearch.evals.retriever_views import WithoutLanguage
from crosearch.graphs.baselines import BASELINES
from crosearch.tools.languages import Language
from crosearch.tools.threads import in_thread
from crosearch.training.answer_entities import AnswerEntities
from crosearch.training.recorder import RunRecorder
from crosearch.training.run_names import MadeBy


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerProgress:
    """How far an entry is."""

    entry: str
    done: int
    """Runs that are durable."""
    expected: int


AnswerTeller = Callable[[AnswerProgress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryRuns:
    """Where the runs of an entry are to be found."""

    entry: AnswerEntry
    keys: Sequence[tuple[str, AskedQuestion]]
    """A run for each question; two questions of the same words share one."""
    made_by: MadeBy
    """What made them; where languages were hidden, but for that."""


async def make_runs(
    entry: AnswerEntry,
    asked: Sequence[AskedQuestion],
    setting: Setting,
    policies: HeldPolicies,
    *,
    progress: AnswerTeller | None = None,
    stop: asyncio.Event,
) -> EntryRuns | None:
    """Make the runs of an entry that are not in the log yet.

    Returns:
        Where they are; None if `stop` came before they were all there.

    Raises:
        UsageError: There is no such policy, or the strategy cannot be run with these settings.
        CollectionError: Run after run failed.
    """
    policy = await in_thread(lambda: policies.load(entry.policy, entry.settings))
    count = RunCount(_teller(entry, len(asked), progress))
    whole = await in_thread(partial(_recorder, entry, None, policy, setting))
    keys: list[tuple[str, AskedQuestion]] = []
    for hidden, some in _by_hidden(asked).items():
        recorder = whole
        if hidden is not None:
            recorder = await in_thread(partial(_recorder, entry, hidden, policy, setting))
        questions = [one.as_asked for one in some]
        await collect_missing(questions, recorder, setting, count, stop=stop)
        if stop.is_set():
            return None
        keys += [
            (recorder.key(question, 0), one) for question, one in zip(questions, some, strict=True)
        ]
    return EntryRuns(entry=entry, keys=keys, made_by=whole.made_by)


def score_runs(made: Sequence[EntryRuns], log: Path) -> Iterator[AnswerRow]:
    """Read the runs of all entries, and score them.

    Raises:
        CollectionError: Some are not there.
    """
    asked: defaultdict[str, list[tuple[str, AskedQuestion]]] = defaultdict(list)
    for runs in made:
        for key, one in runs.keys:
            asked[key].append((runs.entry.name, one))
    entities = AnswerEntities(
        cast("Mapping[str, Sequence[str]]", one.question.answers)
        for some in asked.values()
        for _, one in some
    )
    for record in wanted_runs(asked.keys(), log):
        for name, one in asked[record["key"]]:
            yield score_run(name, record, one.question, entities, indexed=one.indexed)


def _teller(entry: AnswerEntry, expected: int, progress: AnswerTeller | None) -> TellRuns | None:
    if progress is None:
        return None
    return lambda done: progress(AnswerProgress(entry=entry.name, done=done, expected=expected))


def _by_hidden(asked: Sequence[AskedQuestion]) -> Mapping[Language | None, list[AskedQuestion]]:
    """Bring the questions together that are asked of the same index."""
    groups: defaultdict[Language | None, list[AskedQuestion]] = defaultdict(list)
    for one in asked:
        groups[one.question.language if one.hidden else None].append(one)
    return groups


def _recorder(
    entry: AnswerEntry, hidden: Language | None, policy: Policy, setting: Setting
) -> RunRecorder:
    retriever = setting.retriever
    return RunRecorder(
        policy,
        retriever if hidden is None else WithoutLanguage(retriever, hidden),
        translator=setting.translator,
        context=setting.context,
        settings=entry.settings,
        build=BASELINES[entry.strategy],
    )
