"""The embedder and search as models of mteb, so that its retrieval tasks run on them.

    import mteb
    from crosearch.evals.mteb_adapter import MtebSearch

    task = mteb.get_task("MLQARetrieval", languages=["deu"])
    mteb.evaluate(MtebSearch(), task)

mteb finds both by their methods (its `EncoderProtocol` and `SearchProtocol`). It is imported here
only when it asks what a model is: that takes seconds, and makes its cache folder in the user's
home, or where `MTEB_CACHE` says.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from crosearch.evals.dataset_types import EvalDocument, EvalQuestion
from crosearch.evals.retrieval_store import fill_store
from crosearch.evals.retrieval_systems import HYBRID, SEARCHES, SearchSystem
from crosearch.tools.detect import detect_language
from crosearch.tools.embedder import DEFAULT_EMBEDDER, Embedder, load_embedder
from crosearch.tools.errors import UnknownLanguageError, UsageError
from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language, parse_language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.query_reader import LONGEST_QUERY

if TYPE_CHECKING:
    from mteb import TaskMetadata
    from mteb.models import ModelMeta

Row = Mapping[str, object]

_QUERY = "query"
"""What mteb calls a question's kind of prompt."""


class MtebEncoder:
    """An embedder as mteb's encoder; its own prompts are used, whatever the task."""

    def __init__(self, embedder: str = DEFAULT_EMBEDDER) -> None:
        """Load an embedder, as for `load_embedder`.

        Raises:
            UsageError: There is none of that name.
        """
        self._embedder = load_embedder(embedder)

    @property
    def mteb_model_meta(self) -> "ModelMeta":
        """What the model is called, and which version it is."""
        return _meta(self._embedder, kind="dense", revision=self._embedder.fingerprint)

    def encode(
        self, inputs: Iterable[Row], *, prompt_type: object = None, **_: Any
    ) -> NDArray[np.float32]:
        """Embed texts, as questions or as passages; shape (texts, dimension)."""
        is_query = prompt_type is not None and str(getattr(prompt_type, "value", "")) == _QUERY
        encode = self._embedder.encode_queries if is_query else self._embedder.encode_passages
        rows = [encode(cast("Sequence[str]", batch["text"])) for batch in inputs]
        return np.concatenate([np.zeros((0, self._embedder.dimension), np.float32), *rows])

    def similarity(self, one: Any, other: Any) -> Any:
        """Return cosines of all of one with all of the other."""
        from mteb.similarity_functions import cos_sim

        return cos_sim(one, other)

    def similarity_pairwise(self, one: Any, other: Any) -> Any:
        """Return the cosine of each of one with its fellow of the other."""
        from mteb.similarity_functions import pairwise_cos_sim

        return pairwise_cos_sim(one, other)


