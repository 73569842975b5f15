"""The graphs that LangGraph Studio opens; `langgraph.json` names them."""

from crosearch.graphs.baselines import BASELINES
from crosearch.graphs.context import StudioContext
from crosearch.graphs.loading import components_of_context
from crosearch.graphs.search import SearchGraph, assemble


def search_graph() -> SearchGraph:
    """Build the search graph on the parts that each run's context names."""
    return assemble(components_of_context, StudioContext)


def closed_book_graph() -> SearchGraph:
    """Build the baseline `closed-book`."""
    return _baseline("closed-book")


def own_language_graph() -> SearchGraph:
    """Build the baseline `own-language`."""
    return _baseline("own-language")


def english_graph() -> SearchGraph:
    """Build the baseline `english`."""
    return _baseline("english")


def everywhere_graph() -> SearchGraph:
    """Build the baseline `everywhere`."""
    return _baseline("everywhere")


def everywhere_translated_graph() -> SearchGraph:
    """Build the baseline `everywhere-translated`."""
    return _baseline("everywhere-translated")


def one_language_loop_graph() -> SearchGraph:
    """Build the baseline `one-language-loop`."""
    return _baseline("one-language-loop")


def reflective_graph() -> SearchGraph:
    """Build the baseline `reflective`."""
    return _baseline("reflective")


def _baseline(name: str) -> SearchGraph:
    return BASELINES[name].assemble(components_of_context, StudioContext)
