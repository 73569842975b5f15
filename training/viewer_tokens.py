"""A run's tokens as they are shown: which are the policy's, and how likely each one was."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from crosearch.agents.transcript import Segment
from crosearch.tools.errors import UsageError
from crosearch.training.trajectories import Trajectory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

STEPS = (0.99, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0.01)
"""Probabilities between the steps of the colour scale, from sure to unlikely."""

_LONGEST_CHARACTER = 8
"""Tokens that one character can take at most, with room; what is longer is broken text."""


class Decoder(Protocol):
    """A tokenizer, as far as it is needed here."""

    def decode(self, token_ids: Sequence[int], /) -> str:
        """Return the text of some tokens."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenView:
    """A token."""

    text: str
    """Its text; empty inside of a character that several tokens make up, or without a tokenizer."""
    id: int
    logprob: float | None
    step: str
    """Its place on the colour scale, `0` the surest; empty where it has no probability."""

    @property
    def title(self) -> str:
        """What is told of it on hover."""
        if self.logprob is None:
            return f"id {self.id}"
        return f"id {self.id}, log-probability {self.logprob:.4f}, p {_exp(self.logprob):.3g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentView:
    """A segment with its tokens."""

    number: int
    kind: str
    text: str
    tokens: tuple[TokenView, ...]
    trained: bool
    """Whether its tokens are the policy's: the mask."""
    mean: float | None
    """The mean log-probability."""


def view_tokens(record: Trajectory, decoder: Decoder | None = None) -> list[SegmentView]:
    """Lay out a run's segments with their tokens.

    Args:
        record: The run.
        decoder: Tells the tokens' texts; without one they are shown as ids.
    """
    return [
        _view_segment(number, segment, decoder)
        for number, segment in enumerate(record["transcript"], 1)
    ]


def load_decoder(name: str) -> Decoder:
    """Load a tokenizer by its name or folder; no code of its own is run.

    Raises:
        UsageError: There is none of that name.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(f"the tokenizer {name!r} cannot be loaded: {reason}") from error
    return _Tokenizer(tokenizer)


class _Tokenizer:
    """Decodes every token as it is: special ones are shown, spaces are kept."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._tokenizer = tokenizer

    def decode(self, token_ids: Sequence[int], /) -> str:
        text = self._tokenizer.decode(
            list(token_ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text if isinstance(text, str) else "".join(text)


def _view_segment(number: int, segment: Segment, decoder: Decoder | None) -> SegmentView:
    ids = segment.get("token_ids", [])
    logprobs = segment.get("logprobs", [])
    texts = token_texts(ids, decoder) if decoder else [""] * len(ids)
    known: list[float | None] = [*logprobs[: len(ids)], *[None] * (len(ids) - len(logprobs))]
    tokens = tuple(
        TokenView(text=text, id=token, logprob=logprob, step=_step(logprob))
        for token, text, logprob in zip(ids, texts, known, strict=True)
    )
    finite = [logprob for logprob in logprobs if math.isfinite(logprob)]
    return SegmentView(
        number=number,
        kind=segment["kind"],
        text=segment["text"],
        tokens=tokens,
        trained=segment["kind"] == "policy",
        mean=sum(finite) / len(finite) if finite else None,
    )


def token_texts(ids: Sequence[int], decoder: Decoder) -> list[str]:
    """Decode tokens one by one, so that their texts together are the text of all.

    A character that several tokens make up is given to the last of them. Tokens are decoded behind
    those before them, since many tokenizers drop the space before a text's first word.
    """
    texts: list[str] = []
    first = start = 0
    known = ""
    for end in range(1, len(ids) + 1):
        text = decoder.decode(ids[first:end])
        whole = not text.endswith("\ufffd") or end - start >= _LONGEST_CHARACTER
        texts.append(text[len(known) :] if whole else "")
        if whole:
            first, start = start, end
            known = decoder.decode(ids[first:end])
    return texts


def _step(logprob: float | None) -> str:
    if logprob is None:
        return ""
    if math.isnan(logprob):
        return "nan"
    probability = _exp(logprob)
    return str(sum(probability < step for step in STEPS))


def _exp(logprob: float) -> float:
    return math.exp(min(logprob, 0.0)) if logprob < 0 else math.exp(min(logprob, 700.0))
