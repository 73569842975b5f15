"""What an evaluation data set holds, whatever format it was published in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crosearch.tools.languages import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalQuestion:
    """A question with what counts as right; it is asked, and to be answered, in one language."""

    id: str
    """The data set's own; no two questions of a set have the same language and id."""
    language: Language
    text: str
    fact: str
    """What is asked for, whatever the language: parallel questions have one fact."""
    translations: Mapping[Language, str] = field(default_factory=dict[Language, str])
    """The same question in other languages."""
    answers: Mapping[Language, Sequence[str]] = field(default_factory=dict[Language, Sequence[str]])
    """Gold answers with their aliases, by language; none where the set has none."""
    gold: Mapping[str, int] = field(default_factory=dict[str, int])
    """Documents that answer it, in any language, with their relevance, above 0."""
    answerable: bool | None = None
    """Whether there is an answer at all; None where the set does not say."""
    candidates: Sequence[str] = ()
    """Answers to choose from, in its language; parallel questions have the same in the same order.

    Empty where the set has none.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalDocument:
    """A document of a data set's corpus."""

    id: str
    """What `EvalQuestion.gold` names."""
    language: Language
    text: str
    title: str = ""
    parallel: str = ""
    """Documents that translate each other have the same; empty where the set does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvalDataset:
    """A data set that was read."""

    name: str
    questions: Sequence[EvalQuestion]
    documents: Iterable[EvalDocument] = ()
    """Its corpus, which may be iterated over several times; empty where it comes with none."""
