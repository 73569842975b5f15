"""Runs questions through the graph, and makes a record of each run, however it ends.

The same graph as everywhere: what is recorded is what is served. A run that fails is a record that
says so; only what ends the process, or cancels the task, is raised.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypedDict, cast

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StreamMode

from crosearch.agents.load import as_policy
from crosearch.agents.policy import Policy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.baselines import graph_name
from crosearch.graphs.checks import check_question
from crosearch.graphs.context import LanguageChoice, SearchContext
from crosearch.graphs.search import GraphBuilder, build_search_graph
from crosearch.graphs.state import SearchInput, SearchOutput, SearchState
from crosearch.graphs.turns import TURNS_BEGIN
from crosearch.tools.detect import detect_language
from crosearch.tools.errors import CroSearchError, UsageError
from crosearch.tools.languages import (
    EMBEDDED_LANGUAGES,
    Language,
    parse_language,
    parse_languages,
)
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import NoTranslator, Translator
from crosearch.training.groups import PlannedMember
from crosearch.training.questions import Question
from crosearch.training.run_names import RunName, run_seed, what_makes_runs
from crosearch.training.run_record import RunEnd, make_record
from crosearch.training.trajectories import Parent, Trajectory

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver

Watch = Callable[[str, object], None]
"""Is told what happens as it does: `custom` and an event, or `values` and the state so far."""

_LARGEST_SEED = 2**63 - 1
_REMEMBERED_QUESTIONS = 1_024

_log = logging.getLogger(__name__)


class _Place(TypedDict):
    checkpoint_id: str


class _CheckpointConfig(TypedDict):
    configurable: _Place


class _Checkpoint(TypedDict):
    """What of LangGraph's `checkpoints` stream is used here."""

    config: _CheckpointConfig
    next: list[str]


CompiledGraph = CompiledStateGraph[SearchState, SearchContext, SearchInput, SearchOutput]


class RunStart(Protocol):
    """A place in the middle of a run that another run goes on from."""

    @property
    def parent(self) -> Parent:
        """Which run, which turn, and what is changed there."""
        ...

    async def enter(
        self, graph: CompiledGraph, config: "RunnableConfig"
    ) -> tuple["RunnableConfig", list[str]]:
        """Lay the state out on a thread.

        Args:
            graph: A graph with a checkpointer.
            config: Names a new thread.

        Returns:
            Where to go on from, and the checkpoints that the turns so far began from.
        """
        ...


@dataclass(kw_only=True, slots=True)
class _Entry:
    """Where a run begins."""

    graph: CompiledGraph
    source: SearchInput | None
    """None: the thread holds a state already."""
    config: "RunnableConfig"
    context: SearchContext


