"""The default embedder: a static table of subword vectors, on numpy and tokenizers alone.

A text's vector is the sum of its tokens' rows, L2-normalised; word order does not count,
and a token that is there n times counts for the root of n. The rows are kept as int8 with
a float16 scale each and are widened as they are used, so the table costs its 20 MB and no
more.

The folder holds `tokenizer.json` (which carries the normalisation) and
`weights.safetensors` with `rows` int8 (tokens, dimension), `scales` float16 (tokens,) and
the fingerprint in its metadata.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from tokenizers import Tokenizer

from crosearch.tools.errors import UsageError

Vectors = NDArray[np.float32]
Pieces = NDArray[np.uint32]
"""Numbers of tokens, in the order of the text."""

WEIGHTS_FILE = "weights.safetensors"
TOKENIZER_FILE = "tokenizer.json"

_BATCH = 256
_IGNORED_PIECES = ("<unk>", "\u2581")


class StaticEmbedder:
    """Embed texts by summing token vectors; questions and passages alike.

    A text without a known token has a zero vector: its cosine with everything is 0.
    Safe to call from several threads at once.
    """

    def __init__(
        self,
        name: str,
        tokenizer: Tokenizer,
        rows: NDArray[np.int8],
        scales: NDArray[np.float16],
        fingerprint: str,
    ) -> None:
        """Hold a table: rows (tokens, dimension) and scales (tokens,)."""
        self.name = name
        self.dimension = int(rows.shape[1])
        self.fingerprint = fingerprint
        self._tokenizer = tokenizer
        self._rows = rows
        self._scales = scales.astype(np.float32)

    @classmethod
    def load(cls, folder: Path, *, name: str) -> "StaticEmbedder":
        """Open a folder that `save_static_embedder` wrote.

        Raises:
            UsageError: The folder does not hold a static embedder, or a damaged one.
        """
        try:
            with safe_open(str(folder / WEIGHTS_FILE), framework="numpy") as file:
                rows, scales = file.get_tensor("rows"), file.get_tensor("scales")
                fingerprint = (file.metadata() or {})["fingerprint"]
            tokenizer = _read_tokenizer(folder / TOKENIZER_FILE)
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise UsageError(f"{folder} does not hold a static embedder: {error}") from error
        if tokenizer.get_vocab_size() != len(rows):
            raise UsageError(
                f"{folder} is damaged: {tokenizer.get_vocab_size()} pieces in {TOKENIZER_FILE}, "
                f"{len(rows)} rows in {WEIGHTS_FILE}"
            )
        return cls(name, tokenizer, rows, scales, fingerprint)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions, shape (len(texts), dimension), of length 1 or 0."""
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of passages, shape (len(texts), dimension), of length 1 or 0."""
        return self._encode(texts)

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Cut texts into the numbers of their tokens; those without a vector are left out."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        numbers = [np.array(encoding.ids, np.uint32) for encoding in encodings]
        return [row[self._scales[row] > 0] for row in numbers]

    def piece_spans(self, text: str) -> tuple[Pieces, NDArray[np.int64]]:
        """Cut a text as `pieces` does, and tell where each stands: code points, shape (n, 2)."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        numbers = np.array(encoding.ids, np.uint32)
        # The token that begins a word may hold the space before it.
        spans = [(end - len(text[start:end].lstrip()), end) for start, end in encoding.offsets]
        known = self._scales[numbers] > 0
        return numbers[known], np.array(spans, np.int64).reshape(-1, 2)[known]

    def piece_vectors(self, pieces: Pieces) -> Vectors:
        """Return the vectors of tokens as they are summed, shape (n, dimension)."""
        return self._rows[pieces].astype(np.float32) * self._scales[pieces, None]

    @cached_property
    def piece_scores(self) -> Vectors:
        """The log-probability of each token, shape (tokens,); zeros without a unigram model."""
        model = json.loads(self.tokenizer_json)["model"]
        if model["type"] != "Unigram":
            return np.zeros(len(self._scales), np.float32)
        return np.array([score for _, score in model["vocab"]], np.float32)

    def table(self) -> Vectors:
        """Return the token vectors in full, shape (tokens, dimension)."""
        return self._rows.astype(np.float32) * self._scales[:, None]

    @property
    def tokenizer_json(self) -> str:
        """The tokenizer, as the text of a tokenizer.json."""
        return self._tokenizer.to_str()

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            self._sum_tokens(batch, vectors[start : start + len(batch)])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

    def _sum_tokens(self, texts: list[str], vectors: Vectors) -> None:
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for vector, encoding in zip(vectors, encodings, strict=True):
            ids, counts = np.unique(encoding.ids, return_counts=True)
            if len(ids):
                weights = self._scales[ids] * np.sqrt(counts, dtype=np.float32)
                np.matmul(weights, self._rows[ids].astype(np.float32), out=vector)


@cache
def load_default() -> StaticEmbedder:
    """Open the embedder that ships with the package; once a process, since it is only read."""
    with resources.as_file(resources.files("crosearch.tools") / "data" / "embedder") as folder:
        return StaticEmbedder.load(folder, name="default")


def save_static_embedder(folder: Path, table: Vectors, tokenizer_json: str) -> str:
    """Write a table of token vectors as int8 rows, and return its fingerprint.

    Rows of the unknown token and of a bare word start are written as zeros: they would
    only dilute a text's vector.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    table = table.copy()
    for piece in _IGNORED_PIECES:
        number = tokenizer.token_to_id(piece)
        if number is not None:
            table[number] = 0
    rows, scales = quantise(table)
    compact = _compact(tokenizer_json)
    fingerprint = fingerprint_of(rows, scales, compact)
    folder.mkdir(parents=True, exist_ok=True)
    weights = save({"rows": rows, "scales": scales}, metadata={"fingerprint": fingerprint})
    for file, content in ((TOKENIZER_FILE, compact.encode()), (WEIGHTS_FILE, weights)):
        partial = folder / f"{file}.partial"
        partial.write_bytes(content)
        partial.replace(folder / file)
    return fingerprint


def quantise(table: Vectors) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Return int8 rows and their float16 scales: row * scale is within half a step."""
    scales = (np.abs(table).max(axis=1) / 127).astype(np.float16)
    divisor = np.where(scales > 0, scales, np.float16(1)).astype(np.float32)
    rows = np.clip(np.rint(table / divisor[:, None]), -127, 127).astype(np.int8)
    return rows, scales


def fingerprint_of(rows: NDArray[np.int8], scales: NDArray[np.float16], tokenizer_json: str) -> str:
    """Return 16 hex digits that change with the weights, the vocabulary or the normalisation."""
    digest = hashlib.sha256(rows.tobytes())
    digest.update(scales.tobytes())
    digest.update(tokenizer_json.encode())
    return digest.hexdigest()[:16]


def _read_tokenizer(path: Path) -> Tokenizer:
    content = path.read_text(encoding="utf-8")
    try:
        return Tokenizer.from_str(content)
    except Exception as error:  # The library raises nothing narrower.
        raise ValueError(f"{path.name}: {error}") from error


def _compact(tokenizer_json: str) -> str:
    return json.dumps(json.loads(tokenizer_json), ensure_ascii=False, separators=(",", ":"))
