"""Has a model write the next message of a chat, at any OpenAI-compatible endpoint."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import ClassVar

from pydantic import ValidationError

from crosearch.tools.completions import (
    ChatReply,
    ChatRequest,
    Completion,
    Message,
    StreamedReply,
    cut_at_stop,
)
from crosearch.tools.endpoint import Endpoint
from crosearch.tools.endpoint_errors import EndpointError

__all__ = ["ChatEndpoint", "Completion", "EndpointError", "Message"]

_PATH = "/chat/completions"


class ChatEndpoint(Endpoint):
    """One chat model; safe for many runs and loops at once."""

    droppable: ClassVar[frozenset[str]] = frozenset({"stop", "max_tokens", "temperature", "seed"})

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        seed: int | None = None,
        emit: Callable[[str], None] | None = None,
    ) -> Completion:
        """Have the model write the next message.

        A setting of `droppable` that the model refuses (some take no stop strings, or no
        temperature) is left out from then on; stop strings are honoured here in any case. What has
        been emitted cannot be taken back: a reply that breaks off is asked for again only if
        nothing of it was.

        Args:
            messages: The chat so far.
            stop: Where to stop, the string itself left out.
            max_tokens: The longest reply.
            temperature: The sampling temperature; None for the endpoint's own.
            top_p: The share of probability to sample from; None for the endpoint's own.
            top_k: How many tokens to sample from; no part of OpenAI's own interface.
            seed: What the sampling is drawn from, where the endpoint can.
            emit: Receives the reply piece by piece; with it, the reply is streamed.

        Raises:
            EndpointError: There is no usable reply, in time or at all.
        """
        request = ChatRequest(
            messages=messages,
            stop=stop or (),
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            seed=seed,
        )
        if emit is None:
            return await self._persist(lambda: self._whole(request))
        return await self._persist(lambda: self._streamed(request, emit))

    async def _whole(self, request: ChatRequest) -> Completion:
        received = await self._post(_PATH, request.body(self.model, self._refused))
        try:
            reply = ChatReply.model_validate(received)
            choice = reply.choices[0]
        except (ValidationError, IndexError) as error:
            said = self.excerpt(str(received))
            raise EndpointError(f"{self.who} gave no chat completion but: {said}") from error
        return Completion(
            text=cut_at_stop(choice.message.content or "", request.stop),
            finish_reason=choice.finish_reason or "stop",
            prompt_tokens=reply.usage.prompt_tokens if reply.usage else None,
            completion_tokens=reply.usage.completion_tokens if reply.usage else None,
        )

    async def _streamed(self, request: ChatRequest, emit: Callable[[str], None]) -> Completion:
        reply = StreamedReply(stop=request.stop, emit=emit)
        body = request.body(self.model, self._refused)
        try:
            async with aclosing(self._stream(_PATH, body)) as chunks:
                async for chunk in chunks:
                    reply.add(chunk)
                    if reply.stopped:
                        break
            if not reply.finish_reason:
                raise EndpointError(f"{self.who} broke off its reply", transient=True)
        except EndpointError as error:
            error.transient = error.transient and not reply.emitted
            raise
        return reply.completion()
