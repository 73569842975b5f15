"""Loads the parts that a run's context names, once for each choice: for Studio."""

import asyncio
from functools import cache

from crosearch.agents.load import load_policy
from crosearch.graphs.components import Components
from crosearch.graphs.context import SearchContext, StudioContext
from crosearch.tools.opening import open_source
from crosearch.tools.settings import Source, choose_policy, choose_source, choose_translator
from crosearch.tools.translate import load_translator


async def components_of_context(context: SearchContext) -> Components:
    """Load the parts that a `StudioContext` names; other contexts get the defaults.

    Raises:
        UsageError: No such corpus, policy or translator; or another embedder made the corpus.
        StoreError: The store cannot be read.
    """
    named = context if isinstance(context, StudioContext) else StudioContext()
    return await asyncio.to_thread(
        _load,
        choose_source(named.store, named.corpus, named.embedder),
        choose_policy(named.policy),
        choose_translator(named.translator),
    )


@cache
def _load(source: Source, policy: str, translator: str) -> Components:
    retriever = _open(source)
    return Components(
        policy=load_policy(policy, embedder=retriever.embedder),
        retriever=retriever,
        translator=load_translator(translator),
    )


_open = cache(open_source)
"""One retriever for a corpus, whichever policies and translators work on it."""
