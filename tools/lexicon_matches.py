"""What the lexicon finds in a text."""

from dataclasses import dataclass

from crosearch.tools.passages import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Translation:
    """What a phrase may be in another language."""

    text: str
    """As a reader writes it, such as `Deutschland`."""
    weight: float
    """A share, over 0 and at most 1; those of one match sum to at most 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A phrase of a text, and its translations."""

    span: Span
    """Code points of the text."""
    translations: tuple[Translation, ...]
    """Best first; empty where the phrase is in no entry."""
    exact: bool
    """Whether it stands in the lexicon as it is written; else a rule found its base form."""
