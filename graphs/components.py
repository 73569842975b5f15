"""What a graph runs on: a policy, a retriever and a translator, bound or found by context."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crosearch.agents.policy import Policy
from crosearch.graphs.context import SearchContext
from crosearch.tools.retriever import Retriever
from crosearch.tools.translate import Translator


@dataclass(frozen=True, kw_only=True)
class Components:
    """The three parts that do a run's work."""

    policy: Policy
    retriever: Retriever
    translator: Translator


ComponentSource = Callable[[SearchContext], Awaitable[Components]]
"""Finds the parts for a run: always the same ones in Python, the context's in Studio."""
