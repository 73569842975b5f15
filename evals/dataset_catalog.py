"""What is told of a data set before it is read, and what is asked of its loader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crosearch.tools.languages import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetDescription:
    """A data set that can be read."""

    name: str
    """What it is asked for by."""
    title: str
    paper: str
    """Where it is described: an address."""
    size: str
    languages: tuple[Language, ...]
    """Those that questions are asked in; empty where its files alone tell."""
    licence: str
    """As published; it binds whoever uses the data."""
    where: str
    """Where to get it: an address."""
    files: tuple[str, ...]
    """What a folder is searched for, below any other folders; a file is expected to be one."""
    answers: bool = True
    """Whether it says what is right."""
    gold: bool = False
    """Whether it comes with documents, and says which of them answer a question."""
    splits: tuple[str, ...] = ()
    """Its parts, of which one is read; empty where there is but one."""
    default_split: str = ""
    """The one that is read where none is named; empty: the only one there is."""
    hub: str = ""
    """A Hugging Face id that can be read; empty where the hub's rows are not the published ones."""
    notes: str = ""
    """What of it is used, and how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetRequest:
    """What somebody wants to read."""

    about: DatasetDescription
    source: str
    """A file, a folder, or a Hugging Face id."""
    languages: tuple[Language, ...] = ()
    """Those to ask in; empty: all."""
    split: str = ""
    """Empty: the only one there is."""

    def asks_in(self, language: Language) -> bool:
        """Tell whether questions in a language are wanted."""
        return not self.languages or language in self.languages


def split_named(name: str, splits: Sequence[str]) -> str:
    """Find a split under either of its usual names; empty where it is not there."""
    return next((split for split in (name, _ALSO.get(name, "")) if split in splits), "")


def codes(text: str) -> tuple[Language, ...]:
    """List languages for a description; nothing is looked up, so that helps stay quick."""
    return tuple(Language(code) for code in text.split())


_ALSO: Mapping[str, str] = {"dev": "validation", "validation": "dev"}
