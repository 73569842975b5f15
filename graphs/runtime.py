"""What a node knows of its run beside the state: its settings, and the clock."""

import time

from langgraph.runtime import Runtime

from crosearch.agents.policy import Instructed, Instructions, Policy
from crosearch.graphs.context import SearchContext
from crosearch.graphs.state import SearchState
from crosearch.tools.languages import Language, parse_language

SearchRuntime = Runtime[SearchContext]


class Clock:
    """Adds the seconds since it was made to those that the run spent before."""

    def __init__(self, spent: float) -> None:
        """Start it.

        Args:
            spent: The run's seconds so far.
        """
        self._spent = spent
        self._start = time.perf_counter()

    def passed(self) -> float:
        """Return the seconds since it was made."""
        return round(time.perf_counter() - self._start, 4)

    def read(self) -> float:
        """Return the run's seconds."""
        return round(self._spent + time.perf_counter() - self._start, 4)


def context_of(runtime: SearchRuntime) -> SearchContext:
    """Return the run's settings, the default ones where the caller gave none."""
    # LangGraph passes None where the caller gave no context, whatever the type says.
    return runtime.context or SearchContext()


def instructions_for(policy: Policy, context: SearchContext) -> Instructions:
    """Return how much a policy is told at the beginning of a run."""
    if context.instructions != "auto":
        return context.instructions
    return policy.instructions if isinstance(policy, Instructed) else "full"


def asked_in(state: SearchState, context: SearchContext) -> Language:
    """Return the language that the run's question is written in."""
    return state["language"] if context.asked_in == "auto" else parse_language(context.asked_in)
