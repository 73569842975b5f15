"""Writes records into a shard of its own, each durable before it counts.

Records that come while the disk is busy with others are written together after them, and wait for
the disk once: what a record costs falls as more runs end at the same time.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from crosearch.tools.errors import LogError
from crosearch.training.record_checks import encode_record
from crosearch.training.shard_closing import close_shard
from crosearch.training.shard_files import create_shard, make_log_folder, write_all
from crosearch.training.shard_lines import LogProblem, seal
from crosearch.training.trajectories import Trajectory

SHARD_BYTES = 64 * 2**20
"""From how many bytes on a shard is closed and another one begun."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A line, and who waits for it to be durable."""

    line: bytes
    done: Future[None] = field(default_factory=Future[None])


class TrajectoryWriter:
    """Appends records to a log: a context manager, for one process.

    Any number of writers, in as many processes, may write to one folder.
    """

    def __init__(self, folder: str | Path, *, shard_bytes: int = SHARD_BYTES) -> None:
        """Make the folder where it is missing; a shard begins with the first record.

        Args:
            folder: The log.
            shard_bytes: From how many bytes on a shard is closed and another one begun.

        Raises:
            LogError: The folder cannot be written to.
        """
        self.folder = make_log_folder(folder)
        self._shard_bytes = shard_bytes
        self._shard: _OpenShard | None = None
        self._process = os.getpid()
        self._closed = False
        self._mutex = threading.Lock()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="crosearch-log", daemon=True)
        self._thread.start()

    async def append(self, record: Trajectory) -> None:
        """Write a record; returns once it is durable.

        Raises:
            LogError: It is not: the disk is full or fails, or the record is not fit to be kept.
                Nothing of it counts, and a later append can succeed.
        """
        await asyncio.wrap_future(self._submit(record))

    def append_now(self, record: Trajectory) -> None:
        """Write a record and wait until it is durable: `append` where there is no event loop."""
        self._submit(record).result()

    def close(self) -> None:
        """Wait for what is being written, and close the shard; to close twice does nothing."""
        with self._mutex:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _submit(self, record: Trajectory) -> Future[None]:
        if os.getpid() != self._process:  # Its thread, and who holds its mutex, are not here.
            raise LogError("a writer stays in its process: open one of its own in a fork")
        waiting = _Waiting(seal(encode_record(record)))
        with self._mutex:
            if self._closed:
                raise LogError(f"the writer of {str(self.folder)!r} is closed")
            self._queue.put(waiting)
        return waiting.done

    def _work(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._next_batch()
            wanted = [w for w in batch if w.done.set_running_or_notify_cancel()]
            if wanted:
                self._commit(wanted)
            if self._shard and (ended or self._shard.size >= self._shard_bytes):
                self._shard.close()
                self._shard = None

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """Wait for one record, and take all that have come with it; True with the last batch."""
        batch: list[_Waiting] = []
        try:
            waiting = self._queue.get()
            while waiting:
                batch.append(waiting)
                waiting = self._queue.get_nowait()
        except Empty:
            return batch, False
        return batch, True

    def _commit(self, waiting: Sequence[_Waiting]) -> None:
        try:
            if self._shard is None:
                self._shard = _OpenShard(self.folder)
            self._shard.append(b"".join(w.line for w in waiting))
        except Exception as error:  # Somebody waits for each of them, whatever it was.
            if self._shard and self._shard.is_spoilt:
                self._shard.leave()
                self._shard = None
            reason = error.strerror if isinstance(error, OSError) else repr(error)
            message = f"cannot write to the trajectory log {str(self.folder)!r}: {reason}"
            for one in waiting:
                failure = LogError(message)
                failure.__cause__ = error
                one.done.set_exception(failure)
        else:
            for one in waiting:
                one.done.set_result(None)


class _OpenShard:
    """The shard that is being written, under its lock."""

    def __init__(self, folder: Path) -> None:
        self._shard, self._descriptor = create_shard(folder)
        self.size = 0
        self.is_spoilt = False
        """Whether its end may be no whole line: nothing can be appended to it any more."""

    def append(self, data: bytes) -> None:
        """Write whole lines and wait for the disk; if that fails, take them back."""
        try:
            write_all(self._descriptor, data)
            os.fsync(self._descriptor)
        except OSError:
            self._take_back()
            raise
        self.size += len(data)

    def close(self) -> None:
        """Bring it into its closed form; where the disk is too full for that, leave it as it is."""
        try:
            close_shard(self._shard, _warn)
        except Exception as error:  # Whatever it is, the records are durable, and others wait.
            _log.warning("%s stays uncompressed: %s", self._shard.name, error)
        finally:
            self.leave()

    def leave(self) -> None:
        """Give it up as it is, and with it the lock."""
        os.close(self._descriptor)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.is_spoilt = True


def _warn(problem: LogProblem) -> None:
    _log.warning("%s", problem)
