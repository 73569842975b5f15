"""The transcript: a run as an append-only list of segments.

A segment's kind says who made it: `prompt` (the instructions and the question), `policy` (what
the policy emitted), `evidence` (what a search brought, neutralised) or `feedback` (what was wrong
with an action). Whether a text was the policy's is never found out by searching it for tags.

Where the policy reads tokens, each segment keeps its own: for a policy segment the sampled ids, for
every other the ids that it was tokenized to, once, when the policy first read it. The ids of all
segments, one after the other, are the ids that the model saw.
"""

from collections.abc import Iterable
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic, which describes the state, needs it on 3.11

from crosearch.tools.openai_client import Message

SegmentKind = Literal["prompt", "policy", "evidence", "feedback"]


class Segment(TypedDict):
    """A piece of a transcript."""

    kind: SegmentKind
    text: str
    token_ids: NotRequired[list[int]]
    """Its tokens, the chat template's around it included; absent until a model has read them."""
    logprobs: NotRequired[list[float]]
    """Of a policy segment: the natural logarithm of each sampled token's probability, over the full
    vocabulary, at the sampling temperature."""


def chat_messages(transcript: Iterable[Segment]) -> list[Message]:
    """Turn a transcript into the messages of a chat.

    The first segment, the instructions, is the system's; what the policy emitted is the
    assistant's; all else is the user's. Neighbours of one role become one message, since many
    chat templates demand that roles alternate.
    """
    messages: list[Message] = []
    for segment in transcript:
        role = _role(segment["kind"], is_first=not messages)
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += "\n\n" + segment["text"]
        else:
            messages.append(Message(role=role, content=segment["text"]))
    return messages


def _role(kind: SegmentKind, *, is_first: bool) -> Literal["system", "user", "assistant"]:
    if kind == "policy":
        return "assistant"
    return "system" if kind == "prompt" and is_first else "user"
