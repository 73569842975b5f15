"""What a policy is: it reads a run so far and emits the text of one action.

Every policy, a language model or none, speaks through the same text, which `agents.actions`
parses: a run of the extractive policy reads like a run of a trained one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, SearchRecord

Emit = Callable[[str], None]
"""Receives a policy's text piece by piece, as it is made; never blocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What a policy sees of a run when it has to act."""

    question: str
    language: Language
    """The language to answer in."""
    languages: Mapping[Language, int]
    """Where it may search, with the number of passages each language holds, most first."""
    transcript: tuple[Segment, ...]
    """The run as text: all that a language model needs."""
    evidence: tuple[Evidence, ...]
    """The ledger, best first."""
    searches: tuple[SearchRecord, ...]
    turns_left: int
    """How many actions it may still take, this one counted; at 1 it must answer."""
    searches_left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Emission:
    """What a policy emitted in one turn."""

    text: str
    """All of it, thinking and action, exactly as it was made."""


@runtime_checkable
class Policy(Protocol):
    """Decides what a run does next."""

    @property
    def name(self) -> str:
        """What names it in logs and on the command line, such as `extractive`."""
        ...

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Emit one action for the run so far.

        Raises:
            PolicyError: Its model gave nothing that could be parsed at all: the run ends.
        """
        ...
