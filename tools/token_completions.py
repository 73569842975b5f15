"""Has a model go on from token ids, at an endpoint that takes and returns them.

The dialect is vLLM's, which SGLang shares: `/completions` takes a prompt as ids, and with
`return_token_ids` gives back the prompt's and the sampled ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ValidationError

from crosearch.tools.completions import ReplyUsage
from crosearch.tools.endpoint import Endpoint
from crosearch.tools.endpoint_errors import EndpointError

LogprobScale = Literal["model", "sampling", "unknown"]
"""Which distribution an endpoint's log-probabilities are of: the `model`'s own, at temperature 1
whatever the sampling (vLLM's `raw_logprobs`, the default), or the one at the `sampling` temperature
(vLLM's `processed_logprobs`)."""

_PATH = "/completions"
_BROKEN_OFF = ("abort", "error")
_PROBE_TEMPERATURE = 0.5
_PROBE_TOKENS = 5
_TOLERANCE = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How a turn is sampled."""

    temperature: float
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None

    def body(self) -> dict[str, object]:
        """Lay it out for the wire.

        What is not asked for is switched off by its name: a server takes its defaults from the
        model's own `generation_config.json`, and with them the sampled distribution would be
        another than the one that the log-probabilities are of.
        """
        return {
            "temperature": self.temperature,
            "top_p": 1.0 if self.top_p is None else self.top_p,
            "top_k": -1 if self.top_k is None else self.top_k,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            **({} if self.seed is None else {"seed": self.seed}),
        }


class TokenLogprobs(BaseModel):
    """The log-probabilities of the sampled tokens, and of the likeliest at each place."""

    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float | None] | None] | None = None


class TokenCompletion(BaseModel):
    """What a model wrote; None where the endpoint did not tell."""

    text: str
    finish_reason: str | None = None
    token_ids: list[int] | None = None
    prompt_token_ids: list[int] | None = None
    logprobs: TokenLogprobs | None = None


class _Reply(BaseModel):
    choices: list[TokenCompletion]
    usage: ReplyUsage | None = None


class _Model(BaseModel):
    id: str
    max_model_len: int | None = None


class _Models(BaseModel):
    data: list[_Model]


class TokenEndpoint(Endpoint):
    """One model that reads and writes token ids; safe for many runs and loops at once."""

    async def complete(
        self, prompt: Sequence[int], sampling: Sampling, *, stop: Sequence[str], max_tokens: int
    ) -> tuple[TokenCompletion, ReplyUsage]:
        """Have the model go on from a prompt of token ids.

        Args:
            prompt: Everything that the model reads, special tokens included.
            sampling: How the tokens are drawn.
            stop: Where to stop; the string itself is kept.
            max_tokens: The most tokens that are drawn.

        Raises:
            EndpointError: There is no usable reply, in time or at all.
        """
        body = {
            "prompt": list(prompt),
            "max_tokens": max_tokens,
            "logprobs": 1,
            "return_token_ids": True,
            "stop": list(stop),
            "include_stop_str_in_output": True,
            "skip_special_tokens": False,
            **sampling.body(),
        }
        reply = await self._persist(lambda: self._ask(body))
        return reply.choices[0], reply.usage or ReplyUsage()

    async def context_length(self) -> int | None:
        """Ask how many tokens the model has room for; None where the endpoint does not tell.

        Raises:
            EndpointError: There is no reply.
        """
        received = await self._persist(lambda: self._get("/models"))
        try:
            models = _Models.model_validate(received).data
        except ValidationError:
            return None
        return next((model.max_model_len for model in models if model.id == self.model), None)

    async def logprob_scale(self, prompt: Sequence[int]) -> LogprobScale:
        """Find out by two calls of one token which log-probabilities the endpoint returns.

        At temperature T the difference of two tokens' log-probabilities is that at temperature 1,
        divided by T; where they are the model's own it is the same at any temperature.

        Args:
            prompt: Any prompt at which the model is not equally sure of all tokens.

        Raises:
            EndpointError: There is no usable reply.
        """
        plain = await self._likeliest(prompt, 1.0)
        sharp = await self._likeliest(prompt, _PROBE_TEMPERATURE)
        known = sorted(plain.keys() & sharp.keys(), key=lambda token: plain[token])
        if len(known) < 2 or plain[known[-1]] - plain[known[0]] < _TOLERANCE:
            return "unknown"
        ratio = (sharp[known[-1]] - sharp[known[0]]) / (plain[known[-1]] - plain[known[0]])
        if abs(ratio - 1.0) < _TOLERANCE:
            return "model"
        return "sampling" if abs(ratio * _PROBE_TEMPERATURE - 1.0) < _TOLERANCE else "unknown"

    async def _likeliest(self, prompt: Sequence[int], temperature: float) -> Mapping[str, float]:
        body = {
            "prompt": list(prompt),
            "max_tokens": 1,
            "logprobs": _PROBE_TOKENS,
            **Sampling(temperature=temperature).body(),
        }
        choice = (await self._persist(lambda: self._ask(body))).choices[0]
        tops = (choice.logprobs.top_logprobs if choice.logprobs else None) or [None]
        return {token: value for token, value in (tops[0] or {}).items() if value is not None}

    async def _ask(self, body: dict[str, object]) -> _Reply:
        received = await self._post(_PATH, {"model": self.model, **body})
        try:
            reply = _Reply.model_validate(received)
            choice = reply.choices[0]
        except (ValidationError, IndexError) as error:
            said = self.excerpt(str(received))
            raise EndpointError(f"{self.who} gave no completion but: {said}") from error
        if choice.finish_reason in _BROKEN_OFF:
            raise EndpointError(f"{self.who} broke off its reply", transient=True)
        return reply
