"""Finds what a chat template writes around messages, by rendering stand-ins for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SYSTEM, _USER, _ASSISTANT, _LATER = "qsystemq", "quserq", "qassistantq", "qlaterq"
_BLANK = "\n\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatGlue:
    """The texts between the contents of a conversation's messages."""

    system: str
    """Before the system's message, where a conversation begins with one."""
    between: str
    """Between the system's message and the first of the user."""
    user: str
    """Before the user's message, where a conversation begins with one."""
    opening: str
    """After the first message of the user, so that the assistant speaks."""
    reopening: str
    """The same, after a later one."""
    turn: str
    """Between the assistant's message and the user's."""
    has_system: bool
    """Whether the template knows a system's message; else the user says it."""

    def texts(self) -> tuple[str, ...]:
        """List them all."""
        return (self.system, self.between, self.user, self.opening, self.reopening, self.turn)


def find_glue(tokenizer: "PreTrainedTokenizerBase") -> ChatGlue:
    """Find what a tokenizer's chat template writes; blank lines where it has none.

    Raises:
        UsageError: The template does not write the messages it is given.
    """
    if not tokenizer.chat_template:
        start = _start(tokenizer)
        return ChatGlue(
            system=start,
            between=_BLANK,
            user=start,
            opening=_BLANK,
            reopening=_BLANK,
            turn=_BLANK,
            has_system=True,
        )
    chat = [{"role": "user", "content": _USER}]
    alone = _parts(tokenizer, chat, (_USER,))
    chat += [{"role": "assistant", "content": _ASSISTANT}, {"role": "user", "content": _LATER}]
    later = _parts(tokenizer, chat, (_ASSISTANT, _LATER))
    if alone is None or later is None:
        raise UsageError(
            f"the chat template of {tokenizer.name_or_path or 'the tokenizer'} cannot be used: it "
            "does not write the messages of a user and an assistant as they are"
        )
    system = _parts(
        tokenizer,
        [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}],
        (_SYSTEM, _USER),
    )
    return ChatGlue(
        system=system[0] if system else "",
        between=system[1] if system else "",
        user=alone[0],
        opening=(system or alone)[-1],
        reopening=later[2],
        turn=later[1],
        has_system=system is not None,
    )


def _parts(
    tokenizer: "PreTrainedTokenizerBase", chat: list[dict[str, str]], contents: Sequence[str]
) -> list[str] | None:
    """Render a chat, and cut it at contents; None where the template refuses or drops one."""
    from jinja2.exceptions import TemplateError

    try:
        text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    except (TemplateError, TypeError, ValueError):  # templates raise what they like
        return None
    parts: list[str] = []
    rest = str(text)
    for content in contents:
        before, found, rest = rest.partition(content)
        if not found:
            return None
        parts.append(before)
    return [*parts, rest]


def _start(tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return the token that a text begins with, where the tokenizer puts one there."""
    first = tokenizer.encode("", add_special_tokens=True)[:1]
    return str(tokenizer.bos_token) if first and first[0] == tokenizer.bos_token_id else ""
