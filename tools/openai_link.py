"""What one event loop has of an endpoint: the `openai` client's connections, kept and used again.

Importing this takes a second, since the client's library is big: `crosearch.tools.endpoint` does it
in a thread, when it is first needed.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from openai import AsyncOpenAI, AsyncStream, Timeout
from openai.types.chat import ChatCompletionChunk

if TYPE_CHECKING:
    from openai._streaming import ServerSentEvent

_CONNECT_SECONDS = 10.0
_LAST_SECONDS = 1.0

Item = TypeVar("Item")


class OpenAILink:
    """A client of one event loop, and its places for calls."""

    def __init__(self, *, url: str, key: str, timeout: float, concurrency: int) -> None:
        """Set up; nothing is contacted yet.

        Args:
            url: The endpoint's address.
            key: The API key.
            timeout: The longest time without a byte, in seconds.
            concurrency: How many calls may be under way at once.
        """
        self.places = asyncio.Semaphore(concurrency)
        self._client = AsyncOpenAI(
            api_key=key,
            base_url=url,
            max_retries=0,
            timeout=Timeout(timeout, connect=min(_CONNECT_SECONDS, timeout)),
        )
        self._keeper: AsyncGenerator[None] | None = None

    async def keep(self, forget: Callable[[], object]) -> None:
        """Have the running loop close the connections as it ends, as it does open generators.

        Args:
            forget: Called then, since a closed link is of no use.
        """
        self._keeper = self._close_at_end(forget)
        await anext(self._keeper)

    async def post(self, path: str, body: dict[str, object]) -> object:
        """Send JSON, and return the reply's."""
        return await self._client.post(path, cast_to=object, body=body)

    async def get(self, path: str) -> object:
        """Return the JSON that lies at a path."""
        return await self._client.get(path, cast_to=object)

    async def stream(
        self, path: str, body: dict[str, object]
    ) -> AsyncGenerator[ChatCompletionChunk]:
        """Send JSON, and yield the reply's pieces as they come."""
        stream = await self._client.post(
            path,
            cast_to=ChatCompletionChunk,
            body=body | {"stream": True, "stream_options": {"include_usage": True}},
            stream=True,
            stream_cls=_WholeStream[ChatCompletionChunk],
        )
        async with stream:
            async for chunk in stream:
                if not isinstance(chunk, ChatCompletionChunk):
                    raise ValueError(f"a chunk of the stream is no object: {chunk!r}")
                yield chunk

    async def _close_at_end(self, forget: Callable[[], object]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            forget()
            await self._client.close()


class _WholeStream(AsyncStream[Item]):
    """Reads on after the `[DONE]` at which the client stops.

    Only a response that was read to its very end gives its connection back.
    """

    async def _iter_events(self) -> "AsyncIterator[ServerSentEvent]":
        events = super()._iter_events()
        async for event in events:
            if event.data.startswith("[DONE]"):
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_SECONDS):
                        async for _ in events:
                            pass
            yield event
