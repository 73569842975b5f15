"""Picks the thought out of a policy's text while it streams, and leaves the action out."""

import html
import re

_OPENING, _CLOSING = "<think>", "</think>"
_ACTION = re.compile(r"<(?:search|answer)[\s>]")
_REFERENCE = re.compile(r"&(?:amp|lt|gt|#[0-9]{1,7});")
_UNCLEAR = re.compile(r"\s*(?:<[^<>]{0,8}|&[^;&\s]{0,8})?$")
"""An end that may yet become a tag, a reference, or the space before an action."""


class ThoughtStream:
    """Receives one turn's text piece by piece, and gives back what of it is thought."""

    def __init__(self) -> None:
        """Begin a turn."""
        self._text = ""
        self._shown = 0

    def feed(self, piece: str) -> str:
        """Take a piece, and return the thought that has become clear by it."""
        self._text += piece
        thought = _thought(self._text)
        new, self._shown = thought[self._shown :], len(thought)
        return new


def _thought(text: str) -> str:
    """Read the thought of a turn that may not have ended; more text only makes it longer."""
    text = text.lstrip()
    opened = text.startswith(_OPENING)
    inside, closing, outside = text.removeprefix(_OPENING).partition(_CLOSING)
    if not opened:
        inside, outside = "", text
    elif not closing:
        return _clear(inside.lstrip())
    bare = _ACTION.split(outside, maxsplit=1)[0].replace(_OPENING, "").replace(_CLOSING, "")
    parts = (_plain(inside.strip()), _clear(bare.lstrip()))
    return "\n".join(part for part in parts if part)


def _clear(text: str) -> str:
    return _plain(_UNCLEAR.sub("", text))


def _plain(text: str) -> str:
    return _REFERENCE.sub(lambda reference: html.unescape(reference[0]), text)
