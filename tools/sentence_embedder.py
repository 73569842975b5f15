"""Any sentence-transformers model as an embedder, and the default one as such a model.

Imported only when it is asked for: sentence-transformers and torch (the `models` extra)
take seconds to import. A model's own prompts are used where its configuration has any;
known families that keep them in their documentation have presets.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.errors import UsageError
from crosearch.tools.static_embedder import StaticEmbedder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

_INSTRUCTION = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)

# Different scripts, forms and digits: their token ids show the vocabulary and normalisation.
_PROBE = "Ünïcode ﬁ ２ Straße ΣΑΣ كِتَاب हिन्दी ภาษาไทย 東京 한국어 Київ 12,5 %"

_SAMPLED_VALUES = 4096


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """What is put before a text, by its role."""

    query: str = ""
    passage: str = ""


# Matched against the last part of the name, in lower case; the first match counts.
_PRESETS = (
    (r"multilingual-e5-\w+-instruct", Prompts(query=_INSTRUCTION + " ")),
    (r"multilingual-e5-(small|base|large)", Prompts(query="query: ", passage="passage: ")),
    (r"bge-m3", Prompts()),
    (r"qwen3-embedding", Prompts(query=_INSTRUCTION)),
    (r"labse", Prompts()),
)

_PASSAGE_PROMPTS = ("document", "passage", "corpus")


class SentenceEmbedder:
    """Embed texts with a sentence-transformers model; one call at a time runs in it."""

    def __init__(self, name: str, model: "SentenceTransformer") -> None:
        """Wrap a loaded model."""
        self.name = name
        self.prompts = choose_prompts(name, model.prompts)
        self.dimension = _dimension(model)
        self.fingerprint = _fingerprint(model, self.prompts)
        self._model = model
        # A fast tokenizer's padding is set at each call and cannot be shared by threads.
        self._lock = threading.Lock()

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of questions, shape (len(texts), dimension), of length 1 or 0."""
        return self._encode(self._model.encode_query, texts, self.prompts.query)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages, shape (len(texts), dimension), of length 1 or 0."""
        return self._encode(self._model.encode_document, texts, self.prompts.passage)

    def _encode(
        self, encode: Callable[..., NDArray[np.float32]], texts: Sequence[str], prompt: str
    ) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        with self._lock:
            vectors = encode(
                list(texts), prompt=prompt, normalize_embeddings=True, show_progress_bar=False
            )
        return np.nan_to_num(np.asarray(vectors, dtype=np.float32))


def load_sentence_embedder(name: str) -> SentenceEmbedder:
    """Load a sentence-transformers model by its name or folder.

    Raises:
        UsageError: sentence-transformers is not installed, or there is no such model.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise UsageError(
            f"the embedder {name!r} needs sentence-transformers: pip install crosearch[models]"
        ) from error
    if _looks_like_path(name) and not Path(name).is_dir():
        raise UsageError(f"no embedder {name!r}: there is no such folder")
    try:
        model = SentenceTransformer(name, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().splitlines()[:1]
        raise UsageError(
            f"no embedder {name!r}: give 'default', a model folder, or the name of a "
            f"sentence-transformers model ({' '.join(reason) or type(error).__name__})"
        ) from error
    return SentenceEmbedder(name, model)


def choose_prompts(name: str, own: Mapping[str, str | None]) -> Prompts:
    """Return a model's own prompts, else its family's, else none."""
    if any(own.values()):
        passage = next((own[key] for key in _PASSAGE_PROMPTS if own.get(key)), None)
        return Prompts(query=own.get("query") or "", passage=passage or "")
    last = re.split(r"[\\/]", name.rstrip("\\/"))[-1].lower()
    return next((prompts for pattern, prompts in _PRESETS if re.match(pattern, last)), Prompts())


def export_static_embedder(embedder: StaticEmbedder, folder: Path) -> None:
    """Write a static embedder as a sentence-transformers model that gives the same vectors.

    Only a text that repeats a piece gets a slightly different one: there each repetition
    counts in full, here by the root of their number.

    Raises:
        UsageError: sentence-transformers is not installed.
    """
    try:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    except ImportError as error:
        raise UsageError(
            "exporting the embedder needs sentence-transformers: pip install crosearch[models]"
        ) from error
    from tokenizers import Tokenizer

    table = StaticEmbedding(
        Tokenizer.from_str(embedder.tokenizer_json), embedding_weights=embedder.table()
    )
    model = SentenceTransformer(modules=[table, Normalize()], device="cpu")
    model.save(str(folder), create_model_card=False)


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "/", "~", "\\")) or name.count("/") > 1 or "\\" in name


def _dimension(model: "SentenceTransformer") -> int:
    dimension = model.get_embedding_dimension()
    if dimension is None:
        return int(model.encode(["a"]).shape[1])
    return dimension


def _fingerprint(model: "SentenceTransformer", prompts: Prompts) -> str:
    """Digest the prompts, a probe's token ids and evenly spaced values of every weight.

    Not all values: hashing a large model would take longer than loading it.
    """
    digest = hashlib.sha256(json.dumps(asdict(prompts), sort_keys=True).encode())
    ids = model.preprocess([_PROBE])["input_ids"]
    digest.update(json.dumps(ids.flatten().tolist()).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(_sample(tensor))
    return digest.hexdigest()[:16]


def _sample(tensor: "Tensor") -> bytes:
    flat = tensor.detach().flatten()
    step = max(1, len(flat) // _SAMPLED_VALUES)
    values: NDArray[np.float32] = flat[::step].float().cpu().numpy()
    return values.tobytes()
