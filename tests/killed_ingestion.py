"""A program that ingests, and that kills itself when its embedder is called for the nth time.

    python killed_ingestion.py SOURCE STORE CALLS

The embedder is called before each batch of vectors: the first time for the first batch's
sentences, the second for its passages, and so on. With 0 it is never killed.
"""

import os
import signal
import sys
from collections.abc import Sequence

import numpy as np
from hashing_embedder import HashingEmbedder
from numpy.typing import NDArray

from crosearch.tools.index import open_store
from crosearch.tools.ingestion import ingest


class DeadlyEmbedder(HashingEmbedder):
    """An embedder that kills its process in the nth call."""

    def __init__(self, calls: int) -> None:
        super().__init__(dimension=32)
        self._left = calls

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_passages(texts)


if __name__ == "__main__":
    source, store, calls = sys.argv[1:]
    ingest([source], store=open_store(store), corpus="facts", embedder=DeadlyEmbedder(int(calls)))
