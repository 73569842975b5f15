"""Blocking work off the event loop, in a few threads that cannot keep the process from ending.

`asyncio.to_thread` and every `ThreadPoolExecutor` are waited for when the interpreter exits: one
search that hangs in a dead server would hang the program. These threads are daemons. They are
few, since what they do is done no sooner by more of them, and work waits for its turn in the order
in which it came. Work that hangs keeps nobody else's: what nobody waits for any more loses its
place at once, and what takes long gives it up to what waits.
"""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")

PLACES = max(2, os.cpu_count() or 1)
"""How many pieces of work are done at once, the long ones not counted: what keeps a core busy is
done no sooner by more threads, which wait for each other."""

WAITING_PLACES = max(8, 4 * (os.cpu_count() or 1))
"""The same, where work waits for a server."""

LONG = 0.5
"""Seconds from which on work counts as long, as long as other work waits."""


@dataclass(eq=False, slots=True)
class _Job:
    """A piece of work."""

    run: Callable[[], None]
    began: float | None = None
    """When a thread took it up, by the monotonic clock."""
    is_given_up: bool = False

    def patience(self, timeout: float | None) -> float | None:
        """Tell how long it can be waited for before it must be looked at again; None: for ever."""
        if self.began is None:
            return LONG if timeout is None else min(LONG, timeout)
        return None if timeout is None else max(0.0, self.began + timeout - time.monotonic())


class Workers:
    """Daemon threads, begun as they are needed, that do work in the order in which it comes."""

    def __init__(self, places: int = PLACES) -> None:
        """Do up to `places` pieces of work at once."""
        self._places = places
        self._waiting: deque[_Job] = deque()
        self._busy: set[_Job] = set()
        self._idle = 0
        self._change = threading.Condition()

    def widen(self, places: int) -> None:
        """Do up to so many pieces of work at once from now on, if that is more."""
        with self._change:
            self._places = max(self._places, places)

    async def do(self, work: Callable[[], Result], timeout: float | None = None) -> Result:
        """Do `work` in a thread; being cancelled leaves it to itself.

        Args:
            work: What may block.
            timeout: Seconds that it may take, from when it is taken up.

        Raises:
            TimeoutError: It took longer; it is left to itself.
        """
        result: Future[Result] = Future()
        job = _Job(partial(_run, work, result))
        self._add(job)
        future = asyncio.wrap_future(result)
        try:
            while not future.done():
                await asyncio.wait((future,), timeout=job.patience(timeout))
                if job.began is None:
                    self._make_room()
                elif not future.done() and job.patience(timeout) == 0.0:
                    raise TimeoutError
            return future.result()
        finally:
            if not future.done():
                future.cancel()
                self._give_up(job)

    def _add(self, job: _Job) -> None:
        with self._change:
            self._waiting.append(job)
            if self._idle:
                self._change.notify()
        self._make_room()

    def _make_room(self) -> None:
        """Begin a thread if work waits for one, and the places are not all taken."""
        with self._change:
            now = time.monotonic()
            short = sum(job.began is None or now - job.began < LONG for job in self._busy)
            if len(self._waiting) <= self._idle or short + self._idle >= self._places:
                return
            self._idle += 1
        threading.Thread(target=self._serve, name="crosearch-worker", daemon=True).start()

    def _give_up(self, job: _Job) -> None:
        with self._change:
            job.is_given_up = True
            self._busy.discard(job)
            if job in self._waiting:
                self._waiting.remove(job)
        self._make_room()

    def _serve(self) -> None:
        """Do one piece of work after the other; a thread begins, and waits, as an idle one."""
        while True:
            job = self._take()
            job.run()
            with self._change:
                self._busy.discard(job)
                surplus = not self._waiting and len(self._busy) + self._idle >= self._places
                if job.is_given_up or surplus:
                    return
                self._idle += 1
            del job  # and with it what it holds, while it waits for the next

    def _take(self) -> _Job:
        with self._change:
            while not self._waiting:
                self._change.wait()
            self._idle -= 1
            job = self._waiting.popleft()
            job.began = time.monotonic()
            self._busy.add(job)
            return job


def _run(work: Callable[[], Result], result: "Future[Result]") -> None:
    if not result.set_running_or_notify_cancel():
        return
    try:
        done = work()
    except BaseException as error:  # the waiting side decides what to do with any of them
        result.set_exception(error)
    else:
        result.set_result(done)


_workers = Workers()


def expect_waiting() -> None:
    """Have more threads from now on: work will wait for a server, and keep no core busy."""
    _workers.widen(WAITING_PLACES)


def _begin_anew() -> None:
    """In a forked process there are no threads but the one that forked."""
    global _workers
    _workers = Workers()


os.register_at_fork(after_in_child=_begin_anew)


async def in_thread(work: Callable[[], Result], timeout: float | None = None) -> Result:
    """Do `work` in one of the threads that the process shares; see `Workers.do`."""
    return await _workers.do(work, timeout)
