"""A policy that says what a test wrote down for it, and remembers what it saw."""

import asyncio
from collections.abc import Sequence

from crosearch.agents.policy import Emission, Emit, Observation


class ScriptedPolicy:
    """Emits the given texts, or emissions with tokens, one a turn, then the last one again."""

    name = "scripted"

    def __init__(self, texts: Sequence[str | Emission], *, pause: float = 0.0) -> None:
        self.emissions = [Emission(text=t) if isinstance(t, str) else t for t in texts]
        self.pause = pause
        self.observations: list[Observation] = []

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        self.observations.append(observation)
        await asyncio.sleep(self.pause)
        emission = self.emissions[min(len(self.observations), len(self.emissions)) - 1]
        emit(emission.text)
        return emission
