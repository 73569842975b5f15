"""Checks what a server says of the tokens that it sampled, before they count as a turn's."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosearch.agents.actions import CLOSING_TAGS, close_action, end_of_action
from crosearch.agents.policy import EmissionStatus
from crosearch.tools.token_completions import TokenCompletion

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_IMPOSSIBLE = -9_999.0
"""What vLLM writes for the logarithm of 0: no token of this probability is ever sampled."""
_CONTEXT = 8
"""How many tokens before a text say how it begins: many tokenizers join the first word to them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledTurn:
    """A turn as far as the server's account of it holds."""

    text: str
    status: EmissionStatus = "ok"
    token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None
    flaw: str = ""
    """Why it cannot be trained on; empty where it can."""


class TokenReader:
    """Reads completions with the tokenizer of their model; one thread at a time may use it."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        """Find out which of its tokens end a turn and are no text."""
        self._tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder
        special = {*tokenizer.all_special_ids, *(i for i in added if added[i].special)}
        self._control = {
            i for i in special if i != tokenizer.unk_token_id or i == tokenizer.eos_token_id
        }
        self._spelled = sorted(str(tokenizer.convert_ids_to_tokens(i)) for i in self._control)

    def read(self, prompt: Sequence[int], completion: TokenCompletion) -> SampledTurn:
        """Take a completion's tokens up to the one that completes an action, and check them.

        Args:
            prompt: The ids that were sent.
            completion: What came back.
        """
        values = completion.logprobs.token_logprobs if completion.logprobs else None
        if any(_is_impossible(value) for value in values or ()):
            return SampledTurn(text="", status="nan")
        sampled = completion.token_ids
        if sampled is None:
            return self._text_only(completion, "text only: the server returned no token ids")
        context = prompt[-_CONTEXT:]
        if not self._spell(context, sampled, completion.text):
            return self._text_only(
                completion, "text only: the server's token ids do not spell the text it returned"
            )
        end = bisect_left(
            range(len(sampled)),
            True,
            key=lambda place: _is_complete(self._decode(context, sampled[: place + 1])),
        )
        ids = sampled[: end + 1]
        text = self._decode(context, ids[: len(ids) - self._ending(ids)])
        return SampledTurn(
            text=text,
            status=_status(text, completion.finish_reason),
            token_ids=tuple(ids),
            logprobs=_logprobs(values, sampled, len(ids)),
            flaw=_logprob_flaw(values, sampled)
            or _prompt_flaw(prompt, completion.prompt_token_ids),
        )

    def _text_only(self, completion: TokenCompletion, flaw: str) -> SampledTurn:
        text = completion.text
        while ended := next((end for end in self._spelled if text.endswith(end)), ""):
            text = text.removesuffix(ended)
        text = text[: end_of_action(text)]
        if completion.finish_reason != "length" and not _is_complete(text):
            text = close_action(text)
        return SampledTurn(text=text, status=_status(text, completion.finish_reason), flaw=flaw)

    def _spell(self, context: Sequence[int], ids: Sequence[int], text: str) -> bool:
        """Tell whether ids spell a text, whatever the server left out at its ends.

        Servers leave out stop strings, tokens that end a turn, the space before a first word, and
        characters whose bytes are not all there; no other difference is accepted.
        """
        said = _legible(text[: end_of_action(text)])
        accepted = {said, " " + said, *(said + tag for tag in CLOSING_TAGS)}
        for kept in (len(ids), len(ids) - self._ending(ids)):
            spelled = self._decode(context, ids[:kept])
            if _legible(spelled[: end_of_action(spelled)]) in accepted:
                return True
        return False

    def _ending(self, ids: Sequence[int]) -> int:
        """Count the tokens at the end that are no text."""
        length = 0
        while length < len(ids) and ids[-1 - length] in self._control:
            length += 1
        return length

    def _decode(self, context: Sequence[int], ids: Sequence[int]) -> str:
        before = self._text([*context])
        return self._text([*context, *ids])[len(before) :]

    def _text(self, ids: list[int]) -> str:
        text = self._tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text if isinstance(text, str) else "".join(text)


def _is_complete(text: str) -> bool:
    return end_of_action(text) is not None


def _status(text: str, finish_reason: str | None) -> EmissionStatus:
    if finish_reason == "length" and not _is_complete(text):
        return "length"
    return "ok" if text.strip() else "empty"


def _legible(text: str) -> str:
    return text.replace("\ufffd", "")


def _is_impossible(value: float | None) -> bool:
    return value is not None and (not math.isfinite(value) or value <= _IMPOSSIBLE)


def _logprobs(
    values: Sequence[float | None] | None, ids: Sequence[int], kept: int
) -> tuple[float, ...] | None:
    if values is None or _logprob_flaw(values, ids):
        return None
    return tuple(value for value in values[:kept] if value is not None)


def _logprob_flaw(values: Sequence[float | None] | None, ids: Sequence[int]) -> str:
    if values is None:
        return "the server returned no log-probabilities"
    if len(values) != len(ids):
        return f"the server returned {len(values)} log-probabilities for {len(ids)} tokens"
    if None in values:
        return "the server returned no log-probability for some of the tokens"
    return ""


def _prompt_flaw(sent: Sequence[int], read: Sequence[int] | None) -> str:
    if read is None:
        return "the server did not tell which token ids the model read"
    if list(sent) != list(read):
        return "the model read other token ids than were sent"
    return ""
