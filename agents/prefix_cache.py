"""Keeps the keys and values of runs between their turns, and of what runs have in common.

A run's next turn begins with all that its last one read and sampled, and the runs of one prompt
begin with the same instructions. What was computed is therefore kept under the digest of the ids
up to each segment's end, so that a turn finds the longest beginning that is known. An entry under
n ids holds n - 1 tokens: the last id is always computed anew, since it brings the next logits.
"""

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosearch.agents.kv_cache import KeyValues

Digest = bytes


def prefix_digests(ids: Sequence[int], ends: Sequence[int]) -> list[tuple[Digest, int]]:
    """Digest a text's beginnings.

    Args:
        ids: The text.
        ends: The lengths of the beginnings, rising.

    Returns:
        Each beginning's digest, and its length.
    """
    digests: list[tuple[Digest, int]] = []
    running = hashlib.blake2b(digest_size=16)
    start = 0
    for end in ends:
        running.update(array("q", ids[start:end]).tobytes())
        digests.append((running.digest(), end))
        start = end
    return digests


class PrefixCache:
    """What was computed of runs; the least recently used goes first."""

    def __init__(self, budget: int) -> None:
        """Hold at most `budget` bytes."""
        self._budget = budget
        self._used = 0
        self._names = 0
        self._entries: OrderedDict[int, tuple[KeyValues, set[Digest], int]] = OrderedDict()
        self._owners: dict[Digest, int] = {}

    def find(self, digests: Sequence[tuple[Digest, int]]) -> tuple["KeyValues", int]:
        """Return the longest known beginning, and how many tokens of it are computed."""
        for digest, length in reversed(digests):
            owner = self._owners.get(digest)
            if owner is not None:
                self._entries.move_to_end(owner)
                return self._entries[owner][0], length - 1
        return [], 0

    def keep(self, digests: Sequence[tuple[Digest, int]], states: "KeyValues") -> None:
        """Keep a text's states under all of its beginnings, instead of what stood there."""
        size = sum(tensor.nbytes for pair in states for tensor in pair)
        if size > self._budget or not digests:
            return
        self._names += 1
        name = self._names
        for digest, _ in digests:
            self._disown(digest)
            self._owners[digest] = name
        self._entries[name] = (states, {digest for digest, _ in digests}, size)
        self._used += size
        while self._used > self._budget:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything, as a change of the weights demands."""
        self._entries.clear()
        self._owners.clear()
        self._used = 0

    def _disown(self, digest: Digest) -> None:
        owner = self._owners.pop(digest, None)
        if owner is None:
            return
        held = self._entries[owner][1]
        held.discard(digest)
        if not held:
            self._drop(owner)

    def _drop(self, name: int) -> None:
        _, held, size = self._entries.pop(name)
        for digest in held:
            del self._owners[digest]
        self._used -= size
