"""Turns as token ids: what is sent is what the model reads, and what it sampled comes back.

Everything that a server says of tokens is checked before it counts. Where it does not hold, the
turn says why it cannot be trained on, and the run goes on with its text.
"""

import asyncio
import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from crosearch.agents.actions import CLOSING_TAGS
from crosearch.agents.model_fingerprint import tokenizer_rules
from crosearch.agents.policy import Emission, Emit, Observation, Usage
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.sampled_tokens import SampledTurn, TokenReader
from crosearch.agents.sampling_rules import sampling_flaw, turn_seed
from crosearch.agents.text_endpoint import MAX_TURN_TOKENS
from crosearch.tools.completions import ReplyUsage
from crosearch.tools.endpoint_errors import EndpointError, excerpt
from crosearch.tools.errors import UsageError
from crosearch.tools.token_completions import (
    LogprobScale,
    Sampling,
    TokenCompletion,
    TokenEndpoint,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from crosearch.agents.rendering import Rendered

_TEMPERATURE = 1.0
"""Where a run names none: the one at which every server's log-probabilities are the sampling's."""


class TokenMode:
    """Renders transcripts to token ids, and takes back the sampled ones."""

    def __init__(
        self,
        endpoint: TokenEndpoint,
        tokenizer: "PreTrainedTokenizerBase",
        settings: PolicySettings,
    ) -> None:
        """Take the endpoint, its model's tokenizer, and how it is to sample."""
        from crosearch.agents.rendering import TranscriptRenderer

        self.endpoint = endpoint
        self._renderer = TranscriptRenderer(tokenizer)
        self._reader = TokenReader(tokenizer)
        self._settings = settings
        self._max_tokens = settings.max_tokens or MAX_TURN_TOKENS
        self._tokenizing = threading.Lock()  # a tokenizer changes while it works
        rules = tokenizer_rules(tokenizer).encode("utf-8", "surrogatepass")
        self._tokenizer_hash = hashlib.blake2b(rules, digest_size=8).hexdigest()
        self._context_length: int | None = None
        self._scale: LogprobScale = "unknown"

    @property
    def identity(self) -> Mapping[str, str | int | float]:
        """What decides how it acts, beside the model."""
        given = self._settings.given() | {"tokenizer": self._tokenizer_hash}
        return {"mode": "tokens", **given, "max_tokens": self._max_tokens}

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Have the model write one action; it is emitted whole.

        Raises:
            EndpointError: The endpoint gave no usable reply.
        """
        rendered = await asyncio.to_thread(self._render, observation)
        temperature = _TEMPERATURE if observation.temperature is None else observation.temperature
        sampling = Sampling(
            temperature=temperature,
            top_p=self._settings.top_p,
            top_k=self._settings.top_k,
            seed=turn_seed(observation),
        )
        try:
            completion, counted = await self._complete(rendered.ids, sampling)
        except EndpointError as error:
            if error.too_long:
                nothing = Emission(text="", status="context", token_ids=(), logprobs=())
                return replace(nothing, read=rendered.read)
            raise
        sampled = await asyncio.to_thread(self._read, rendered.ids, completion)
        flaw = sampled.flaw or await self._sampling_flaw(rendered.ids, temperature)
        if sampled.text:
            emit(sampled.text)
        return Emission(
            text=sampled.text,
            status=sampled.status,
            token_ids=sampled.token_ids,
            logprobs=sampled.logprobs,
            read=rendered.read,
            untrainable=flaw,
            usage=_usage(counted, len(rendered.ids), completion),
        )

    def _render(self, observation: Observation) -> "Rendered":
        with self._tokenizing:
            return self._renderer.render(observation.transcript)

    def _read(self, prompt: Sequence[int], completion: TokenCompletion) -> SampledTurn:
        with self._tokenizing:
            return self._reader.read(prompt, completion)

    async def _complete(
        self, prompt: Sequence[int], sampling: Sampling
    ) -> tuple[TokenCompletion, ReplyUsage]:
        """Ask for a turn; where its longest form does not fit, for one that fills what is left."""
        try:
            return await self._ask(prompt, sampling)
        except EndpointError as error:
            if not error.too_long or self._context_length is not None:
                raise
            self._context_length = await self.endpoint.context_length()
            if self._context_length is None:
                raise
        return await self._ask(prompt, sampling)

    async def _ask(
        self, prompt: Sequence[int], sampling: Sampling
    ) -> tuple[TokenCompletion, ReplyUsage]:
        max_tokens = self._max_tokens
        if self._context_length is not None:
            max_tokens = min(max_tokens, self._context_length - len(prompt))
        if max_tokens < 1:
            raise EndpointError(
                f"{self.endpoint.who} has room for {self._context_length} tokens, and the prompt "
                f"alone has {len(prompt)}",
                too_long=True,
            )
        return await self.endpoint.complete(
            prompt, sampling, stop=CLOSING_TAGS, max_tokens=max_tokens
        )

    async def _sampling_flaw(self, prompt: Sequence[int], temperature: float) -> str:
        """Say why the log-probabilities would not be what the trainer recomputes."""
        flaw = sampling_flaw(temperature, self._settings)
        if flaw or temperature == _TEMPERATURE:
            return flaw
        if self._scale == "unknown":
            self._scale = await self._find_scale(prompt)
        if self._scale == "sampling":
            return ""
        if self._scale == "unknown":
            return f"nobody knows whether the server's log-probabilities are at {temperature:g}"
        return (
            f"sampled at temperature {temperature:g}, but the server's log-probabilities are at 1: "
            "start vLLM with --logprobs-mode processed_logprobs"
        )

    async def _find_scale(self, prompt: Sequence[int]) -> LogprobScale:
        try:
            return await self.endpoint.logprob_scale(prompt)
        except EndpointError:
            return "unknown"


def load_tokenizer(name: str) -> "PreTrainedTokenizerBase":
    """Load the tokenizer of an endpoint's model, by name or folder.

    Raises:
        UsageError: There is none, or the `models` extra is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise UsageError(
            "prompts as token ids need transformers: pip install 'crosearch[models]'"
        ) from error
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            name, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise UsageError(f"{name!r} is no tokenizer: {excerpt(str(error), '')}") from error
    return tokenizer


def _usage(counted: ReplyUsage, prompt: int, completion: TokenCompletion) -> Usage:
    """Take the server's count, or count what went and came."""
    sampled = None if completion.token_ids is None else len(completion.token_ids)
    return Usage(
        prompt_tokens=prompt if counted.prompt_tokens is None else counted.prompt_tokens,
        completion_tokens=sampled
        if counted.completion_tokens is None
        else counted.completion_tokens,
    )
