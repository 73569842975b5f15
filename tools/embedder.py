"""Embedders: texts of any language to vectors of one space.

`load_embedder()` opens the one that ships with the package, on numpy and tokenizers
alone. Any sentence-transformers model can take its place, by name or path; it needs the
`models` extra, and its weights and prompts are its own. Code that a model folder brings
is never run.

An embedder's name, dimension and fingerprint are kept with every index made by it:
vectors of two embedders cannot be compared.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.static_embedder import WEIGHTS_FILE, StaticEmbedder, load_default

__all__ = ["DEFAULT_EMBEDDER", "Embedder", "load_embedder"]

DEFAULT_EMBEDDER = "default"


class Embedder(Protocol):
    """Texts to vectors; safe to call from several threads at once."""

    @property
    def name(self) -> str:
        """`default`, or the model's name or path."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """16 hex digits of a digest over weights, prompts and normalisation."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of questions, shape (len(texts), dimension).

        Each has length 1, or is zero where the text holds nothing the model knows.
        """
        ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages, shape (len(texts), dimension), as for questions."""
        ...


def load_embedder(name: str = DEFAULT_EMBEDDER) -> Embedder:
    """Open an embedder.

    Args:
        name: `default`; the folder of a static embedder; or the name or folder of a
            sentence-transformers model.

    Raises:
        UsageError: The model cannot be found or opened, or the `models` extra is missing.
    """
    if name == DEFAULT_EMBEDDER:
        return load_default()
    if (Path(name) / WEIGHTS_FILE).is_file():
        return StaticEmbedder.load(Path(name), name=name)
    # torch takes seconds to import, and only such a model needs it.
    from crosearch.tools.sentence_embedder import load_sentence_embedder

    return load_sentence_embedder(name)
