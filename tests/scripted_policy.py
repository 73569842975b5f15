"""A policy that says what a test wrote down for it, and remembers what it saw."""

import asyncio
from collections.abc import Sequence

from crosearch.agents.policy import Emission, Emit, Observation


class ScriptedPolicy:
    """Emits the given texts, one a turn, then the last one again."""

    name = "scripted"

    def __init__(self, texts: Sequence[str], *, pause: float = 0.0) -> None:
        self.texts = list(texts)
        self.pause = pause
        self.observations: list[Observation] = []

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        self.observations.append(observation)
        await asyncio.sleep(self.pause)
        text = self.texts[min(len(self.observations), len(self.texts)) - 1]
        emit(text)
        return Emission(text=text)
