"""The values of a chat: what is asked of a model, and what it wrote, whole or as it streams."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from pydantic import BaseModel

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


class Message(TypedDict):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """What a model wrote."""

    text: str
    """All of it, cut before the first stop string."""
    finish_reason: str
    """`stop`, `length`, or whatever else the endpoint calls it."""
    prompt_tokens: int | None
    """None where the endpoint does not count."""
    completion_tokens: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatRequest:
    """One call of `ChatEndpoint.complete`."""

    messages: Sequence[Message]
    stop: Sequence[str]
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    seed: int | None

    def body(self, model: str, refused: set[str]) -> dict[str, object]:
        """Lay it out for the wire, without the settings that the model refuses."""
        settings: dict[str, object] = {
            "stop": list(self.stop) or None,
            "max_tokens": self.max_tokens,
            "max_completion_tokens": self.max_tokens if "max_tokens" in refused else None,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "seed": self.seed,
        }
        taken = {k: v for k, v in settings.items() if v is not None and k not in refused}
        return {"model": model, "messages": list(self.messages), **taken}


class ReplyUsage(BaseModel):
    """What an endpoint counted."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _ReplyMessage(BaseModel):
    content: str | None = None


class _ReplyChoice(BaseModel):
    message: _ReplyMessage
    finish_reason: str | None = None


class ChatReply(BaseModel):
    """A reply that came whole, as far as it is read here."""

    choices: list[_ReplyChoice]
    usage: ReplyUsage | None = None


@dataclass(kw_only=True)
class StreamedReply:
    """A reply as it comes in: emits what is new, up to the first stop string.

    The end of what has come is held back while it may be the beginning of a stop string.
    """

    stop: Sequence[str]
    emit: Callable[[str], None]
    text: str = ""
    emitted: int = 0
    finish_reason: str = ""
    stopped: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def add(self, chunk: "ChatCompletionChunk") -> None:
        """Take in one chunk; some servers send counts alone, or choices without a text."""
        if chunk.usage:
            self.prompt_tokens = chunk.usage.prompt_tokens
            self.completion_tokens = chunk.usage.completion_tokens
        for choice in (chunk.choices or [])[:1]:
            self.finish_reason = choice.finish_reason or self.finish_reason
            self._extend((choice.delta.content if choice.delta else None) or "")

    def completion(self) -> Completion:
        """Give the finished reply, and emit what was held back."""
        self._emit_until(len(self.text))
        return Completion(
            text=self.text,
            finish_reason=self.finish_reason,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
        )

    def _extend(self, piece: str) -> None:
        whole = self.text + piece
        self.text = cut_at_stop(whole, self.stop)
        if len(self.text) < len(whole):
            self.stopped, self.finish_reason = True, "stop"
            self._emit_until(len(self.text))
        else:
            self._emit_until(len(self.text) - begun_stop(self.text, self.stop))

    def _emit_until(self, end: int) -> None:
        if new := self.text[self.emitted : end]:
            self.emitted = end
            self.emit(new)


def cut_at_stop(text: str, stops: Sequence[str]) -> str:
    """Return what stands before the first stop string."""
    ends = [end for stop in stops if (end := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def begun_stop(text: str, stops: Sequence[str]) -> int:
    """Return how many characters at the text's end are the beginning of a stop string."""
    longest = max((len(stop) for stop in stops), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
