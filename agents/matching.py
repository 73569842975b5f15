"""What the extractive policy compares by: the vectors of texts, and the sounds of titles."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.names import name_grams
from crosearch.tools.sounds import held_codes

Vector = NDArray[np.float32]

_COMPARED = 8192
"""Comparisons of a title with a question that are kept: a run makes the same ones in every turn."""


@lru_cache(maxsize=_COMPARED)
def sound_share(name: str, text: str) -> float:
    """Return the share of a name's sounds that a text holds, in 0..1."""
    held = held_codes(name_grams(name), name_grams(text))
    return float(held.mean()) if len(held) else 0.0


class CachedVectors:
    """An embedder's vectors of passages and sentences, kept between turns and questions.

    Used by several threads at once; what it keeps is bounded.
    """

    def __init__(self, embedder: Embedder, *, size: int = 20_000) -> None:
        """Keep up to `size` texts' vectors."""
        self.embedder = embedder
        self._size = size
        self._held: OrderedDict[str, Vector] = OrderedDict()
        self._mutex = threading.Lock()
        self.question = lru_cache(maxsize=256)(self._embed_question)

    def look_up(self, texts: Iterable[str]) -> dict[str, Vector]:
        """Return the vectors of passages or sentences, by text."""
        wanted = dict.fromkeys(texts)
        found: dict[str, Vector] = {}
        with self._mutex:
            for text in wanted.keys() & self._held.keys():
                found[text] = self._held[text]
                self._held.move_to_end(text)
        new = sorted(wanted.keys() - found.keys())
        if new:
            made = dict(zip(new, self.embedder.encode_passages(new), strict=True))
            found |= made
            with self._mutex:
                # Copied, or each would keep the vectors alive that were made along with it.
                self._held.update((text, vector.copy()) for text, vector in made.items())
                while len(self._held) > self._size:
                    self._held.popitem(last=False)
        return found

    def _embed_question(self, text: str) -> Vector:
        vector: Vector = self.embedder.encode_queries([text])[0]
        return vector
