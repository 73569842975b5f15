"""What retrievers are trained on: questions with their passages, and texts that say the same.

The types alone, without a file in sight: `training.pair_files` reads and writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from crosearch.tools.languages import Language

Texts = Mapping[Language, tuple[str, ...]]
"""Texts by language; those of one language are equally good."""

PairKind = Literal["questions", "parallel", "terms"]
"""Questions with passages that answer them, parallel sentences, or words and names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairRecord:
    """Two sides, each in one language or several: any text of one goes with any of the other."""

    id: str
    """Its name within the file; a hash of the texts where the file gives none."""
    query: Texts
    passage: Texts
    """The same object as `query` for texts that say the same: there is only one side."""
    negatives: Texts = field(default_factory=dict[Language, tuple[str, ...]])
    """Passages that are near and do not answer, in any language."""
    group: str = ""
    """What it was taken from, such as an article: records of one group are near one another, and
    are not known to be negatives. Empty: nothing is known."""

    @property
    def parallel(self) -> bool:
        """Whether its texts all say the same."""
        return self.query is self.passage

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages of its texts, queries first, each once."""
        return tuple(dict.fromkeys((*self.query, *self.passage)))


@dataclass(frozen=True, kw_only=True, slots=True)
class PairSet:
    """A file of pairs, read."""

    name: str
    """The file's name without its ending."""
    path: Path
    weight: float
    """How much of the training is to come from it, relative to the other files."""
    kind: PairKind
    sha256: str
    """Of the file's bytes, in hexadecimal."""
    licence: str
    """As the file tells; empty where it does not."""
    source: str
    """Where the texts are from, as the file tells; empty where it does not."""
    records: Sequence[PairRecord]
