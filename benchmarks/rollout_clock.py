"""Seconds by the clock, and of the processor's time: on a busy machine the latter say more."""

import time
from dataclasses import dataclass
from typing import Self


@dataclass(kw_only=True)
class Clock:
    """Counts what passes within its `with` blocks."""

    seconds: float = 0.0
    cpu: float = 0.0
    """Of all threads of this process."""

    def __enter__(self) -> Self:
        """Start, or go on."""
        self._started = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        seconds, cpu = self._started
        self.seconds += time.perf_counter() - seconds
        self.cpu += time.process_time() - cpu
