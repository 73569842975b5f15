"""The evidence ledger's types: what a run holds to be known, and from where.

They are plain JSON values, since they live in the graph's state, in checkpoints, in trajectory
logs and in what `crosearch ask --json` prints.
"""

from typing import Literal

from typing_extensions import TypedDict  # pydantic, which describes the state, needs it on 3.11

from crosearch.tools.languages import Language
from crosearch.tools.passages import SearchStatus

Stance = Literal["corroborates", "adds", "conflicts"]
"""What a piece of evidence does to its cluster: `adds` opens it, or tells what no other does."""


class Evidence(TypedDict):
    """One entry of the ledger: a passage, and the sentence of it that speaks to the question."""

    number: int
    """What a citation names it by; counts from 1 in the order of finding, and never changes."""
    passage_id: str
    document_id: str
    title: str
    language: Language
    text: str
    """The passage, as its author wrote it."""
    span: list[int]
    """Start and end, in `text`, of the sentence that is likeliest to answer the question."""
    translation: str | None
    """That sentence in the asker's language; by `lexicon`, a gloss, word for word. None when it is
    in it, or nobody translated."""
    translated_by: str | None
    """The translator's name; None where there is no translation."""
    url: str
    score: float
    """How well it fits the question, in one scale over the run's searches; higher is better."""
    cluster: int
    """Entries of one number say the same; counts from 1."""
    stance: Stance


class Failure(TypedDict):
    """Something that failed for the machine's sake: never the policy's fault, never evidence."""

    stage: Literal["policy", "search", "align"]
    language: Language | None
    """Where it concerned one language alone."""
    status: str
    """`timeout`, `missing`, `error`, `nan`, `translation` or `vectors`."""
    detail: str


class LanguageSearch(TypedDict):
    """What one search came to in one language."""

    language: Language
    status: SearchStatus
    found: int
    seconds: float
    promise: float | None
    """How likely the language holds an answer, as its search estimates it; None: not known."""
    detail: str


class SearchRecord(TypedDict):
    """One search of a run."""

    languages: list[Language]
    query: str
    status: Literal["ok", "partial", "failed"]
    """`partial`: at least one language failed, and at least one did not."""
    seconds: float
    outcomes: list[LanguageSearch]
