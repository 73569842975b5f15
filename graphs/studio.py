"""The graph that LangGraph Studio opens; `langgraph.json` names it."""

from crosearch.graphs.context import StudioContext
from crosearch.graphs.loading import components_of_context
from crosearch.graphs.search import SearchGraph, assemble


def search_graph() -> SearchGraph:
    """Build the search graph on the parts that each run's context names."""
    return assemble(components_of_context, StudioContext)
