"""Runs what a command waits for, and can be interrupted at any moment."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar, cast

from crosearch.cli.main import leave
from crosearch.cli.output import print_error, progress_console

if TYPE_CHECKING:
    from crosearch.graphs.context import SearchContext
    from crosearch.graphs.state import SearchOutput
    from crosearch.tools.search import HybridRetriever

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


async def answer_question(
    question: str,
    context: "SearchContext",
    load: Callable[[], "HybridRetriever"],
    policy: str,
    translator: str,
) -> "SearchOutput":
    """Run the graph on a question, and tell what happens as it does.

    Args:
        question: What is asked.
        context: How.
        load: Opens the corpus; blocks.
        policy: The policy's name.
        translator: The translator's name.
    """
    # The corpus opens while the graph's modules are read.
    loading = asyncio.get_running_loop().run_in_executor(None, load)
    from crosearch.agents.load import load_policy
    from crosearch.cli.narration import Narrator, as_event, transcript_of
    from crosearch.graphs.search import build_search_graph
    from crosearch.graphs.state import SearchInput
    from crosearch.tools.translate import load_translator

    retriever = await loading
    graph = build_search_graph(
        load_policy(policy, embedder=retriever.embedder), retriever, load_translator(translator)
    ).compile()
    narrator = Narrator(progress_console())
    stream = graph.astream(
        SearchInput(question=question), context=context, stream_mode=["custom", "values"]
    )
    state: dict[str, object] = {}
    async for mode, chunk in stream:
        if mode == "custom":
            narrator.tell(as_event(chunk))
        else:
            state = cast("dict[str, object]", chunk)
            narrator.hear(transcript_of(state))
    narrator.end_turn()
    return cast("SearchOutput", state)
