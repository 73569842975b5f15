"""A policy behind an OpenAI-compatible endpoint."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from typing_extensions import Unpack

from crosearch.agents.policy import Emission, Emit, Observation, Usage
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.text_endpoint import TextMode
from crosearch.tools.endpoint import Endpoint, EndpointOptions
from crosearch.tools.endpoint_errors import EndpointError
from crosearch.tools.errors import PolicyError, UsageError
from crosearch.tools.openai_client import ChatEndpoint
from crosearch.tools.prices import read_prices
from crosearch.tools.settings import choose_tokenizer


class Mode(Protocol):
    """How turns go over the wire: as the messages of a chat, or as token ids."""

    @property
    def endpoint(self) -> Endpoint:
        """Where they go."""
        ...

    @property
    def identity(self) -> Mapping[str, str | int | float]:
        """What of it decides how the policy acts."""
        ...

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Have the model write one action, its tokens counted.

        Raises:
            EndpointError: There is no usable reply.
        """
        ...


class OpenAIPolicy:
    """Lets a model at an endpoint decide.

    Without a tokenizer turns go as the messages of a chat, streamed, and their tokens are unknown.
    With one they go as token ids to a server of vLLM's dialect, and come back with the sampled ids
    and their log-probabilities: such a run can be trained on.
    """

    def __init__(
        self,
        model: str,
        *,
        settings: PolicySettings | None = None,
        **options: Unpack[EndpointOptions],
    ) -> None:
        """Set up; nothing is contacted yet.

        Args:
            model: The model's name, as the endpoint knows it.
            settings: How it samples; its tokenizer is `CROSEARCH_TOKENIZER` where none is given.
            options: Where it is and how it is called; see `Endpoint`.

        Raises:
            UsageError: The model has no name, the address is none, OpenAI's key is missing, a
                setting is one of local models, the tokenizer cannot be loaded, or a price is none.
        """
        settings = settings or PolicySettings()
        for setting in ("adapter", "device"):
            if getattr(settings, setting) is not None:
                raise UsageError(f"{setting} is a setting of local models; openai:{model} has none")
        self._mode = _choose_mode(model, settings, options)
        self._prices = read_prices()
        self._counting = threading.Lock()
        self._usage = Usage(
            prompt_tokens=0, completion_tokens=0, cost=0.0 if self._prices else None
        )

    @property
    def name(self) -> str:
        """`openai:MODEL`."""
        return f"openai:{self._mode.endpoint.model}"

    @property
    def fingerprint(self) -> str:
        """A hash of the model's name and of how it is asked.

        A model of one name is taken for one model wherever it is served: a server that comes up on
        another port does not make a collection begin anew.
        """
        parts = {"name": self.name, **self._mode.identity}
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    @property
    def usage(self) -> Usage:
        """What all turns took so far, as far as the endpoint counted."""
        return self._usage

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Have the model write one action.

        Cancelling the task cancels the request.

        Raises:
            PolicyError: The endpoint gave no usable reply.
        """
        try:
            emission = await self._mode.act(observation, emit)
        except EndpointError as error:
            raise PolicyError(str(error)) from error
        return replace(emission, usage=self._count(emission.usage))

    def _count(self, used: Usage) -> Usage:
        """Add a turn to the policy's total, and return it with what it cost."""
        prompt, completion = used.prompt_tokens or 0, used.completion_tokens or 0
        counted = used.prompt_tokens is not None and used.completion_tokens is not None
        cost = self._prices.cost(prompt, completion) if self._prices and counted else None
        with self._counting:
            total = self._usage
            self._usage = Usage(
                prompt_tokens=(total.prompt_tokens or 0) + prompt,
                completion_tokens=(total.completion_tokens or 0) + completion,
                cost=None if total.cost is None else total.cost + (cost or 0.0),
            )
        return replace(used, cost=cost)


def _choose_mode(model: str, settings: PolicySettings, options: EndpointOptions) -> Mode:
    tokenizer = choose_tokenizer(settings.tokenizer)
    if tokenizer is None:
        return TextMode(ChatEndpoint(model, **options), settings)
    from crosearch.agents.token_endpoint import TokenMode, load_tokenizer
    from crosearch.tools.token_completions import TokenEndpoint

    return TokenMode(TokenEndpoint(model, **options), load_tokenizer(tokenizer), settings)
