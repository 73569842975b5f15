"""The graph's state: plain JSON values only, so that a checkpoint is readable anywhere.

Nodes run one after the other and return whole new values: there are no reducers, so a value
edited in Studio replaces the old one.
"""

from typing import Literal

from typing_extensions import TypedDict  # pydantic, which describes the state, needs it on 3.11

from crosearch.agents.policy import EmissionStatus
from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, Failure, SearchRecord, Stance

Ending = Literal["answered", "turns", "seconds", "context", "failed"]
"""Why a run ended: the policy answered; its turns, its seconds or its model's context were spent;
or the machine failed it."""

TurnStatus = Literal[EmissionStatus, "forced"]
"""How a turn ended; `forced`: a baseline's graph made the search, the policy emitted nothing."""


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


class FoundId(TypedDict):
    """A passage that a search found; ids are unique within a language."""

    language: Language
    passage_id: str
    score: float


class LedgerMark(TypedDict):
    """What a ledger entry was after a turn; all else about it never changes."""

    number: int
    cluster: int
    stance: Stance
    translated: bool


class Turn(TypedDict):
    """One turn of a run: what the policy did, and what came of it."""

    action: ActionState
    mistake: str | None
    """Why the action was not carried out; None where it was."""
    status: TurnStatus
    untrainable: str
    """Why the turn's tokens cannot be trained on; empty where they can."""
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    """In US dollars; None where no price is known."""
    policy_seconds: float
    search_seconds: float
    align_seconds: float
    search: int | None
    """The place of the turn's search among the run's `searches`."""
    hits: list[FoundId]
    """What the search found, best first."""
    ledger: list[LedgerMark]
    """The ledger after the turn, best first; empty where the turn did not change it."""
    failures: list[Failure]


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
    history: list[Turn]
    """The run turn by turn, with what each took."""
    searchable: dict[Language, int]
    """Where the run may search, with the passages each language held when it began."""


class SearchState(SearchInput, SearchOutput):
    """Everything a run carries from node to node."""

    action: ActionState
    hits: list[FoundPassage]
    """What the latest search found; empty once aligned."""
    promise: dict[Language, float]
    """What each language promised when the run began; empty where no policy asked."""


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
    history: list[Turn]
    searchable: dict[Language, int]
    action: ActionState
    hits: list[FoundPassage]
    promise: dict[Language, float]
