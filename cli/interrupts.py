"""What a Ctrl-C does to commands that write: none of them leaves anything half-done."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from crosearch.cli.main import leave
from crosearch.cli.output import print_error

T = TypeVar("T")


def run_finishing(work: Callable[[asyncio.Event], Coroutine[object, object, T]]) -> T:
    """Run a coroutine whose work can be finished early.

    A first Ctrl-C sets the event that `work` is given; a second one cancels it, and ends the
    process once it has let go of what it holds; a third ends the process at once.
    """

    async def run() -> T:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        task = asyncio.ensure_future(work(stop))

        def interrupt() -> None:
            if not stop.is_set():
                stop.set()
                print_error("finishing what is under way; a second Ctrl-C stops at once")
            elif not task.cancelling():
                task.cancel()
            else:
                leave()

        loop.add_signal_handler(signal.SIGINT, interrupt)
        try:
            return await task
        except asyncio.CancelledError:
            # Leaving the loop would wait for every thread of its pool.
            print_error("stopped; what is durable stays")
            leave()
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    with asyncio.Runner() as runner:
        return runner.run(run())


@contextmanager
def remembering_interrupts() -> Iterator[Callable[[], None]]:
    """Remember a Ctrl-C for as long as the block lasts.

    An interrupt that comes during a finaliser or a callback of native code is printed and
    forgotten. The function that this yields raises it again; call it where stopping is safe.
    """
    came = False

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    def raise_swallowed() -> None:
        if came:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield raise_swallowed
    finally:
        signal.signal(signal.SIGINT, before)
