"""The graph's state: plain JSON values only, so that a checkpoint is readable anywhere.

Nodes run one after the other and return whole new values: there are no reducers, so a value
edited in Studio replaces the old one.
"""

from typing import Literal

from typing_extensions import TypedDict  # pydantic, which describes the state, needs it on 3.11

from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, SearchRecord

Ending = Literal["answered", "turns", "seconds"]
"""Why a run ended: the policy answered, or its turns or its seconds were spent."""


class ActionState(TypedDict):
    """The policy's latest action, parsed; `none` where its text held no valid one."""

    kind: Literal["search", "answer", "none"]
    thought: str
    languages: list[Language]
    """Where to search; empty for an answer."""
    text: str
    """The query, or the answer."""
    citations: list[int]
    found: bool


class FoundPassage(TypedDict):
    """A passage on its way from `search` to `align`."""

    passage_id: str
    document_id: str
    title: str
    text: str
    language: Language
    sentences: list[list[int]]
    url: str
    score: float
    signals: dict[str, float]
    sentence: list[int]


class SearchInput(TypedDict):
    """What a run starts from."""

    question: str


class SearchOutput(TypedDict):
    """What a run ends with."""

    language: Language
    """The asker's language."""
    answer: str
    answer_language: Language
    """The language that the answer came out in; not always the asker's."""
    found: bool
    """Whether the policy says that the evidence holds the answer."""
    citations: list[Evidence]
    """The ledger's entries that the answer cites, in the order cited."""
    evidence: list[Evidence]
    """The ledger, best first."""
    searches: list[SearchRecord]
    turns: int
    seconds: float
    """Spent in the nodes; a pause in Studio is not counted."""
    ending: Ending | None
    """None while it runs."""
    transcript: list[Segment]


class SearchState(SearchInput, SearchOutput):
    """Everything a run carries from node to node."""

    action: ActionState
    hits: list[FoundPassage]
    """What the latest search found; empty once aligned."""


class SearchUpdate(TypedDict, total=False):
    """What a node returns: the keys of the state that it changed."""

    question: str
    language: Language
    answer: str
    answer_language: Language
    found: bool
    citations: list[Evidence]
    evidence: list[Evidence]
    searches: list[SearchRecord]
    turns: int
    seconds: float
    ending: Ending | None
    transcript: list[Segment]
    action: ActionState
    hits: list[FoundPassage]
