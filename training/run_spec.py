"""What a run recorder is made from: plain values, which any process can be handed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosearch.agents.load import load_policy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.tools.opening import open_source
from crosearch.tools.settings import Source
from crosearch.tools.translate import load_translator
from crosearch.training.recorder import RunRecorder

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSpec:
    """Everything that makes a run, but the question."""

    source: Source
    """The corpus; it is opened for reading."""
    policy: str
    """As for `load_policy`."""
    policy_settings: PolicySettings
    translator: str
    """As for `load_translator`."""
    context: SearchContext


def make_recorder(
    spec: RunSpec,
    announce: Callable[[], None] | None = None,
    *,
    checkpointer: "BaseCheckpointSaver[str] | None" = None,
) -> RunRecorder:
    """Open the corpus, load the policy and the translator, and bind them to a graph.

    Args:
        spec: What to open and load.
        announce: Called before the sample's store is made, which takes seconds.
        checkpointer: Keeps each run's states; None keeps none.

    Raises:
        UsageError: There is no such corpus, policy or translator.
        StoreError: The store does not answer.
    """
    retriever = open_source(spec.source, announce)
    return RunRecorder(
        load_policy(spec.policy, embedder=retriever.embedder, settings=spec.policy_settings),
        retriever,
        translator=load_translator(spec.translator),
        context=spec.context,
        settings=spec.policy_settings,
        checkpointer=checkpointer,
    )