class RunRecorder:
    """Runs questions with one policy, corpus and settings; many at once, on one event loop."""

    def __init__(
        self,
        policy: Policy,
        retriever: Retriever,
        *,
        translator: Translator | None = None,
        context: SearchContext | None = None,
        settings: PolicySettings | None = None,
        checkpointer: "BaseCheckpointSaver[str] | None" = None,
        build: GraphBuilder = build_search_graph,
    ) -> None:
        """Build the graph, and name what it is made of; reads the index' state, which blocks.

        Args:
            policy: Decides.
            retriever: Searches.
            translator: Translates evidence; None leaves it as it is.
            context: How questions are answered. Its seed, or 0, is what the seeds of all runs are
                drawn from: each has its own.
            settings: What the policy was loaded with, for the record.
            checkpointer: Keeps each run's states; None keeps none.
            build: Builds the graph that is run: CroSearch's, or one of `BASELINES`, whose name then
                stands among the runs' settings.

        Raises:
            UsageError: The seed is too large for a record.
            StoreError: The index cannot be read.
        """
        self.policy = as_policy(policy)
        self.retriever = retriever
        self.translator = translator or NoTranslator()
        self.context = context or SearchContext()
        if (self.context.seed or 0) > _LARGEST_SEED:
            raise UsageError(f"seed is {self.context.seed}; it must be at most {_LARGEST_SEED}")
        self.made_by = what_makes_runs(
            self.policy,
            retriever,
            self.translator,
            self.context,
            settings or PolicySettings(),
            graph_name(build),
        )
        self._checkpointer = checkpointer
        self._builder = build(self.policy, retriever, self.translator)
        self._graph = self._builder.compile(checkpointer=checkpointer)
        wanted = parse_languages(self.context.search_languages)
        self._known = {*EMBEDDED_LANGUAGES, *(wanted or retriever.languages)}
        self._detect = lru_cache(_REMEMBERED_QUESTIONS)(self._detect_anew)

    @property
    def fingerprints(self) -> tuple[str, str, str]:
        """The policy's, the index' and the settings'."""
        made_by = self.made_by
        return (
            made_by.policy["fingerprint"],
            made_by.index["fingerprint"],
            made_by.settings_fingerprint,
        )

    def key(
        self,
        question: Question,
        sample: int,
        *,
        member: PlannedMember | None = None,
        parent: Parent | None = None,
    ) -> str:
        """Name a run by all that makes it; a fork by its parent, too.

        Raises:
            QuestionError: It cannot be asked.
        """
        return self._name(question, sample, parent, member).key

    def language_of(self, question: Question) -> Language:
        """Tell the language that a question is asked in, and answered in.

        Raises:
            QuestionError: It cannot be asked.
        """
        text = check_question(question.text)
        chosen = question.language or self.context.language
        return self._detect(text) if chosen == "auto" else parse_language(chosen)

    async def run(
        self,
        question: Question,
        sample: int,
        *,
        member: PlannedMember | None = None,
        attempt: int = 1,
        thread_id: str | None = None,
        start: RunStart | None = None,
        watch: Watch | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> Trajectory:
        """Run a question, and return the record of the run, which may be one of a failure.

        Args:
            question: What is asked. Its language, where it has one, overrides the context's.
            sample: Which of the question's runs this is, from 0; it makes the run's seed.
            member: How the run differs from others of its group by plan; see `members_of`. None:
                the question is asked as it is.
            attempt: Counts from 1: how often this very run was begun.
            thread_id: The checkpointer's name for the run; by default its key and attempt.
            start: Where in another run this one begins; None: at its question.
            watch: Is told what happens.
            on_error: Gets the error that ended the run, if one does; without it, one that is not
                our own is logged.

        Raises:
            QuestionError: It cannot be asked.
            UsageError: It cannot begin at `start`.
        """
        name = await asyncio.to_thread(
            self._name, question, sample, start.parent if start else None, member
        )
        end = RunEnd(started=datetime.now(UTC).isoformat(timespec="milliseconds"))
        if self._checkpointer is not None:
            end.thread_id = thread_id or f"{name.key}-{attempt}"
        entry = _Entry(
            graph=self._graph,
            source=SearchInput(question=name.asked),
            config={"configurable": {"thread_id": end.thread_id}},
            context=self._context_of(name, forks=start is not None),
        )
        if start is not None:
            await self._enter(start, entry, end)
        try:
            await self._follow(end, entry, watch)
        except Exception as error:
            end.error = error
            (on_error or _log_foreign)(error)
        return make_record(name, attempt, end)

    async def _enter(self, start: RunStart, entry: "_Entry", end: RunEnd) -> None:
        if self._checkpointer is None:
            entry.config = {"configurable": {"thread_id": "fork"}}
            entry.graph = self._builder.compile(checkpointer=InMemorySaver())
        entry.source = None
        entry.config, end.checkpoints = await start.enter(entry.graph, entry.config)
        if self._checkpointer is not None:  # It may go on upon the old run's thread.
            end.thread_id = str(entry.config.get("configurable", {})["thread_id"])

    def _context_of(self, name: RunName, *, forks: bool) -> SearchContext:
        member = name.member
        context = replace(
            self.context,
            # Studio's closed list is shorter than what can be asked in.
            language=cast(LanguageChoice, name.language),
            # A fork draws anew: from its own key, and not from its question.
            seed=run_seed(
                self.context.seed,
                name.key if forks else name.group,
                name.sample,
                member.number if member else None,
            ),
        )
        if member is None:
            return context
        languages = ",".join(member.search_languages) or context.search_languages
        asked_in = cast(LanguageChoice, member.variation["asked_in"])
        return replace(context, search_languages=languages, asked_in=asked_in)

    async def _follow(self, end: RunEnd, entry: "_Entry", watch: Watch | None) -> None:
        stream = entry.graph.astream(
            entry.source,
            entry.config,
            context=entry.context,
            stream_mode=_modes(watched=watch is not None, kept=end.thread_id is not None),
            durability="async" if end.thread_id is not None else None,
        )
        async for mode, chunk in stream:
            if mode == "checkpoints":
                _note_checkpoint(end.checkpoints, cast(_Checkpoint, chunk))
                continue
            if mode == "values" and "history" in chunk:
                end.state = cast(SearchOutput, chunk)
            if watch is not None:
                watch(mode, chunk)

    def _name(
        self,
        question: Question,
        sample: int,
        parent: Parent | None = None,
        member: PlannedMember | None = None,
    ) -> RunName:
        language = self.language_of(question)
        if member is not None:
            check_question(member.question)
            language = member.language
        return RunName(
            question=question,
            language=language,
            sample=sample,
            made_by=self.made_by,
            parent=parent,
            member=member,
        )

    def _detect_anew(self, text: str) -> Language:
        return detect_language(text, self._known).language


def _modes(*, watched: bool, kept: bool) -> Sequence[StreamMode]:
    modes: list[StreamMode] = ["values"]
    if watched:
        modes.append("custom")
    if kept:
        modes.append("checkpoints")
    return modes


def _note_checkpoint(turns: list[str], checkpoint: _Checkpoint) -> None:
    """Remember the checkpoints that a turn begins from."""
    if TURNS_BEGIN.intersection(checkpoint["next"]):
        turns.append(checkpoint["config"]["configurable"]["checkpoint_id"])


def _log_foreign(error: Exception) -> None:
    if not isinstance(error, CroSearchError):
        _log.error("a run was ended by an error", exc_info=error)
