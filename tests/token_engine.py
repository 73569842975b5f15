"""What stands behind the token server: a local model that samples as vLLM does, one at a time."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from tokenizers.decoders import DecodeStream
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast

LogprobsMode = Literal["raw_logprobs", "processed_logprobs"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of the model."""

    prompt: list[int]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    seed: int | None = None
    stop: tuple[str, ...] = ()
    keep_stop: bool = False
    keep_special: bool = False
    top_logprobs: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What it sampled."""

    token_ids: list[int]
    text: str
    logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    finish_reason: Literal["stop", "length"]
    stop_reason: str | None


class Engine:
    """A model and its tokenizer, loaded from a folder."""

    def __init__(self, folder: Path, *, logprobs_mode: LogprobsMode, context: int | None) -> None:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert isinstance(tokenizer, PreTrainedTokenizerFast)
        self.tokenizer = tokenizer
        self.model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder)
        self.model.train(False)
        self.context = context or int(self.model.config.max_position_embeddings)
        self._mode = logprobs_mode
        self._one_at_a_time = threading.Lock()
        ends = self.model.generation_config.eos_token_id
        self._ends = set(ends if isinstance(ends, list) else [ends])

    def answer(self, request: Request) -> Answer:
        """Sample until a stop string, an end token or the length."""
        ids: list[int] = []
        values: list[float] = []
        tops: list[dict[str, float]] = []
        ended, stop = False, None
        text, stream = "", self._text_after(request)
        with self._one_at_a_time, torch.inference_mode():
            for logits in self._logits(request.prompt, ids):
                drawn, logprobs = self._draw(logits, request, place=len(ids))
                ids.append(drawn)
                values.append(float(logprobs[drawn]))
                tops.append(self._top(logprobs, request.top_logprobs))
                ended = drawn in self._ends
                if not ended or (request.keep_stop and request.keep_special):
                    text += stream.step(self.tokenizer.backend_tokenizer, drawn) or ""
                stop = next((stop for stop in request.stop if stop in text), None)
                if stop is not None:
                    text = text[: text.find(stop) + (len(stop) if request.keep_stop else 0)]
                if ended or stop is not None or len(ids) == request.max_tokens:
                    break
        return Answer(
            token_ids=ids,
            text=text,
            logprobs=values,
            top_logprobs=tops,
            finish_reason="stop" if ended or stop is not None else "length",
            stop_reason=stop,
        )

    def _text_after(self, request: Request) -> DecodeStream:
        stream = DecodeStream(skip_special_tokens=not request.keep_special)
        for token in request.prompt[-4:]:
            stream.step(self.tokenizer.backend_tokenizer, token)
        return stream

    def _logits(self, prompt: Sequence[int], sampled: list[int]) -> Iterator[torch.Tensor]:
        """Yield the next token's logits, each time after one more token was sampled."""
        output = self.model(torch.tensor([prompt]), use_cache=True)
        while True:
            yield output.logits[0, -1].float()
            output = self.model(
                torch.tensor([sampled[-1:]]), past_key_values=output.past_key_values, use_cache=True
            )

    def _draw(
        self, logits: torch.Tensor, request: Request, *, place: int
    ) -> tuple[int, torch.Tensor]:
        raw = logits.log_softmax(-1)
        if request.temperature == 0:
            return int(logits.argmax()), raw
        processed = _filtered(logits / request.temperature, request).log_softmax(-1)
        generator = torch.Generator()
        if request.seed is None:
            generator.seed()
        else:
            generator.manual_seed(request.seed + place)
        drawn = int(torch.multinomial(processed.exp(), 1, generator=generator))
        return drawn, raw if self._mode == "raw_logprobs" else processed

    def _top(self, logprobs: torch.Tensor, count: int) -> dict[str, float]:
        values, places = logprobs.topk(count) if count else (logprobs[:0], logprobs[:0])
        return {
            str(self.tokenizer.decode([int(place)])): max(float(value), -9999.0)
            for value, place in zip(values, places, strict=True)
        }


def _filtered(logits: torch.Tensor, request: Request) -> torch.Tensor:
    if request.top_k > 0:
        logits = logits.masked_fill(logits < logits.topk(request.top_k).values[-1], -torch.inf)
    if request.top_p < 1:
        ordered, places = logits.sort(descending=True)
        shares = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
        logits = logits.clone()
        logits[places[shares >= request.top_p]] = -torch.inf
    return logits
