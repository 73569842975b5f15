"""What CroSearch is compared with: its own nodes, wired as others search.

Each baseline runs on the same parts, state and transcript, so that its runs are recorded, scored
and shown as CroSearch's are. All but CroSearch leave evidence unaligned: nobody is told which
pieces say the same. `docs/baselines.md` compares them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Literal, Protocol

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START

from crosearch.agents.baseline_prompts import parse_closed_book
from crosearch.agents.policy import Policy
from crosearch.graphs.closed_book import ClosedBookNodes
from crosearch.graphs.components import ComponentSource
from crosearch.graphs.context import SearchContext
from crosearch.graphs.forced import ForcedSearches, is_verified
from crosearch.graphs.nodes import SearchNodes, route_after_answer, route_after_think
from crosearch.graphs.runtime import SearchRuntime, context_of
from crosearch.graphs.search import (
    GraphBuilder,
    SearchGraph,
    assemble,
    bind,
    build_search_graph,
    empty_graph,
)
from crosearch.graphs.settled import Settle, Within, settled, settled_begin, untranslated
from crosearch.graphs.state import SearchInput, SearchState, Turn
from crosearch.tools.errors import UsageError
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import Translator

CROSEARCH = "crosearch"


class Assembly(Protocol):
    """Connects nodes, on parts that are looked up for each run."""

    def __call__(
        self, components: ComponentSource, context_schema: type[SearchContext]
    ) -> SearchGraph:
        """Return the graph; nothing is compiled."""
        ...


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A `GraphBuilder` with a name."""

    name: str
    what: str
    """What it does, in a line."""
    source: str
    """Where it comes from."""
    assemble: Assembly
    settle: Settle = lambda context, history: context
    """What it does to the settings of its runs."""

    def check(self, context: SearchContext) -> None:
        """See that it can be run with these settings.

        Raises:
            UsageError: It needs more turns or searches.
        """
        self.settle(context, ())

    def __call__(
        self,
        policy: Policy | BaseChatModel,
        retriever: Retriever,
        translator: Translator | None = None,
    ) -> SearchGraph:
        """Build the graph on its parts, as `build_search_graph` does; the caller compiles it."""
        return self.assemble(bind(policy, retriever, translator), SearchContext)


def graph_name(build: GraphBuilder) -> str:
    """Return what tells the runs of a builder's graphs from CroSearch's; empty for CroSearch."""
    if build is build_search_graph:
        return ""
    if isinstance(build, Baseline):
        return "" if build.name == CROSEARCH else build.name
    return f"{build.__module__}:{getattr(build, '__qualname__', type(build).__qualname__)}"


def route_to_answer(state: SearchState) -> Literal["think", "answer"]:
    """Follow an answer; without one think again, unless the budget is spent."""
    answered = state["action"]["kind"] == "answer" or state["ending"]
    return "answer" if answered else "think"


def route_by_draft(
    state: SearchState, runtime: SearchRuntime
) -> Literal["think", "search", "verify", "answer"]:
    """Follow the action; the first answer that claims to be one is searched for, if turns allow."""
    route = route_after_think(state)
    is_draft = route == "answer" and state["action"]["found"] and not is_verified(state["history"])
    turns_left = context_of(runtime).max_turns - state["turns"]
    return "verify" if is_draft and turns_left > 1 else route


def _closed_book(components: ComponentSource, context_schema: type[SearchContext]) -> SearchGraph:
    nodes = SearchNodes(components, parse=parse_closed_book)
    book = ClosedBookNodes(nodes)
    graph = empty_graph(context_schema)
    graph.add_node("begin", book.begin, input_schema=SearchInput)
    graph.add_node("think", nodes.think)
    graph.add_node("answer", book.answer)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "think")
    graph.add_conditional_edges("think", route_to_answer)
    graph.add_conditional_edges("answer", route_after_answer)
    return graph


def _one_search(
    components: ComponentSource,
    context_schema: type[SearchContext],
    *,
    within: Within,
    in_english: bool = False,
    translates: bool = False,
) -> SearchGraph:
    forced = ForcedSearches(components)
    nodes = SearchNodes(components if translates else untranslated(components))
    graph = empty_graph(context_schema)
    graph.add_node("begin", settled_begin(nodes, _once, within), input_schema=SearchInput)
    graph.add_node("ask", forced.ask_in_english if in_english else forced.ask)
    graph.add_node("search", nodes.search)
    graph.add_node("align", settled(nodes.align, _once))
    graph.add_node("think", settled(nodes.think, _once))
    graph.add_node("answer", nodes.answer)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "ask")
    graph.add_edge("ask", "search")
    graph.add_edge("search", "align")
    graph.add_edge("align", "think")
    graph.add_conditional_edges("think", route_to_answer)
    graph.add_conditional_edges("answer", route_after_answer)
    return graph


