"""Opens for search what a `Source` names, the sample corpus among them."""

from collections.abc import Callable

from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.tools.settings import Source, server_headers


def open_source(source: Source, announce: Callable[[], None] | None = None) -> HybridRetriever:
    """Open a corpus; the sample's store is made on its first use.

    Args:
        source: The corpus.
        announce: Called before the sample's store is made, which takes seconds.

    Raises:
        UsageError: No such store or corpus, or another embedder made it.
        StoreError: The store does not answer, or the sample's cannot be written.
    """
    return open_retriever(
        locate_store(source, announce),
        source.corpus,
        embedder=source.embedder,
        headers=server_headers(dict(source.headers)),
    )


def locate_store(source: Source, announce: Callable[[], None] | None = None) -> str:
    """Return where a source's store lies; the sample's is made on its first use.

    Raises:
        StoreError: The sample's store cannot be written.
    """
    if source.store:
        return source.store
    from crosearch.tools.sample_store import sample_store

    return str(sample_store(announce))
