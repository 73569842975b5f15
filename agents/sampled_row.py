"""One turn while it is sampled: its ids so far, what was shown of them, and how it ends."""

import random
import secrets
import time
from collections.abc import Sequence

from crosearch.agents.policy import EmissionStatus
from crosearch.agents.prefix_cache import Digest
from crosearch.agents.turn_request import SampledTurn, TurnRequest
from crosearch.agents.turn_text import ShownText, TurnReader

_SHOW_SECONDS = 0.05
"""How often the text of a turn is shown while it is sampled."""


class SampledRow:
    """A turn in a batch."""

    def __init__(
        self,
        request: TurnRequest,
        ids: Sequence[int],
        read: tuple[tuple[int, ...], ...],
        *,
        ends: frozenset[int],
        limit: int,
    ) -> None:
        """Begin with a transcript.

        Args:
            request: What asked for it.
            ids: The transcript's ids.
            read: Those of its segments that had none.
            ends: The ids that end a turn.
            limit: How many tokens may be sampled.
        """
        self.request = request
        self.ids = list(ids)
        """The transcript's, then the sampled ones."""
        self.start = len(ids)
        self.limit = limit
        self.logprobs: list[float] = []
        self.digests: list[tuple[Digest, int]] = []
        """Of the transcript's beginnings, one for each segment."""
        self.random = random.Random(secrets.randbits(64) if request.seed is None else request.seed)
        """What it alone draws from."""
        self._read = read
        self._ends = ends
        self._shown: ShownText | None = None
        self._show_at = time.monotonic() + _SHOW_SECONDS

    def status(self, reader: TurnReader) -> EmissionStatus | None:
        """Tell how the turn ended; None while it goes on."""
        if self.ids[-1] in self._ends or reader.closes(self.ids, self.start):
            return "ok"
        return "length" if len(self.logprobs) >= self.limit else None

    def show(self, reader: TurnReader, now: float) -> None:
        """Show what was sampled since it was last shown, if that was a while ago."""
        if now < self._show_at:
            return
        self._show_at = now + _SHOW_SECONDS
        if self._shown is None:
            self._shown = ShownText(reader.decode)
        if piece := self._shown.more(self.ids[self.start :]):
            self.request.show(piece)

    def finish(self, status: EmissionStatus, reader: TurnReader) -> None:
        """Show the rest, and hand the turn back."""
        ids = self.ids[self.start :]
        spoken = ids[:-1] if ids and ids[-1] in self._ends else ids
        text = reader.decode(spoken)
        if status == "ok" and not text.strip():
            status = "empty"
        if rest := self._shown.rest(text) if self._shown else text:
            self.request.show(rest)
        turn = SampledTurn(
            status=status,
            read=self._read,
            ids=tuple(ids),
            logprobs=tuple(self.logprobs),
            text=text,
            prompt_tokens=self.start,
        )
        self.request.settle(turn)