def _one_language_loop(
    components: ComponentSource, context_schema: type[SearchContext]
) -> SearchGraph:
    nodes = SearchNodes(untranslated(components))
    graph = _loop(nodes, context_schema, _unaligned, within="own")
    graph.add_conditional_edges("think", route_after_think)
    return graph


def _reflective(components: ComponentSource, context_schema: type[SearchContext]) -> SearchGraph:
    nodes = SearchNodes(untranslated(components))
    graph = _loop(nodes, context_schema, _verified, within="everywhere")
    graph.add_node("verify", ForcedSearches(components).verify)
    graph.add_conditional_edges("think", route_by_draft)
    graph.add_edge("verify", "search")
    return graph


def _loop(
    nodes: SearchNodes, context_schema: type[SearchContext], settle: Settle, *, within: Within
) -> SearchGraph:
    """Connect the nodes of a loop, but for what follows on a thought."""
    graph = empty_graph(context_schema)
    graph.add_node("begin", settled_begin(nodes, settle, within), input_schema=SearchInput)
    graph.add_node("think", settled(nodes.think, settle))
    graph.add_node("search", nodes.search)
    graph.add_node("align", settled(nodes.align, settle))
    graph.add_node("answer", nodes.answer)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "think")
    graph.add_edge("search", "align")
    graph.add_edge("align", "think")
    graph.add_conditional_edges("answer", route_after_answer)
    return graph


def _unaligned(context: SearchContext, history: Sequence[Turn]) -> SearchContext:
    return replace(context, alignment="off")


def _once(context: SearchContext, history: Sequence[Turn]) -> SearchContext:
    """Leave one search, which the graph makes."""
    if context.max_turns < 2:
        raise UsageError(
            f"max_turns is {context.max_turns}; this graph needs at least 2: one is its search"
        )
    return replace(context, alignment="off", max_searches=1)


def _verified(context: SearchContext, history: Sequence[Turn]) -> SearchContext:
    """Keep one search back until an answer was verified by it."""
    if context.max_searches < 2 or context.max_turns < 3:
        raise UsageError(
            f"max_searches is {context.max_searches}, and max_turns {context.max_turns}; this "
            "graph needs at least 2 and 3: an answer is searched for, and then given once more"
        )
    kept_back = 0 if is_verified(history) else 1
    return replace(context, alignment="off", max_searches=context.max_searches - kept_back)


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        baseline.name: baseline
        for baseline in (
            Baseline(
                name="closed-book",
                what="No search: the policy answers from what it knows, and cites nothing.",
                source="closed-book question answering (Roberts et al. 2020, arXiv 2002.08910)",
                assemble=_closed_book,
            ),
            Baseline(
                name="own-language",
                what="One search, for the question, in its own language; then the answer.",
                source="monolingual RAG (Lewis et al. 2020, arXiv 2005.11401)",
                assemble=partial(_one_search, within="own"),
                settle=_once,
            ),
            Baseline(
                name="english",
                what="The question is translated to English and searched there, once.",
                source="tRAG (Ranaldi et al. 2025, arXiv 2504.03616)",
                assemble=partial(_one_search, within="english", in_english=True),
                settle=_once,
            ),
            Baseline(
                name="everywhere",
                what="One search, for the question, in all languages; the best of all together.",
                source="MultiRAG (Ranaldi et al. 2025, arXiv 2504.03616)",
                assemble=partial(_one_search, within="everywhere"),
                settle=_once,
            ),
            Baseline(
                name="everywhere-translated",
                what="The same, with evidence translated into the asker's language.",
                source="CrossRAG (Ranaldi et al. 2025, arXiv 2504.03616)",
                assemble=partial(_one_search, within="everywhere", translates=True),
                settle=_once,
            ),
            Baseline(
                name="one-language-loop",
                what="The policy searches as often as it chooses, in the question's language.",
                source="the loop of Search-R1 (Jin et al. 2025, arXiv 2503.09516)",
                assemble=_one_language_loop,
                settle=_unaligned,
            ),
            Baseline(
                name="reflective",
                what="The policy searches where it chooses; its answer is searched for everywhere, "
                "and it answers once more.",
                source="draft, research, revise: RARR (Gao et al. 2022, arXiv 2210.08726); after "
                "CLARA",
                assemble=_reflective,
                settle=_verified,
            ),
            Baseline(
                name=CROSEARCH,
                what="The policy searches where it chooses; evidence is translated and aligned.",
                source="`build_search_graph`",
                assemble=assemble,
            ),
        )
    }
)
"""What can be compared, by name, from the least to the most that a policy may do."""
