"""Loads a graph's parts by name, once for each choice: for the command line and Studio."""

import asyncio
from functools import cache

from crosearch.graphs.components import Components
from crosearch.graphs.context import SearchContext, StudioContext
from crosearch.tools.opening import open_source
from crosearch.tools.search import HybridRetriever
from crosearch.tools.settings import Source, choose_policy, choose_source, choose_translator


def load_components(source: Source, *, policy: str, translator: str) -> Components:
    """Open a corpus, and load the policy and the translator that are to work on it.

    Blocks while it reads files; from a coroutine call it in a thread.

    Raises:
        UsageError: No such corpus, policy or translator; or another embedder made the corpus.
        StoreError: The store cannot be read.
    """
    from crosearch.agents.load import load_policy
    from crosearch.tools.translate import load_translator

    retriever = load_retriever(source)
    return Components(
        policy=load_policy(policy, embedder=retriever.embedder),
        retriever=retriever,
        translator=load_translator(translator),
    )


@cache
def load_retriever(source: Source) -> HybridRetriever:
    """Open a corpus for search; the sample corpus is built on its first use."""
    return open_source(source)


async def components_of_context(context: SearchContext) -> Components:
    """Load the parts that a `StudioContext` names; other contexts get the defaults."""
    named = context if isinstance(context, StudioContext) else StudioContext()
    return await asyncio.to_thread(
        _load_named,
        choose_source(named.store, named.corpus, named.embedder),
        choose_policy(named.policy),
        choose_translator(named.translator),
    )


@cache
def _load_named(source: Source, policy: str, translator: str) -> Components:
    return load_components(source, policy=policy, translator=translator)
