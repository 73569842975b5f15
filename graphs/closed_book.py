"""The nodes of a run in which nothing can be searched, beside `think` of the search graph."""

from dataclasses import dataclass

from crosearch.agents.baseline_prompts import open_closed_book
from crosearch.graphs.nodes import SearchNodes
from crosearch.graphs.runtime import SearchRuntime, context_of, instructions_for
from crosearch.graphs.state import SearchInput, SearchState, SearchUpdate


@dataclass(frozen=True)
class ClosedBookNodes:
    """The first and the last node."""

    nodes: SearchNodes

    async def begin(self, state: SearchInput, runtime: SearchRuntime) -> SearchState:
        """Lay out an empty run that may search nowhere, with instructions that say so."""
        context = context_of(runtime)
        components = await self.nodes.components(context)
        run = await self.nodes.begin(state, runtime)
        run["searchable"] = {}
        run["transcript"] = open_closed_book(
            run["question"],
            run["language"],
            turns=context.max_turns,
            instructions=instructions_for(components.policy, context),
        )
        return run

    async def answer(self, state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        """Close the run: an answer counts as found though it cites nothing."""
        update = await self.nodes.answer(state, runtime)
        if update.get("ending") == "answered":
            update["found"] = state["action"]["found"]
        return update
