"""Turns as the messages of a chat: what every OpenAI-compatible endpoint understands."""

from collections.abc import Mapping

from crosearch.agents.actions import CLOSING_TAGS, close_action
from crosearch.agents.policy import Emission, EmissionStatus, Emit, Observation, Usage
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.sampling_rules import turn_seed
from crosearch.agents.transcript import chat_messages
from crosearch.tools.completions import Completion
from crosearch.tools.openai_client import ChatEndpoint, EndpointError

MAX_TURN_TOKENS = 4_096
"""The longest turn; reasoning models spend most of it on thought."""


class TextMode:
    """Streams a chat model's turns; what it writes is passed on while it is written.

    Reasoning that an endpoint returns apart from the message is not part of the transcript.
    """

    def __init__(self, endpoint: ChatEndpoint, settings: PolicySettings) -> None:
        """Take the endpoint, and how it is to sample."""
        self.endpoint = endpoint
        self._settings = settings
        self._max_tokens = settings.max_tokens or MAX_TURN_TOKENS

    @property
    def identity(self) -> Mapping[str, str | int | float]:
        """What decides how it acts, beside the model."""
        return {"mode": "text", **self._settings.given(), "max_tokens": self._max_tokens}

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Have the model write one action.

        Raises:
            EndpointError: The endpoint gave no usable reply.
        """
        untrainable = f"text only: no tokenizer was given for openai:{self.endpoint.model}"
        emitted: list[str] = []

        def pass_on(piece: str) -> None:
            emitted.append(piece)
            emit(piece)

        try:
            completion = await self._complete(observation, pass_on)
        except EndpointError as error:
            if error.too_long:
                return Emission(text="", status="context", untrainable=untrainable)
            raise
        text = completion.text
        if completion.finish_reason == "stop":
            text = close_action(text)
        if rest := text[len("".join(emitted)) :]:
            emit(rest)
        return Emission(
            text=text,
            status=_status(completion),
            untrainable=untrainable,
            usage=Usage(
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens,
            ),
        )

    async def _complete(self, observation: Observation, emit: Emit) -> Completion:
        """Ask for a turn; where its longest form does not fit, for one that fills what is left."""
        try:
            return await self._ask(observation, emit, self._max_tokens)
        except EndpointError as error:
            if not error.too_long:
                raise
        return await self._ask(observation, emit, None)

    async def _ask(
        self, observation: Observation, emit: Emit, max_tokens: int | None
    ) -> Completion:
        return await self.endpoint.complete(
            chat_messages(observation.transcript),
            stop=CLOSING_TAGS,
            max_tokens=max_tokens,
            temperature=observation.temperature,
            top_p=self._settings.top_p,
            top_k=self._settings.top_k,
            seed=turn_seed(observation),
            emit=emit,
        )


def _status(completion: Completion) -> EmissionStatus:
    if completion.finish_reason == "length":
        return "length"
    return "ok" if completion.text.strip() else "empty"
