"""How long `retriever_training.py` trains, and the models that its trainings have in common.

The static start is trained on words, names and everyday sentences: no news, no questions. The
transformer's has the static start's token vectors, and layers that know nothing yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from retriever_training_data import start_sets
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from torch import nn

from crosearch.training.retriever import train_retriever
from crosearch.training.retriever_models import open_model
from crosearch.training.retriever_settings import RetrieverTraining

MODELS: tuple[str, ...] = ("static", "transformer")

_WORD_SPREAD = 0.05
"""Standard deviation of a transformer's token vectors at the start: a little above that of its
other weights, since they know something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """How long, and how large."""

    questions: int
    """How many are translated."""
    pieces: int
    """Of the vocabulary, beside single characters."""
    start_steps: int
    """Of the static start, as are the next two."""
    start_batch: int
    start_rate: float
    steps: Mapping[str, int]
    """By model, as are the next two."""
    batch: Mapping[str, int]
    rate: Mapping[str, float]
    domain_steps: int
    dimension: int = 128
    layers: int = 2
    scale: float = 12.0
    max_tokens: int = 32


FULL = Schedule(
    questions=4_000,
    pieces=20_000,
    start_steps=600,
    start_batch=512,
    start_rate=0.2,
    steps={"static": 400, "transformer": 150},
    batch={"static": 256, "transformer": 64},
    rate={"static": 0.1, "transformer": 1e-3},
    domain_steps=150,
)
QUICK = Schedule(
    questions=300,
    pieces=8_000,
    start_steps=20,
    start_batch=64,
    start_rate=FULL.start_rate,
    steps={"static": 10, "transformer": 4},
    batch={"static": 64, "transformer": 32},
    rate=FULL.rate,
    domain_steps=5,
)


class Starts:
    """The common starts, in a folder."""

    def __init__(self, folder: Path, schedule: Schedule) -> None:
        """Hold the folder; pair files and tokenizer are there."""
        self._folder, self._schedule = folder, schedule

    def folder_of(self, model: str) -> Path:
        """Return the common start of a kind of model, trained where it is not there yet."""
        folder = self._folder / "models" / f"start-{model}"
        if not (folder / "modules.json").exists():
            if model == "static":
                self._train_static(folder)
            else:
                self._make_transformer(self.folder_of("static"), folder)
        return folder

    def _train_static(self, folder: Path) -> None:
        schedule = self._schedule
        train_retriever(
            RetrieverTraining(
                model="static",
                tokenizer=str(self._folder / "tokenizer.json"),
                dimension=schedule.dimension,
                data=start_sets(self._folder / "pairs"),
                out=folder,
                sampler="cross-lingual",
                batch=schedule.start_batch,
                scale=schedule.scale,
                steps=schedule.start_steps,
                learning_rate=schedule.start_rate,
                every=schedule.start_steps,
                dev_share=0.0,
            )
        )

    def _make_transformer(self, static: Path, folder: Path) -> None:
        """Make a small transformer whose token vectors are the static start's."""
        schedule = self._schedule
        model = open_model(
            RetrieverTraining(
                model="transformer",
                tokenizer=str(self._folder / "tokenizer.json"),
                dimension=schedule.dimension,
                layers=schedule.layers,
                max_tokens=schedule.max_tokens,
                data=(),
                out=folder,
            )
        )
        table = SentenceTransformer(str(static))[0]
        assert isinstance(table, StaticEmbedding)
        words = model[0].get_submodule("model.embeddings.word_embeddings")
        assert isinstance(words, nn.Embedding)
        weights = table.embedding.weight.data
        words.weight.data.copy_(weights * (_WORD_SPREAD / weights.std()))
        model.save_pretrained(str(folder), create_model_card=False)
