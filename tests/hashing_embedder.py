"""An embedder without weights, for tests that need vectors and no meaning."""

import hashlib
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.languages import Language
from crosearch.tools.terms import tokenize


class HashingEmbedder:
    """Sum a pseudo-random vector per term: texts that share terms are near each other."""

    def __init__(self, *, name: str = "hashing", dimension: int = 64) -> None:
        self.name = name
        self.dimension = dimension
        self.fingerprint = hashlib.sha256(f"{name} {dimension}".encode()).hexdigest()[:16]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [self._encode(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)

    def _encode(self, text: str) -> NDArray[np.float32]:
        total = np.zeros(self.dimension, np.float32)
        for term in tokenize(text, Language("en")):
            total += _direction(self.name, self.dimension, term)
        length = float(np.linalg.norm(total))
        return total / np.float32(length) if length else total


@lru_cache(maxsize=10_000)
def _direction(name: str, dimension: int, term: str) -> NDArray[np.float32]:
    random = np.random.default_rng(zlib.crc32(f"{name} {term}".encode()))
    return random.standard_normal(dimension).astype(np.float32)
