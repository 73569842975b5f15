"""The passages that questions are generated about: of a corpus, or of files, ingested for it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from crosearch.tools.connection import Connection, find_place
from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import open_store
from crosearch.tools.languages import Language
from crosearch.tools.opening import locate_store
from crosearch.tools.passages import Passage
from crosearch.tools.rows import list_passages
from crosearch.tools.search import HybridRetriever
from crosearch.tools.settings import Source, server_headers


class PassageSource:
    """A corpus, to be listed, read from and searched."""

    def __init__(self, source: Source) -> None:
        """Open it.

        Raises:
            UsageError: There is no such store or corpus, or another embedder made it.
            StoreError: The store does not answer.
        """
        place = locate_store(source)
        headers = server_headers(dict(source.headers))
        store = open_store(place, headers=headers)
        self._corpus = store.open_corpus(source.corpus, load_embedder(source.embedder))
        self._connection = Connection(find_place(place, headers))
        self.retriever = HybridRetriever(self._corpus)
        self.name = source.corpus

    @property
    def sizes(self) -> Mapping[Language, int]:
        """How many passages each language holds."""
        return self._corpus.languages

    def __iter__(self) -> Iterator[Passage]:
        """Read all passages, language by language."""
        for language in sorted(self.sizes):
            for some in list_passages(self._connection, self.name, language):
                yield from some

    def read(self, language: Language, identifier: str) -> Passage | None:
        """Read a passage; None where it is not there."""
        return next(iter(self._corpus.passages(language, [identifier])), None)


def files_source(out: Path, embedder: str) -> Source:
    """Name the corpus of the files whose questions go to `out`; it lies beside it."""
    store = out.with_name(f"{out.name}.store")
    return Source(store=str(store), corpus="passages", embedder=embedder)


def journal_path(out: Path) -> Path:
    """Return where the journal of an output file lies."""
    return out.with_name(f"{out.name}.journal")
