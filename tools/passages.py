"""The values that search is about: passages, hits, and what each language's search came to.

They are plain data: nothing here knows Chroma, tantivy or LangGraph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from crosearch.tools.languages import Language

Span = tuple[int, int]
"""Start and end offsets into a text, in code points, end exclusive."""

Metadata = Mapping[str, str | int | float | bool]
"""What a document's author says of it beside its text, as far as Chroma can hold it."""

SearchStatus = Literal["ok", "timeout", "missing", "error"]
"""`missing`: the corpus has no passages in that language. `error`: see the detail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document as its author wrote it, before it is split."""

    id: str
    title: str
    text: str
    language: Language
    url: str = ""
    """Where it can be read; empty when unknown."""
    metadata: Metadata = field(default_factory=dict[str, str | int | float | bool])


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A piece of a document, in one language: what is indexed, found and cited."""

    id: str
    """`DOCUMENT#N`, unique in its corpus and language; N counts from 0."""
    document_id: str
    title: str
    text: str
    language: Language
    sentences: tuple[Span, ...]
    """The sentences' spans in `text`, in order; together they cover all but white space."""
    url: str = ""
    metadata: Metadata = field(default_factory=dict[str, str | int | float | bool])


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A passage that a search found."""

    passage: Passage
    score: float
    """The weighted sum of the signals; comparable between searches for one query."""
    signals: Mapping[str, float]
    """Each signal's own score of this passage, by the signal's name: `dense`, the mean cosine of
    passage and best sentence; `lexical` and `sound`, BM25 in units of the rarest term; `pieces`,
    the share of the question that the passage holds, from 0 to 1."""
    sentence: Span
    """The sentence of the passage that holds most of the query."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageOutcome:
    """What the search of one language came to."""

    language: Language
    status: SearchStatus
    found: int
    """How many passages it offered to the pool."""
    seconds: float
    promise: float | None = None
    """How likely it is, after the search, that the language holds an answer; None: not known."""
    detail: str = ""
    """What went wrong, for people; empty when nothing did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """A search over one or several languages: the pool's best passages, and a status each."""

    query: str
    asked_in: Language | None = None
    """The language that the query was taken to be in; None where it made no difference."""
    hits: tuple[Hit, ...]
    """Best first."""
    outcomes: tuple[LanguageOutcome, ...]
    """One for each language asked for, in the order asked."""
    seconds: float
