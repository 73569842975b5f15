"""The search graph: its state, its context, and the function that builds it."""

from crosearch.graphs.context import SearchContext, StudioContext
from crosearch.graphs.search import SearchGraph, build_search_graph
from crosearch.graphs.state import SearchInput, SearchOutput, SearchState

__all__ = [
    "SearchContext",
    "SearchGraph",
    "SearchInput",
    "SearchOutput",
    "SearchState",
    "StudioContext",
    "build_search_graph",
]
