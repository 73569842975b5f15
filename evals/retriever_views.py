"""A corpus as a strategy or an asker is to see it: all languages at once, or all but one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.passages import LanguageOutcome, Passage, SearchResult
from crosearch.tools.retriever import Retriever, Vectors
from crosearch.training.run_names import index_fingerprint
from crosearch.training.trajectories import fingerprint


class _View(ABC):
    """A `Retriever` that asks another one."""

    def __init__(self, inner: Retriever) -> None:
        self._inner = inner

    @property
    def corpus(self) -> str:
        """The corpus' name."""
        return self._inner.corpus

    @property
    def embedder(self) -> Embedder:
        """What embedded the corpus."""
        return self._inner.embedder

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages that hold passages, most first."""
        return self._inner.languages

    @property
    def fingerprint(self) -> str:
        """The corpus' own, and how it is seen: such runs are others."""
        return fingerprint([*self._seen, index_fingerprint(self._inner)])

    @property
    @abstractmethod
    def _seen(self) -> Sequence[str]: ...

    async def promise(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        asked_in: Language | None = None,
        timeout: float = 10.0,
    ) -> Mapping[Language, float]:
        """Estimate what the languages promise."""
        return await self._inner.promise(query, languages, asked_in=asked_in, timeout=timeout)

    async def sentence_vectors(self, passages: Sequence[Passage]) -> Mapping[str, Vectors]:
        """Read back sentences' vectors."""
        return await self._inner.sentence_vectors(passages)


class EverywhereRetriever(_View):
    """Searches in all languages whichever it is asked for: the concatenating baseline."""

    @property
    def _seen(self) -> Sequence[str]:
        return ("everywhere",)

    async def search(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        k: int = 10,
        timeout: float = 10.0,
        asked_in: Language | None = None,
    ) -> SearchResult:
        """Find the `k` best passages over all languages, those asked for first in the record."""
        everywhere = list(dict.fromkeys([*languages, *self.languages]))
        return await self._inner.search(query, everywhere, k=k, timeout=timeout, asked_in=asked_in)


class WithoutLanguage(_View):
    """Hides a language: to a search the corpus is as if it had never been ingested."""

    def __init__(self, inner: Retriever, hidden: Language) -> None:
        """Hold what searches, and what is hidden of it."""
        super().__init__(inner)
        self._hidden = hidden

    @property
    def languages(self) -> Mapping[Language, int]:
        """The languages that hold passages, most first, without the hidden one."""
        held = self._inner.languages
        return {language: count for language, count in held.items() if language != self._hidden}

    @property
    def _seen(self) -> Sequence[str]:
        return ("without", self._hidden)

    async def search(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        k: int = 10,
        timeout: float = 10.0,
        asked_in: Language | None = None,
    ) -> SearchResult:
        """Find the `k` best passages; the hidden language is one without passages."""
        missing = LanguageOutcome(language=self._hidden, status="missing", found=0, seconds=0.0)
        shown = self._shown(languages)
        if not shown:
            return SearchResult(query=query, hits=(), outcomes=(missing,), seconds=0.0)
        result = await self._inner.search(query, shown, k=k, timeout=timeout, asked_in=asked_in)
        by_language = {outcome.language: outcome for outcome in result.outcomes}
        outcomes = tuple(by_language.get(one, missing) for one in dict.fromkeys(languages))
        return replace(result, outcomes=outcomes)

    async def promise(
        self,
        query: str,
        languages: Sequence[Language],
        *,
        asked_in: Language | None = None,
        timeout: float = 10.0,
    ) -> Mapping[Language, float]:
        """Estimate what the languages promise; the hidden one promises nothing."""
        promised: Mapping[Language, float] = {}
        if shown := self._shown(languages):
            promised = await super().promise(query, shown, asked_in=asked_in, timeout=timeout)
        return {language: promised.get(language, 0.0) for language in languages}

    def _shown(self, languages: Sequence[Language]) -> list[Language]:
        return [language for language in languages if language != self._hidden]
