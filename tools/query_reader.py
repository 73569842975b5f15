"""A query as the signals see it: checked, its language told, its vector computed."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.detect import detect_language
from crosearch.tools.errors import QuestionError, StoreError, UsageError
from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language
from crosearch.tools.signals import CANDIDATES, Query
from crosearch.tools.threads import in_thread

LONGEST_QUERY = 10_000
"""Code points; what is longer is a document, not a question."""

_REMEMBERED = 256


class QueryReader:
    """Reads the queries to one corpus, and remembers the last ones."""

    def __init__(self, corpus: Corpus) -> None:
        """Read for a corpus: by its embedder, and its languages."""
        self._corpus = corpus
        self._embed = lru_cache(maxsize=_REMEMBERED)(self._embed_anew)
        self._detect = lru_cache(maxsize=_REMEMBERED)(self._detect_anew)

    async def read(
        self, query: str, languages: Sequence[Language], asked_in: Language | None, k: int
    ) -> Query:
        """Read a query that asks for `k` passages of some languages.

        Raises:
            QuestionError: It is blank, or longer than 10,000 characters.
            UsageError: `k` is less than one, or there is no language to search in.
        """
        _check(query, languages, k)
        text = query.encode("utf-8", "replace").decode("utf-8")  # Half surrogates are no text.

        def work() -> Query:
            language = asked_in or self._detect(text)
            vector = self._embed(text)
            return Query(text=text, language=language, vector=vector, depth=max(k, CANDIDATES))

        return await in_thread(work)

    def _embed_anew(self, query: str) -> NDArray[np.float32]:
        vector = self._corpus.embedder.encode_queries([query]).reshape(-1)
        vector.flags.writeable = False  # Many searches share it.
        return vector

    def _detect_anew(self, query: str) -> Language:
        try:
            held = self._corpus.languages
        except StoreError:  # Each language's search will tell of it.
            held = {}
        return detect_language(query, held or None).language


def _check(query: str, languages: Sequence[Language], k: int) -> None:
    if not query.strip():
        raise QuestionError("the query is blank: give at least one word")
    if len(query) > LONGEST_QUERY:
        raise QuestionError(
            f"the query has {len(query):,} characters; {LONGEST_QUERY:,} are the most it may have"
        )
    if k < 1:
        raise UsageError(f"cannot find {k} passages: k must be at least 1")
    if not languages:
        raise UsageError("no language to search in: give at least one")