class MtebSearch:
    """The whole search, signals, lexicon and reranker, as mteb's search model.

    Of a task in several languages, each text's is detected among them.
    """

    def __init__(self, embedder: str = DEFAULT_EMBEDDER) -> None:
        """Search with an embedder, as for `load_embedder`; the corpus comes with the task.

        Raises:
            UsageError: There is none of that name.
        """
        self._embedder = load_embedder(embedder)
        self._folder: TemporaryDirectory[str] | None = None
        self._corpus: Corpus | None = None

    @property
    def mteb_model_meta(self) -> "ModelMeta":
        """What the model is called, and which version it is."""
        parts = [self._embedder.fingerprint, load_lexicon().fingerprint, version("crosearch")]
        revision = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
        return _meta(self._embedder, kind="hybrid", revision=revision)

    def index(
        self, corpus: Iterable[Row], *, task_metadata: "TaskMetadata", hf_subset: str, **_: Any
    ) -> None:
        """Ingest a task's documents into a store of their own, in the place of those before.

        Raises:
            StoreError: They cannot be ingested.
        """
        self._corpus = None
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = TemporaryDirectory(prefix="crosearch-mteb-")
        languages = _languages(task_metadata, hf_subset)
        documents = _documents(corpus, languages)
        self._corpus = fill_store(Path(self._folder.name) / "store", documents, self._embedder)

    def search(
        self,
        queries: Iterable[Row],
        *,
        task_metadata: "TaskMetadata",
        hf_subset: str,
        top_k: int,
        top_ranked: Mapping[str, Sequence[str]] | None = None,
        **_: Any,
    ) -> dict[str, dict[str, float]]:
        """Search for a task's questions; in a task of reranking, keep what is to be reranked.

        Returns:
            For each question the documents found, with their scores.

        Raises:
            UsageError: Nothing was indexed, or a question is no text.
            StoreError: A search failed.
        """
        if self._corpus is None:
            raise UsageError("there is nothing to search: mteb has to index a corpus first")
        languages = _languages(task_metadata, hf_subset)
        asked = list(_questions(queries, languages))
        system = SearchSystem(self._corpus, SEARCHES[HYBRID])
        searched = list(self._corpus.languages)
        with ThreadPoolExecutor(1) as thread:
            # A notebook, where mteb is often used, has an event loop in its own thread.
            rankings = thread.submit(lambda: list(system.rank(asked, searched, top_k))).result()
        found = {q.id: dict(ranking) for q, ranking in zip(asked, rankings, strict=True)}
        if top_ranked is None:
            return found
        wanted = {name: set(documents) for name, documents in top_ranked.items()}
        return {
            name: {d: score for d, score in scores.items() if d in wanted.get(name, ())}
            for name, scores in found.items()
        }


def _languages(task: "TaskMetadata", subset: str) -> frozenset[Language]:
    """Return the languages of a part of a task, those that have a known code."""
    tags = task.hf_subsets_to_langscripts.get(subset, task.bcp47_codes)
    found: set[Language] = set()
    for tag in tags:
        try:
            found.add(parse_language(tag))
        except UnknownLanguageError:
            continue
    return frozenset(found)


def _language_of(text: str, among: frozenset[Language]) -> Language:
    if len(among) == 1:
        return next(iter(among))
    return detect_language(text, among or None).language


def _documents(corpus: Iterable[Row], languages: frozenset[Language]) -> Iterator[EvalDocument]:
    for row in corpus:
        text = _text(row, "text")
        if text.strip():
            language = _language_of(text, languages)
            title = _text(row, "title")
            yield EvalDocument(id=str(row["id"]), language=language, text=text, title=title)


def _questions(queries: Iterable[Row], languages: frozenset[Language]) -> Iterator[EvalQuestion]:
    for row in queries:
        name = str(row["id"])
        # As mteb gives them to encoders: what is wanted stands behind what is asked.
        text = f"{_text(row, 'text')} {_text(row, 'instruction')}".strip()[:LONGEST_QUERY]
        if text:
            language = _language_of(text, languages)
            yield EvalQuestion(id=name, language=language, text=text, fact=name)


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(
            f"the {name} of {row.get('id')!r} is {type(value).__name__}: search takes tasks whose "
            "questions and documents are texts"
        )
    return value


def _meta(embedder: Embedder, *, kind: Literal["dense", "hybrid"], revision: str) -> "ModelMeta":
    from mteb.models.model_meta import ModelMeta, ScoringFunction

    name = embedder.name.rstrip("/").rpartition("/")[2]
    return ModelMeta(
        loader=None,
        name=f"crosearch/{name}-{kind}",
        revision=revision,
        release_date=None,
        languages=None,
        n_parameters=None,
        memory_usage_mb=None,
        max_tokens=None,
        embed_dim=embedder.dimension,
        license=None,
        open_weights=None,
        public_training_code=None,
        public_training_data=None,
        framework=["NumPy"],
        similarity_fn_name=ScoringFunction.COSINE if kind == "dense" else ScoringFunction.CUSTOM,
        use_instructions=False,
        training_datasets=None,
        model_type=[kind],
    )
