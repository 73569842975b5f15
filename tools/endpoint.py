"""The connection to one model behind one OpenAI-compatible endpoint: the one place that makes one.

Policies, translators and judges share it, so that each failure of an endpoint is met once: it is
tried again where that can help, and otherwise becomes one clear line that holds no secret.
"""

import asyncio
import os
import random
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar, TypedDict, TypeVar
from urllib.parse import urlsplit

from crosearch.tools.endpoint_errors import (
    EndpointError,
    describe_failure,
    excerpt,
    refused_setting,
)
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk

    from crosearch.tools.openai_link import OpenAILink

OPENAI_URL = "https://api.openai.com/v1"
CONCURRENCY = 64
"""Calls that one endpoint is given at once; further ones wait here and not in its queue."""

_LONGEST_PAUSE = 8.0

Reply = TypeVar("Reply")


class EndpointOptions(TypedDict, total=False):
    """Where an endpoint is and how it is called: what `Endpoint` takes beside the model's name."""

    base_url: str | None
    api_key: str | None
    timeout: float
    retries: int
    backoff: float
    concurrency: int


class Endpoint:
    """One model behind one OpenAI-compatible endpoint; safe for many runs and loops at once.

    Connections are kept and used again. Each event loop has its own, and closes them as it ends.
    """

    droppable: ClassVar[frozenset[str]] = frozenset()
    """Settings that are left out from then on where the model refuses them."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 120.0,
        retries: int = 3,
        backoff: float = 0.5,
        concurrency: int = CONCURRENCY,
    ) -> None:
        """Set up; nothing is contacted yet.

        Args:
            model: The model's name, as the endpoint knows it.
            base_url: Where it is; by default `OPENAI_BASE_URL`, else OpenAI itself.
            api_key: The key; by default `OPENAI_API_KEY`. An endpoint of one's own needs none.
            timeout: Seconds for a whole call, its retries included; the time that it waits for its
                place among `concurrency` does not count.
            retries: How often a call is tried again after a failure that may pass. An endpoint that
                has answered before and is now down is waited for as long as `timeout` lets it.
            backoff: Seconds before the first retry; doubled for each further one.
            concurrency: How many calls are under way at once, in each event loop.

        Raises:
            UsageError: The model has no name, the address is none, OpenAI's key is missing, or
                not even one call is allowed at once.
        """
        self.model = model.strip()
        if not self.model:
            raise UsageError("a chat endpoint needs a model's name, such as openai:gpt-4.1-mini")
        if concurrency < 1:
            raise UsageError(f"concurrency is {concurrency}; it must be at least 1")
        self.url = _checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
        self._key = _checked_key(api_key or os.environ.get("OPENAI_API_KEY") or "", self.url)
        self._timeout = timeout
        self._retries = retries
        self._backoff = backoff
        self._concurrency = concurrency
        self._answered = False
        self._refused: set[str] = set()
        self._links: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, OpenAILink] = (
            weakref.WeakKeyDictionary()
        )

    @property
    def address(self) -> str:
        """The endpoint's URL without the secrets that a URL may hold."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def who(self) -> str:
        """How messages name it."""
        return f"model {self.model} at {self.address}"

    def excerpt(self, text: str) -> str:
        """Shorten what the endpoint said to one line without the key."""
        return excerpt(text, self._key)

    async def _persist(self, attempt: Callable[[], Awaitable[Reply]]) -> Reply:
        """Make a call, again where that can help, in time and within the concurrency limit.

        Raises:
            EndpointError: There is no usable reply, in time or at all.
        """
        link = await self._link()
        async with link.places:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._try(attempt)
            except TimeoutError as error:
                raise EndpointError(
                    f"{self.who} gave no reply within {self._timeout:g} s"
                ) from error

    async def _try(self, attempt: Callable[[], Awaitable[Reply]]) -> Reply:
        clock = asyncio.get_running_loop().time
        end = clock() + self._timeout
        failures = 0
        while True:
            known = len(self._refused)
            try:
                reply = await attempt()
                self._answered = True
                return reply
            except EndpointError as error:
                if len(self._refused) > known:
                    continue
                failures += 1
                pause = self._pause(failures, error.wait)
                patient = failures <= self._retries or (error.down and self._answered)
                if not (error.transient and patient) or clock() + pause >= end:
                    raise
            await asyncio.sleep(pause)

    def _pause(self, failures: int, wait: float | None) -> float:
        """Choose the seconds before the next try: random, so that many runs do not come at once."""
        if wait is not None:
            return wait * random.uniform(1.0, 1.1)
        longest = min(_LONGEST_PAUSE, self._backoff * 2.0 ** min(failures - 1, 30))
        return random.uniform(0.5, 1.0) * longest

    async def _post(self, path: str, body: dict[str, object]) -> object:
        """Send JSON once, and return the reply's JSON."""
        try:
            return await (await self._link()).post(path, body)
        except Exception as error:  # which errors escape differs by the client's version
            raise self._failure(error) from error

    async def _get(self, path: str) -> object:
        """Return the JSON at a path; asks once."""
        try:
            return await (await self._link()).get(path)
        except Exception as error:  # which errors escape differs by the client's version
            raise self._failure(error) from error

    async def _stream(
        self, path: str, body: dict[str, object]
    ) -> AsyncGenerator["ChatCompletionChunk"]:
        """Send JSON once, and yield the reply's pieces as they come."""
        try:
            link = await self._link()
            async with aclosing(link.stream(path, body)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Exception as error:  # which errors escape differs by the client's version
            raise self._failure(error) from error

    async def _link(self) -> "OpenAILink":
        """Return the running loop's link; the first call makes it."""
        loop = asyncio.get_running_loop()
        if loop not in self._links:
            link = await asyncio.to_thread(self._make_link)
            if loop not in self._links:  # another run of this loop may have been quicker
                self._links[loop] = link
                await link.keep(lambda: self._links.pop(loop, None))
        return self._links[loop]

    def _make_link(self) -> "OpenAILink":
        """Make a link; in a thread, since that reads modules and certificates."""
        from crosearch.tools.openai_link import OpenAILink

        return OpenAILink(
            url=self.url, key=self._key, timeout=self._timeout, concurrency=self._concurrency
        )

    def _failure(self, error: Exception) -> EndpointError:
        setting = refused_setting(error)
        if setting in self.droppable:
            self._refused.add(setting)
        return describe_failure(error, who=self.who, secret=self._key)


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
