"""Nodes of the search graph under settings that a baseline prescribes, whatever the run's own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Literal, Protocol, cast

from crosearch.graphs.components import Components, ComponentSource
from crosearch.graphs.context import LanguageChoice, SearchContext
from crosearch.graphs.forced import ENGLISH
from crosearch.graphs.nodes import SearchNodes
from crosearch.graphs.runtime import SearchRuntime, asked_in, context_of
from crosearch.graphs.state import SearchInput, SearchState, SearchUpdate, Turn
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.translate import NoTranslator

Settle = Callable[[SearchContext, Sequence[Turn]], SearchContext]
"""Changes a run's settings, by what has happened in it so far."""

Within = Literal["everywhere", "own", "english"]
"""Where a run may search: wherever its settings allow, or of that in one language alone, the
question's or English."""


class Node(Protocol):
    """A node after the first."""

    def __call__(self, state: SearchState, runtime: SearchRuntime) -> Awaitable[SearchUpdate]:
        """Return what changed."""
        ...


class Begin(Protocol):
    """A first node."""

    def __call__(self, state: SearchInput, runtime: SearchRuntime) -> Awaitable[SearchState]:
        """Lay out the run."""
        ...


def settled(node: Node, settle: Settle) -> Node:
    """Run a node under changed settings."""

    async def run(state: SearchState, runtime: SearchRuntime) -> SearchUpdate:
        context = settle(context_of(runtime), state["history"])
        return await node(state, runtime.override(context=context))

    return run


def settled_begin(nodes: SearchNodes, settle: Settle, within: Within) -> Begin:
    """Lay out runs under changed settings.

    A language that the index does not hold is no mistake: it is one without passages. One that the
    run's own settings leave out is: the node raises `UsageError`.
    """

    async def begin(state: SearchInput, runtime: SearchRuntime) -> SearchState:
        context = settle(context_of(runtime), ())
        run = await nodes.begin(state, runtime.override(context=context))
        if within == "everywhere":
            return run
        language = ENGLISH if within == "english" else asked_in(run, context)
        narrowed = _narrowed(context, run, language)
        again = await nodes.begin(state, runtime.override(context=narrowed))
        again["seconds"] = round(run["seconds"] + again["seconds"], 4)
        return again

    return begin


def untranslated(components: ComponentSource) -> ComponentSource:
    """Leave evidence as it was written."""

    async def find(context: SearchContext) -> Components:
        return replace(await components(context), translator=NoTranslator())

    return find


def _narrowed(context: SearchContext, run: SearchState, language: Language) -> SearchContext:
    if context.search_languages and language not in run["searchable"]:
        raise UsageError(
            f"this graph searches in {language!r} alone, and search_languages is "
            f"{context.search_languages!r}: leave search_languages empty, or add {language!r}"
        )
    # The language found first stays: fewer are held now that could be told from it. Studio's closed
    # list is shorter than what can be asked in.
    return replace(
        context, language=cast(LanguageChoice, run["language"]), search_languages=language
    )
