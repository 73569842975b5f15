"""Talks to OpenAI-compatible chat endpoints: the one place that makes a client for them.

Policies, translators and judges share it, so that each failure of an endpoint is met once: it is
tried again where that can help, and otherwise becomes one clear line that holds no secret.
"""

import asyncio
import os
import random
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crosearch.tools.completions import (
    ChatRequest,
    Completion,
    Message,
    StreamedReply,
    cut_at_stop,
)
from crosearch.tools.endpoint_errors import (
    EndpointError,
    describe_failure,
    excerpt,
    refused_setting,
)
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionChunk

__all__ = ["ChatEndpoint", "Completion", "EndpointError", "Message"]

OPENAI_URL = "https://api.openai.com/v1"

_PATH = "/chat/completions"
_LONGEST_PAUSE = 8.0
_CONNECT_SECONDS = 10.0


class ChatEndpoint:
    """One model behind one OpenAI-compatible endpoint; safe for many runs and loops at once.

    Each call opens a connection of its own: against a model's seconds that costs nothing, and
    nothing has to be closed when a run, or its event loop, ends.
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
    ) -> None:
        """Set up; nothing is contacted yet.

        Args:
            model: The model's name, as the endpoint knows it.
            base_url: Where it is; by default `OPENAI_BASE_URL`, else OpenAI itself.
            api_key: The key; by default `OPENAI_API_KEY`. An endpoint of one's own needs none.
            timeout: Seconds for a whole call, its retries included.
            retries: How often a call is tried again after a failure that may pass.
            backoff: Seconds before the first retry; doubled for each further one.

        Raises:
            UsageError: The model has no name, the address is none, or OpenAI's key is missing.
        """
        self.model = model.strip()
        if not self.model:
            raise UsageError("a chat endpoint needs a model's name, such as openai:gpt-4.1-mini")
        self.url = _checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
        self._key = _checked_key(api_key or os.environ.get("OPENAI_API_KEY") or "", self.url)
        self._timeout = timeout
        self._retries = retries
        self._backoff = backoff
        self._refused: set[str] = set()
        self._making = threading.Lock()
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = (
            weakref.WeakKeyDictionary()
        )

    @property
    def address(self) -> str:
        """The endpoint's URL without the secrets that a URL may hold."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        emit: Callable[[str], None] | None = None,
    ) -> Completion:
        """Have the model write the next message.

        A setting that the model refuses (some take no stop strings, or no temperature) is left
        out from then on; stop strings are honoured here in any case. What has been emitted cannot
        be taken back: a reply that breaks off is asked for again only if nothing of it was.

        Args:
            messages: The chat so far.
            stop: Where to stop, the string itself left out.
            max_tokens: The longest reply.
            temperature: The sampling temperature; None for the endpoint's own.
            emit: Receives the reply piece by piece; with it, the reply is streamed.

        Raises:
            EndpointError: There is no usable reply, in time or at all.
        """
        request = ChatRequest(
            messages=messages, stop=stop or (), max_tokens=max_tokens, temperature=temperature
        )
        try:
            async with asyncio.timeout(self._timeout):
                return await self._persist(request, emit)
        except TimeoutError as error:
            raise EndpointError(f"{self._who} gave no reply within {self._timeout:g} s") from error

    @property
    def _who(self) -> str:
        return f"model {self.model} at {self.address}"

    async def _persist(
        self, request: ChatRequest, emit: Callable[[str], None] | None
    ) -> Completion:
        clock = asyncio.get_running_loop().time
        end = clock() + self._timeout
        failures = 0
        while True:
            known = len(self._refused)
            try:
                if emit is None:
                    return await self._whole(request)
                return await self._streamed(request, emit)
            except EndpointError as error:
                if len(self._refused) > known:
                    continue
                failures += 1
                pause = self._pause(failures, error.wait)
                if not error.transient or failures > self._retries or clock() + pause >= end:
                    raise
            await asyncio.sleep(pause)

    def _pause(self, failures: int, wait: float | None) -> float:
        """Choose the seconds before the next try: random, so that many runs do not come at once."""
        if wait is not None:
            return wait * random.uniform(1.0, 1.1)
        return random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE, self._backoff * 2.0 ** (failures - 1))

    async def _whole(self, request: ChatRequest) -> Completion:
        try:
            from openai.types.chat import ChatCompletion

            client = await self._client()
            body = request.body(self.model, self._refused)
            reply = await client.post(_PATH, cast_to=ChatCompletion, body=body)
        except Exception as error:  # which errors escape differs by the client's version
            raise self._failure(error) from error
        try:
            choice, usage = reply.choices[0], reply.usage
            return Completion(
                text=cut_at_stop(choice.message.content or "", request.stop),
                finish_reason=choice.finish_reason or "stop",
                prompt_tokens=usage.prompt_tokens if usage else None,
                completion_tokens=usage.completion_tokens if usage else None,
            )
        except (AttributeError, IndexError, TypeError) as error:
            said = excerpt(str(reply), self._key)
            raise EndpointError(f"{self._who} gave no chat completion but: {said}") from error

    async def _streamed(self, request: ChatRequest, emit: Callable[[str], None]) -> Completion:
        reply = StreamedReply(stop=request.stop, emit=emit)
        try:
            async with aclosing(self._chunks(request)) as chunks:
                async for chunk in chunks:
                    reply.add(chunk)
                    if reply.stopped:
                        break
            if not reply.finish_reason:
                raise EndpointError(f"{self._who} broke off its reply", transient=True)
        except EndpointError as error:
            error.transient = error.transient and not reply.text
            raise
        return reply.completion()

    async def _chunks(self, request: ChatRequest) -> AsyncGenerator["ChatCompletionChunk"]:
        body = request.body(self.model, self._refused)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        try:
            from openai import AsyncStream
            from openai.types.chat import ChatCompletionChunk

            client = await self._client()
            stream = await client.post(
                _PATH,
                cast_to=ChatCompletionChunk,
                body=body,
                stream=True,
                stream_cls=AsyncStream[ChatCompletionChunk],
            )
            async with stream:
                async for chunk in stream:
                    if not isinstance(chunk, ChatCompletionChunk):
                        raise ValueError(f"a chunk of the stream is no object: {chunk!r}")
                    yield chunk
        except Exception as error:  # which errors escape differs by the client's version
            raise self._failure(error) from error

    async def _client(self) -> "AsyncOpenAI":
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        return client if client else await asyncio.to_thread(self._make_client, loop)

    def _make_client(self, loop: asyncio.AbstractEventLoop) -> "AsyncOpenAI":
        """Make the loop's client, once; in a thread, since that reads modules and certificates."""
        from openai import AsyncOpenAI, Timeout

        with self._making:
            if loop not in self._clients:
                self._clients[loop] = AsyncOpenAI(
                    api_key=self._key,
                    base_url=self.url,
                    max_retries=0,
                    timeout=Timeout(self._timeout, connect=min(_CONNECT_SECONDS, self._timeout)),
                    default_headers={"Connection": "close"},
                )
            return self._clients[loop]

    def _failure(self, error: Exception) -> EndpointError:
        setting = refused_setting(error)
        if setting in ("stop", "max_tokens", "temperature"):
            self._refused.add(setting)
        return describe_failure(error, who=self._who, secret=self._key)


def _checked_url(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = url.rpartition("@")[2].partition("?")[0]
        raise UsageError(
            f"{shown!r} is no address of an endpoint: give one like http://127.0.0.1:8000/v1"
        )
    return url.strip()


def _checked_key(key: str, url: str) -> str:
    key = key.strip()
    if not key and url.startswith(OPENAI_URL):
        raise UsageError(
            "no API key: set OPENAI_API_KEY, or OPENAI_BASE_URL to an endpoint that needs none"
        )
    if not (key.isascii() and key.isprintable()):
        raise UsageError("the API key holds characters that no key has: check OPENAI_API_KEY")
    return key or "none"
