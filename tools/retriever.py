"""What a search backend offers to those who stand above it: the graph, the align step, policies."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.passages import Passage, SearchResult

Vectors = NDArray[np.float32]
"""Rows of unit length (or zero, for a text without a known token), shape (n, dimension)."""


class Retriever(Protocol):
    """Searches one corpus; its methods may be awaited by many runs at once."""

    @property
    def corpus(self) -> str:
        """The corpus' name."""
        ...

    @property
    def embedder(self) -> Embedder:
        """What embedded the corpus, and embeds the queries."""
        ...

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages that hold passages, with their numbers of passages, most first."""
        ...

    async def search(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        k: int = 10,
        timeout: float = 10.0,
        asked_in: Language | None = None,
    ) -> SearchResult:
        """Find the `k` best passages over all the languages; `timeout` seconds for each of them.

        `asked_in` is the language that the query is written in; None leaves that to be detected.
        """
        ...

    async def promise(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        asked_in: Language | None = None,
        timeout: float = 10.0,
    ) -> Mapping[Language, float]:
        """Estimate for each language how likely it is that it holds an answer, from 0 to 1."""
        ...

    async def sentence_vectors(self, passages: Sequence[Passage]) -> Mapping[str, Vectors]:
        """Read back the stored vectors of the passages' sentences, by passage id, a row each."""
        ...
