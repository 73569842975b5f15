"""What was read from a store, kept for a while: the values used last, up to a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Values by the state of what they were read from, and by id. Thread-safe.

    A state is never come back to once it is over, so what was read in it is not found any more, and
    goes when room is needed, as what was not asked for longest.
    """

    def __init__(self, limit: int, size: Callable[[Value], int]) -> None:
        """Keep values of at most `limit` bytes in all, a value's own being `size` of it."""
        self._limit = limit
        self._size = size
        self._values: OrderedDict[tuple[str, str], Value] = OrderedDict()
        self._bytes = 0
        self._mutex = threading.Lock()

    def find(self, state: str | None, ids: Iterable[str]) -> dict[str, Value]:
        """Return those values that are there; none where the state is not known."""
        found: dict[str, Value] = {}
        if state is None:
            return found
        with self._mutex:
            for identifier in ids:
                key = state, identifier
                if key in self._values:
                    self._values.move_to_end(key)
                    found[identifier] = self._values[key]
        return found

    def keep(self, state: str | None, values: Mapping[str, Value]) -> None:
        """Put values in, and others out where they take too much; nothing of no known state."""
        if state is None:
            return
        with self._mutex:
            for identifier, value in values.items():
                self._bytes += self._size(value)
                old = self._values.pop((state, identifier), None)
                if old is not None:
                    self._bytes -= self._size(old)
                self._values[state, identifier] = value
            while self._bytes > self._limit:
                self._bytes -= self._size(self._values.popitem(last=False)[1])
