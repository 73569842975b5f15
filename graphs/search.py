"""Builds the search graph: one flat state machine, whether it is served, collected or trained."""

from typing import Protocol

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START, StateGraph

from crosearch.agents.load import as_policy
from crosearch.agents.policy import Policy
from crosearch.graphs.components import Components, ComponentSource
from crosearch.graphs.context import SearchContext
from crosearch.graphs.nodes import SearchNodes, route_after_answer, route_after_think
from crosearch.graphs.state import SearchInput, SearchOutput, SearchState
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import NoTranslator, Translator

SearchGraph = StateGraph[SearchState, SearchContext, SearchInput, SearchOutput]


class GraphBuilder(Protocol):
    """Builds a graph whose runs are recorded as those of `build_search_graph` are."""

    def __call__(
        self,
        policy: Policy | BaseChatModel,
        retriever: Retriever,
        translator: Translator | None = None,
        /,
    ) -> SearchGraph:
        """Build the graph on its parts; the caller compiles it."""
        ...


def build_search_graph(
    policy: Policy | BaseChatModel,
    retriever: Retriever,
    translator: Translator | None = None,
) -> SearchGraph:
    """Build the graph on a policy and a retriever; the caller compiles it.

    Compile it with or without a checkpointer, and run it with `ainvoke` or `astream`: its nodes
    are asynchronous. A graph of one's own can hold the compiled one as a node; the two share the
    state's keys, `question` first of all.

    Args:
        policy: Decides what to do; a LangChain chat model is taken as one.
        retriever: Searches the corpus.
        translator: Translates evidence into the asker's language; None leaves it as it is.
    """
    return assemble(bind(policy, retriever, translator), SearchContext)


def bind(
    policy: Policy | BaseChatModel, retriever: Retriever, translator: Translator | None
) -> ComponentSource:
    """Give every run the same parts; arguments as for `build_search_graph`."""
    parts = Components(
        policy=as_policy(policy), retriever=retriever, translator=translator or NoTranslator()
    )

    async def bound(context: SearchContext) -> Components:
        return parts

    return bound


def empty_graph(context_schema: type[SearchContext]) -> SearchGraph:
    """Make a graph on the run's state that has no nodes yet."""
    return SearchGraph(
        SearchState,
        context_schema=context_schema,
        input_schema=SearchInput,
        output_schema=SearchOutput,
    )


def assemble(components: ComponentSource, context_schema: type[SearchContext]) -> SearchGraph:
    """Connect the nodes, on parts that are looked up for each run."""
    nodes = SearchNodes(components)
    graph = empty_graph(context_schema)
    graph.add_node("begin", nodes.begin, input_schema=SearchInput)
    graph.add_node("think", nodes.think)
    graph.add_node("search", nodes.search)
    graph.add_node("align", nodes.align)
    graph.add_node("answer", nodes.answer)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "think")
    graph.add_conditional_edges("think", route_after_think)
    graph.add_edge("search", "align")
    graph.add_edge("align", "think")
    graph.add_conditional_edges("answer", route_after_answer)
    return graph
