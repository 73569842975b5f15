"""The text of a turn while it is sampled: what can be shown of it, and whether it is over."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from crosearch.agents.actions import CLOSING_TAGS, end_of_action

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Decode = Callable[[Sequence[int]], str]

_LAST_CHARACTERS = frozenset(tag[-1] for tag in CLOSING_TAGS)
_TAIL = 48
"""Tokens that are enough to hold a closing tag, were each but a byte of it."""


class TurnReader:
    """Turns ids into text; one for each tokenizer."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        """Find the tokens that can complete a closing tag."""
        self._tokenizer = tokenizer
        self._closers = frozenset(
            i
            for token, i in tokenizer.get_vocab().items()
            if not _LAST_CHARACTERS.isdisjoint(token)
        )

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of a turn's ids, all of them shown."""
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
        )

    def closes(self, ids: Sequence[int], start: int = 0) -> bool:
        """Tell whether the last of `ids[start:]`, a turn, completes an action's closing tag.

        Every earlier id of the turn has to have been asked about.
        """
        if ids[-1] not in self._closers:
            return False
        tail = ids[max(start, len(ids) - _TAIL) :]
        return all(end_of_action(self.decode(part)) is not None for part in (tail, ids[start:]))


class ShownText:
    """What was shown of a turn so far; a character whose bytes are not complete yet has to wait."""

    def __init__(self, decode: Decode) -> None:
        """Begin with nothing."""
        self._decode = decode
        self._context = 0
        self._read = 0
        self._shown = 0

    def more(self, ids: Sequence[int]) -> str:
        """Return what can be shown after what was shown before.

        A few tokens before the new ones are decoded with them, since tokens are spelled by what
        stands before them.
        """
        known = self._decode(ids[self._context : self._read])
        text = self._decode(ids[self._context :])
        if text.endswith("\ufffd") or not text.startswith(known) or len(text) == len(known):
            return ""
        self._context, self._read = self._read, len(ids)
        self._shown += len(text) - len(known)
        return text[len(known) :]

    def rest(self, text: str) -> str:
        """Return what is missing of the whole text."""
        return text[self._shown :]
