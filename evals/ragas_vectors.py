"""Our embedders as ragas' metrics call one."""

from collections.abc import Sequence

from crosearch.tools.embedder import Embedder
from crosearch.tools.threads import in_thread


class EmbedderVectors:
    """Embeds questions, which are all that answer relevancy compares."""

    def __init__(self, embedder: Embedder) -> None:
        """Take an embedder."""
        self._embedder = embedder

    def embed_text(self, text: str) -> list[float]:
        """Return a question's vector.

        Raises:
            ValueError: The embedder knows nothing of it.
        """
        return self._embed([text])[0]

    async def aembed_text(self, text: str) -> list[float]:
        """Return a question's vector, as `embed_text`."""
        return (await self.aembed_texts([text]))[0]

    async def aembed_texts(self, texts: list[str]) -> list[list[float]]:
        """Return questions' vectors.

        Raises:
            ValueError: The embedder knows nothing of one.
        """
        return await in_thread(lambda: self._embed(texts))

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = self._embedder.encode_queries(texts)
        for text, vector in zip(texts, vectors, strict=True):
            if not vector.any():
                raise ValueError(f"the embedder knows nothing of {text[:80]!r}")
        return [[float(number) for number in vector] for vector in vectors]
