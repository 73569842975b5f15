"""Finds the corpus that the options name; says so where the sample's store is made first."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crosearch.cli.output import progress_console
from crosearch.tools.settings import Source, parse_header, server_headers

if TYPE_CHECKING:
    from crosearch.tools.index import CorpusInfo
    from crosearch.tools.search import HybridRetriever


def read_headers(given: Iterable[str] | None) -> Mapping[str, str]:
    """Split the headers given on the command line.

    Raises:
        UsageError: One of them is not of the form `Name: value`.
    """
    return dict(parse_header(text) for text in given or ())


def open_corpus(source: Source) -> "HybridRetriever":
    """Open a corpus for search."""
    from crosearch.tools.opening import open_source

    return open_source(source, announce_sample)


def find_corpus(source: Source) -> "CorpusInfo":
    """Look a corpus up without its embedder.

    Raises:
        CorpusNotFoundError: There is none of that name.
        StoreError: The store cannot be read.
    """
    from crosearch.tools.index import open_store
    from crosearch.tools.opening import locate_store

    headers = server_headers(dict(source.headers))
    store = open_store(locate_store(source, announce_sample), headers=headers)
    return store.find(source.corpus)


def announce_sample() -> None:
    """Say that the first use of the sample corpus takes longer."""
    progress_console().print("making the sample corpus' store, this once …", style="dim")
