"""A batch of turns that are sampled together: each joins when asked for, and leaves when over.

Nothing here knows of threads; `crosearch.agents.decoding` runs it in one.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosearch.agents.model_fingerprint import weights_version
from crosearch.agents.prefix_cache import Digest, PrefixCache, prefix_digests
from crosearch.agents.rendering import TranscriptRenderer
from crosearch.agents.sampled_row import SampledRow
from crosearch.agents.sampling import sample_tokens
from crosearch.agents.turn_request import SampledTurn, TurnRequest
from crosearch.agents.turn_text import TurnReader
from crosearch.tools.errors import PolicyError

if TYPE_CHECKING:
    from crosearch.agents.batch_model import BatchModel

_WASTE = 1.25
"""Rows are read together where padding makes them cost at most so many times what they hold."""

_EXPECTED_TOKENS = 256
"""What a turn is taken to sample when memory is set aside for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSettings:
    """How turns are sampled, and how many at once."""

    ends: frozenset[int]
    """The ids that end a turn."""
    max_tokens: int
    max_rows: int
    reuse: bool
    """Whether what was computed is kept for later turns."""
    row_bytes: int
    """What the rows' keys and values may take; a single row may take more."""
    top_p: float | None = None
    top_k: int | None = None


class RowBatch:
    """The turns that are being sampled."""

    def __init__(
        self,
        model: "BatchModel",
        renderer: TranscriptRenderer,
        reader: TurnReader,
        settings: BatchSettings,
        prefixes: PrefixCache,
    ) -> None:
        """Begin with no turns."""
        self._model = model
        self._renderer = renderer
        self._reader = reader
        self._settings = settings
        self._prefixes = prefixes
        self._rows: list[SampledRow] = []
        self._waiting: deque[SampledRow] = deque()
        self._weights = -1

    @property
    def is_idle(self) -> bool:
        """Whether no turn is asked for that is not over."""
        return not self._rows and not self._waiting

    def join(self, requests: Iterable[TurnRequest]) -> None:
        """Render new requests, and read the transcripts of as many as there is room for."""
        self._waiting += filter(None, map(self._row, requests))
        if not self._waiting:
            return
        self._forget_old_weights()
        self._waiting = deque(row for row in self._waiting if not row.request.future.cancelled())
        rows: list[SampledRow] = []
        for row in self._waiting:
            if not self._has_room(rows, row):
                break
            rows.append(row)
        joining = rows
        while rows:
            rows = self._read_wave(rows)
        for _ in joining:
            self._waiting.popleft()

    def step(self) -> None:
        """Sample one token of every turn, and let go of those that are over or cancelled."""
        self._leave_cancelled()
        rows = self._rows
        if not rows:
            return
        logits = self._model.step([row.ids[-1] for row in rows], [len(row.ids) - 1 for row in rows])
        sampled = sample_tokens(
            logits,
            [row.request.temperature for row in rows],
            [row.random.random() for row in rows],
            top_p=self._settings.top_p,
            top_k=self._settings.top_k,
        )
        now = time.monotonic()
        over: list[SampledRow] = []
        for slot, row in enumerate(rows):
            if not sampled.valid[slot]:
                self._model.cache.clean(slot)
                over.append(row)
                row.finish("nan", self._reader)
                continue
            row.ids.append(sampled.ids[slot])
            row.logprobs.append(sampled.logprobs[slot])
            status = row.status(self._reader)
            if status is not None:
                over.append(row)
                self._keep(slot, row)
                row.finish(status, self._reader)
            else:
                row.show(self._reader, now)
        self._leave(over)

    def fail(self, error: Exception) -> None:
        """End every turn with an error, and forget what may be half-written."""
        for row in (*self._rows, *self._waiting):
            row.request.settle(error)
        self._rows.clear()
        self._waiting.clear()
        self._prefixes.clear()
        self._model.reset()

    def _row(self, request: TurnRequest) -> SampledRow | None:
        """Render a request; None where it is over before it began."""
        try:
            rendered = self._renderer.render(request.transcript)
        except Exception as error:  # one transcript that cannot be rendered fails alone
            failure = PolicyError(f"a transcript cannot be tokenized: {type(error).__name__}")
            failure.__cause__ = error
            request.settle(failure)
            return None
        context = self._model.context
        room = self._settings.max_tokens if context is None else context - len(rendered.ids)
        if room < 1:
            request.settle(SampledTurn(status="context", prompt_tokens=len(rendered.ids)))
            return None
        row = SampledRow(
            request,
            rendered.ids,
            rendered.read,
            ends=self._settings.ends,
            limit=min(room, self._settings.max_tokens),
        )
        if self._settings.reuse:
            row.digests = prefix_digests(row.ids, rendered.ends)
        return row

    def _has_room(self, joining: Sequence[SampledRow], row: SampledRow) -> bool:
        rows = [*self._rows, *joining, row]
        if len(rows) > self._settings.max_rows:
            return False
        columns = max(row.start + min(row.limit, _EXPECTED_TOKENS) for row in rows)
        needed = len(rows) * columns * self._model.bytes_per_token
        return len(rows) == 1 or needed <= self._settings.row_bytes

    def _read_wave(self, rows: Sequence[SampledRow]) -> list[SampledRow]:
        """Read the rows whose beginnings no other row here is about to compute.

        Returns:
            The rows that wait for what this wave computed.
        """
        wave: list[tuple[SampledRow, int]] = []
        waiting: list[SampledRow] = []
        coming: set[Digest] = set()
        for row in rows:
            states, known = self._prefixes.find(row.digests)
            missing = {digest for digest, length in row.digests if length - 1 > known}
            if missing & coming:
                waiting.append(row)
                continue
            coming |= missing
            self._model.place(len(self._rows) + len(wave), states, known)
            wave.append((row, known))
        self._read_new(wave)
        if waiting:
            for row, _ in wave:
                self._keep(self._rows.index(row), row)
        return waiting

    def _read_new(self, wave: Sequence[tuple[SampledRow, int]]) -> None:
        """Compute rows' new tokens but their last, which the next step computes."""
        first = len(self._rows)
        self._rows += [row for row, _ in wave]
        new = [row.ids[known:-1] for row, known in wave]
        start = 0
        while start < len(wave):
            end = start + 1
            while end < len(wave) and _fits(new[start : end + 1]):
                end += 1
            if any(new[start:end]):
                self._model.read(first + start, new[start:end], [k for _, k in wave[start:end]])
            start = end

    def _keep(self, slot: int, row: SampledRow) -> None:
        """Keep what was computed of a row for later turns."""
        if not self._settings.reuse:
            return
        digests = row.digests
        if row.logprobs:
            ends = [end for _, end in digests]
            digests = prefix_digests(row.ids, [*ends, len(row.ids)])
        self._prefixes.keep(digests, self._model.cache.take(slot, len(row.ids) - 1))

    def _leave(self, over: Sequence[SampledRow]) -> None:
        """Take rows out; the last one moves into the slot of each."""
        for row in over:
            slot = self._rows.index(row)
            last = self._rows.pop()
            if last is not row:
                self._model.cache.move(len(self._rows), slot, len(last.ids))
                self._rows[slot] = last

    def _leave_cancelled(self) -> None:
        """Take out the turns that nobody waits for; what they held was never looked at."""
        cancelled = [row for row in self._rows if row.request.future.cancelled()]
        for row in cancelled:
            self._model.cache.clean(self._rows.index(row))
        self._leave(cancelled)

    def _forget_old_weights(self) -> None:
        """Drop what was computed with other weights, as training leaves it behind."""
        version = weights_version(self._model.model)
        if version != self._weights:
            self._prefixes.clear()
            self._weights = version


def _fits(new: Sequence[Sequence[int]]) -> bool:
    longest = max(map(len, new))
    return longest * len(new) <= _WASTE * sum(map(len, new))
