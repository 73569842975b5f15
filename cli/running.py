"""Runs what a command waits for, and can be interrupted at any moment."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from crosearch.cli.main import leave
from crosearch.cli.output import print_error, progress_console

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from crosearch.agents.policy import Policy
    from crosearch.cli.narration import Narrator
    from crosearch.graphs.context import SearchContext
    from crosearch.graphs.state import SearchOutput
    from crosearch.tools.errors import LogError
    from crosearch.tools.search import HybridRetriever
    from crosearch.tools.translate import Translator
    from crosearch.training.recorder import RunRecorder

T = TypeVar("T")


def run_interruptibly(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine that only reads; on an interrupt say so, and end the process at once."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(coroutine)
        except KeyboardInterrupt:
            # Leaving the block would wait for every thread of the loop's pool.
            print_error("interrupted")
            leave()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """How a run ended, and what became of its record."""

    state: "SearchOutput"
    key: str | None = None
    """The record's; None where none was asked for, or it is lost."""
    loss: "LogError | None" = None
    """Why the record is lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """What the run is made of."""

    policy: "Policy"
    retriever: "HybridRetriever"
    translator: "Translator"


async def answer_question(
    question: str,
    context: "SearchContext",
    load: Callable[[], "HybridRetriever"],
    policy: str,
    translator: str,
    log: str = "",
    checkpoints: Path | None = None,
) -> Answered:
    """Run the graph on a question, and tell what happens as it does.

    Args:
        question: What is asked.
        context: How.
        load: Opens the corpus; blocks.
        policy: The policy's name.
        translator: The translator's name.
        log: The trajectory log that keeps the run; empty: none does.
        checkpoints: The SQLite file that keeps the states of a run that is kept.

    Raises:
        LogError: The log cannot be written to; nothing was run.
    """
    # The corpus opens while the graph's modules are read.
    loading = asyncio.get_running_loop().run_in_executor(None, load)
    from crosearch.agents.load import load_policy
    from crosearch.cli.narration import Narrator
    from crosearch.tools.translate import load_translator

    retriever = await loading
    parts = _Parts(
        policy=load_policy(policy, embedder=retriever.embedder),
        retriever=retriever,
        translator=load_translator(translator),
    )
    follower = _Follower(Narrator(progress_console()))
    if log:
        answered = await _run_and_keep(question, context, parts, follower, log, checkpoints)
    else:
        answered = await _run(question, context, parts, follower)
    follower.narrator.end_turn()
    return answered


class _Follower:
    """Tells what the graph streams, and remembers the state."""

    def __init__(self, narrator: "Narrator") -> None:
        self.narrator = narrator
        self.state: dict[str, object] = {}

    def take(self, mode: str, chunk: object) -> None:
        from crosearch.cli.narration import as_event, transcript_of

        if mode == "custom":
            self.narrator.tell(as_event(chunk))
        else:
            self.state = cast("dict[str, object]", chunk)
            self.narrator.hear(transcript_of(self.state))

    def answered(self, key: str | None = None, loss: "LogError | None" = None) -> Answered:
        return Answered(state=cast("SearchOutput", self.state), key=key, loss=loss)


async def _run(
    question: str, context: "SearchContext", parts: _Parts, follower: _Follower
) -> Answered:
    from crosearch.graphs.search import build_search_graph
    from crosearch.graphs.state import SearchInput

    graph = build_search_graph(parts.policy, parts.retriever, parts.translator).compile()
    stream = graph.astream(
        SearchInput(question=question), context=context, stream_mode=["custom", "values"]
    )
    async for mode, chunk in stream:
        follower.take(mode, chunk)
    return follower.answered()


async def _run_and_keep(
    question: str,
    context: "SearchContext",
    parts: _Parts,
    follower: _Follower,
    log: str,
    checkpoints: Path | None,
) -> Answered:
    from contextlib import AsyncExitStack

    from crosearch.tools.errors import LogError
    from crosearch.training.kept_runs import run_and_keep
    from crosearch.training.questions import Question
    from crosearch.training.shards import TrajectoryWriter

    writer = TrajectoryWriter(log)
    try:
        async with AsyncExitStack() as stack:
            saver = None
            if checkpoints:
                from crosearch.training.checkpoints import open_checkpoints

                saver = await stack.enter_async_context(open_checkpoints(checkpoints))
            recorder = await asyncio.to_thread(_recorder, parts, context, saver)
            asked = Question(text=question)
            record = await run_and_keep(recorder, writer, asked, watch=follower.take)
    except LogError as loss:
        if not follower.state:
            raise
        return follower.answered(loss=loss)
    finally:
        await asyncio.to_thread(writer.close)
    return follower.answered(key=record["key"])


def _recorder(
    parts: _Parts, context: "SearchContext", saver: "BaseCheckpointSaver[str] | None"
) -> "RunRecorder":
    from crosearch.training.recorder import RunRecorder

    return RunRecorder(
        parts.policy,
        parts.retriever,
        translator=parts.translator,
        context=context,
        checkpointer=saver,
    )
