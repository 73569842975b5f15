"""Turns a transcript into the ids that a model reads: each segment once, by its chat template.

A chat template is a program that renders whole conversations, and many of them render the same
message in another way once others follow it: they drop earlier thoughts, trim, or add a system's
message. It is therefore run only on stand-ins, when the renderer is made, and what it writes
around them (`ChatGlue`) is kept. From then on a transcript only grows at its end, as the model saw
it.
"""

import copy
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosearch.agents.actions import ANSWER, SEARCH, THINK
from crosearch.agents.chat_glue import find_glue
from crosearch.agents.transcript import Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BETWEEN = "\n\n"
"""What stands between neighbouring segments of one message."""

_SURROGATES = re.compile("[\ud800-\udfff]")
"""Half characters, which JSON can spell and tokenizers refuse."""

_PROTOCOL = re.compile(rf"</?(?:{THINK}|{SEARCH}|{ANSWER})\b")
"""The tags of actions, which a tokenizer may hold as tokens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A transcript as a model's input."""

    ids: tuple[int, ...]
    """The whole input."""
    read: tuple[tuple[int, ...], ...]
    """The ids of the segments that had none, in their order."""
    mask: tuple[bool, ...]
    """For each of `ids`, whether it is a policy segment's."""
    ends: tuple[int, ...]
    """For each segment, the number of ids up to its end."""


class TranscriptRenderer:
    """Renders the transcripts of one tokenizer.

    It works on a copy of the tokenizer, whose settings nobody changes beneath it; one thread at a
    time may use it.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        """Find out what the tokenizer's chat template writes around messages.

        Raises:
            UsageError: The template does not write the messages it is given.
        """
        self.tokenizer = copy.deepcopy(tokenizer)
        """The copy."""
        self._glue = find_glue(self.tokenizer)
        self._glue_ids = {text: self._encode_glue(text) for text in self._glue.texts()}
        control = _control_tokens(self.tokenizer, self._glue_ids.values())
        self._forbidden = frozenset(control)
        spelled = sorted(control.values(), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, spelled)) or "(?!)")

    @property
    def end_of_turn(self) -> int | None:
        """The id that the chat template ends the assistant's turn with; None without one."""
        turn = self._glue_ids[self._glue.turn]
        return next((i for i in turn if i in self._forbidden), None)

    def render(self, transcript: Sequence[Segment]) -> Rendered:
        """Lay a transcript out as ids, tokenizing what has none yet.

        The segment before a policy's turn, or at the end, is followed by what opens the model's
        turn, which belongs to it.

        Args:
            transcript: A run so far; its first segment is a `prompt`.
        """
        ids: list[int] = []
        mask: list[bool] = []
        read: list[tuple[int, ...]] = []
        ends: list[int] = []
        for place, segment in enumerate(transcript):
            known = segment.get("token_ids")
            new = self._read(transcript, place, ids) if known is None else known
            if known is None:
                read.append(tuple(new))
            ids += new
            mask += [segment["kind"] == "policy"] * len(new)
            ends.append(len(ids))
        return Rendered(ids=tuple(ids), read=tuple(read), mask=tuple(mask), ends=tuple(ends))

    def _read(self, transcript: Sequence[Segment], place: int, before: list[int]) -> list[int]:
        """Tokenize a segment, with what stands around it."""
        segment = transcript[place]
        if segment["kind"] == "policy":
            return self._encode_content(segment["text"])
        following = transcript[place + 1] if place + 1 < len(transcript) else None
        ids, text = self._before(transcript, place, before)
        ids = ids + self._encode_content(text)
        if following is None or following["kind"] == "policy":
            is_first = place < 2 or not any(map(_is_heard, transcript[:place]))
            ids += self._glue_ids[self._glue.opening if is_first else self._glue.reopening]
        return ids

    def _before(
        self, transcript: Sequence[Segment], place: int, before: list[int]
    ) -> tuple[list[int], str]:
        """Tell what comes before a segment's text, as ids, and its text with what joins it."""
        text = transcript[place]["text"]
        if place == 0:
            has_system = self._glue.has_system and len(transcript) > 1
            has_system = has_system and transcript[1]["kind"] != "policy"
            return self._glue_ids[self._glue.system if has_system else self._glue.user], text
        previous = transcript[place - 1]
        if previous["kind"] == "policy" or "token_ids" in previous:
            # What has ids was read, and ended with the opening of a turn: that turn is closed.
            return self._without_repeat(self._glue_ids[self._glue.turn], before), text
        if place == 1 and self._glue.has_system:
            return self._glue_ids[self._glue.between], text
        return [], _BETWEEN + text

    def _without_repeat(self, turn: list[int], before: list[int]) -> list[int]:
        """Leave out the end of a turn that the model sampled itself."""
        end = self.end_of_turn
        return turn[turn.index(end) + 1 :] if end is not None and before[-1:] == [end] else turn

    def _encode_glue(self, text: str) -> list[int]:
        return self._ids(text, split_special_tokens=False) if text else []

    def _encode_content(self, text: str) -> list[int]:
        """Tokenize a text in such a way that no control token can come of it."""
        text = _SURROGATES.sub("\ufffd", text)
        cuts = [0, *(match.start() + 1 for match in self._control.finditer(text)), len(text)]
        ids: list[int] = []
        for start, end in zip(cuts, cuts[1:], strict=False):
            ids += self._encode_plain(text[start:end])
        return ids

    def _encode_plain(self, text: str) -> list[int]:
        if not text:
            return []
        ids = self._ids(text, split_special_tokens=True)
        if self._forbidden.isdisjoint(ids):
            return ids
        # A normalizer made a control token of other characters: cut until none is left whole.
        half = len(text) // 2
        if half == 0:
            return [i for i in ids if i not in self._forbidden]
        return self._encode_plain(text[:half]) + self._encode_plain(text[half:])

    def _ids(self, text: str, *, split_special_tokens: bool) -> list[int]:
        ids: list[int] = self.tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=split_special_tokens
        )
        return ids


def _control_tokens(
    tokenizer: "PreTrainedTokenizerBase", glue: Iterable[Sequence[int]]
) -> dict[int, str]:
    """List what no content may hold: special tokens, and added ones that the template writes.

    White space, which is an added token of some tokenizers, stays out, and so do the action
    protocol's own tags, which the instructions show. The unknown token stays out where it is
    nothing but that: it stands for no role.
    """
    written = {i for text in glue for i in text}
    added = tokenizer.added_tokens_decoder
    ids = {i for i, token in added.items() if token.special}
    ids |= {i for i in tokenizer.all_special_ids if isinstance(i, int)}
    ids |= {i for i, token in added.items() if i in written and not _is_plain(token.content)}
    if tokenizer.unk_token_id not in (
        tokenizer.bos_token_id,
        tokenizer.eos_token_id,
        tokenizer.pad_token_id,
    ):
        ids = {i for i in ids if i != tokenizer.unk_token_id}
    return {i: str(tokenizer.convert_ids_to_tokens(i)) for i in ids}


def _is_heard(segment: Segment) -> bool:
    """Tell whether the model's turn has come before: it spoke here, or read up to here."""
    return segment["kind"] == "policy" or "token_ids" in segment


def _is_plain(token: str) -> bool:
    return token.isspace() or _PROTOCOL.match(token) is not None
