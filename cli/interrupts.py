"""Keeps an interrupt that comes at a moment when Python cannot raise it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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
