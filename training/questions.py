"""Questions to collect runs for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crosearch.tools.languages import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question, and what is known about it."""

    text: str
    language: Language | None = None
    """The language asked in, and to be answered in; None: the question's own, as detected."""
    id: str = ""
    """The asker's own name for it."""
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Gold answers by language; `und` where no language is told."""
    translations: Mapping[Language, str] = field(default_factory=dict[Language, str])
    """The same question in other languages."""
