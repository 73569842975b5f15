"""A policy behind an OpenAI-compatible endpoint."""

from crosearch.agents.actions import CLOSING_TAGS, close_action
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.transcript import chat_messages
from crosearch.tools.errors import PolicyError
from crosearch.tools.openai_client import ChatEndpoint, EndpointError

MAX_TURN_TOKENS = 4_096
"""The longest turn; reasoning models spend most of it on thought."""


class OpenAIPolicy:
    """Lets a chat model decide; what it writes is passed on while it is written.

    Reasoning that an endpoint returns apart from the message is not part of the transcript.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 120.0,
        retries: int = 3,
        backoff: float = 0.5,
        temperature: float | None = None,
        max_tokens: int = MAX_TURN_TOKENS,
    ) -> None:
        """Set up; nothing is contacted yet.

        Args:
            model: The model's name, as the endpoint knows it.
            base_url: Where it is; by default `OPENAI_BASE_URL`, else OpenAI itself.
            api_key: The key; by default `OPENAI_API_KEY`.
            timeout: Seconds for a turn, its retries included.
            retries: How often a turn is tried again after a failure that may pass.
            backoff: Seconds before the first retry; doubled for each further one.
            temperature: The sampling temperature; the endpoint's own default if None.
            max_tokens: The longest turn.

        Raises:
            UsageError: The model has no name, the address is none, or OpenAI's key is missing.
        """
        self._endpoint = ChatEndpoint(
            model,
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            retries=retries,
            backoff=backoff,
        )
        self._temperature = temperature
        self._max_tokens = max_tokens

    @property
    def name(self) -> str:
        """`openai:MODEL`."""
        return f"openai:{self._endpoint.model}"

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Have the model write one action.

        Cancelling the task cancels the request.

        Raises:
            PolicyError: The endpoint gave no usable reply.
        """
        emitted: list[str] = []

        def pass_on(piece: str) -> None:
            emitted.append(piece)
            emit(piece)

        try:
            completion = await self._endpoint.complete(
                chat_messages(observation.transcript),
                stop=CLOSING_TAGS,
                max_tokens=self._max_tokens,
                temperature=self._temperature,
                emit=pass_on,
            )
        except EndpointError as error:
            raise PolicyError(str(error)) from error
        if not completion.text.strip():
            raise PolicyError(
                f"{self.name} at {self._endpoint.address} gave an empty reply "
                f"({completion.finish_reason})"
            )
        text = completion.text
        if completion.finish_reason == "stop":
            text = close_action(text)
        # A stream may have shown the beginning of the closing tag before it stopped there.
        shown = "".join(emitted)
        if text.startswith(shown) and text != shown:
            emit(text[len(shown) :])
        return Emission(text=text)
