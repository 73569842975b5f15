"""How vLLM words what it sampled and what it refuses, and the ways in which it may go wrong."""

import json
import math
from collections.abc import Iterator
from typing import Literal

from token_engine import Answer, Request

Fault = Literal[
    "none",
    "busy",  # 429, and says when to come again
    "crash",  # 500
    "hang",  # no reply while the server lives
    "half",  # the beginning of a reply
    "garbage",  # 200, and no JSON
    "aborted",  # what vLLM says of a request that it gave up
    "no_ids",  # return_token_ids is not understood
    "shifted_ids",  # the ids without the first one
    "no_logprobs",
    "nan",  # a log-probability that is no number
    "other_prompt",  # the prompt's ids with one changed
    "no_prompt",  # the sampled ids alone
]


def too_long(work: Request, context: int) -> str:
    """Word it as vLLM does."""
    count = len(work.prompt)
    if count >= context:
        return (
            f"This model's maximum context length is {context} tokens. However, your request has "
            f"{count} input tokens. Please reduce the length of the input messages."
        )
    if count + work.max_tokens > context:
        return (
            f"'max_tokens' or 'max_completion_tokens' is too large: {work.max_tokens}. This "
            f"model's maximum context length is {context} tokens and your request has {count} "
            f"input tokens ({work.max_tokens} > {context} - {count})."
        )
    return ""


def complete_reply(
    body: dict[str, object], prompt: list[int], answer: Answer, fault: Fault, *, chat: bool
) -> dict[str, object]:
    """Tell what was sampled, in the form that was asked for; false where the fault says so."""
    ids = answer.token_ids[1:] if fault == "shifted_ids" else answer.token_ids
    read = [*prompt[:-1], prompt[-1] + 1] if fault == "other_prompt" else prompt
    told = bool(body.get("return_token_ids")) and fault != "no_ids"
    choice: dict[str, object] = {
        "index": 0,
        "finish_reason": "abort" if fault == "aborted" else answer.finish_reason,
        "stop_reason": answer.stop_reason,
        "token_ids": ids if told else None,
    }
    reply: dict[str, object] = {"id": "cmpl-1", "created": 0, "model": "tiny"}
    prompt_ids = read if told and fault != "no_prompt" else None
    if chat:
        reply |= {"object": "chat.completion", "prompt_token_ids": prompt_ids}
        choice["message"] = {"role": "assistant", "content": answer.text}
    else:
        reply |= {"object": "text_completion"}
        choice |= {"text": answer.text, "prompt_token_ids": prompt_ids}
        if body.get("logprobs") is not None and fault != "no_logprobs":
            choice["logprobs"] = _logprobs(answer, fault)
    counts = {"prompt_tokens": len(prompt), "completion_tokens": len(answer.token_ids)}
    return {**reply, "choices": [choice], "usage": counts | {"total_tokens": sum(counts.values())}}


def _logprobs(answer: Answer, fault: Fault) -> dict[str, object]:
    values = list(answer.logprobs)
    if fault == "nan":
        values[-1] = math.nan
    if fault == "shifted_ids":
        values = values[1:]
    return {"token_logprobs": values, "top_logprobs": answer.top_logprobs}


def stream_reply(reply: dict[str, object]) -> Iterator[str]:
    """Send a chat's reply as the pieces of a stream."""
    choices = reply["choices"]
    assert isinstance(choices, list)
    text = choices[0].pop("message")["content"]
    head = {**reply, "object": "chat.completion.chunk", "usage": None}
    for start in range(0, len(text), 5):
        delta = {"index": 0, "delta": {"content": text[start : start + 5]}, "finish_reason": None}
        yield f"data: {json.dumps({**head, 'choices': [delta]})}\n\n"
    end = {**choices[0], "delta": {}}
    yield f"data: {json.dumps({**head, 'choices': [end]})}\n\n"
    yield f"data: {json.dumps({**head, 'choices': [], 'usage': reply['usage']})}\n\n"
    yield "data: [DONE]\n\n"
