"""What a retriever is trained with, and what comes of it: values alone, without torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, TypedDict

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.training.batches import BatchKind
from crosearch.training.pair_records import PairSet

NewModel = Literal["static", "transformer"]
NEW_MODELS: tuple[NewModel, ...] = ("static", "transformer")
"""The models that are made from nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrieverTraining:
    """All that decides how a retriever is trained; equal settings give equal weights."""

    model: str
    """`static` or `transformer` for one from nothing, `default` for the embedded embedder, else
    the name or folder of a sentence-transformers or transformers model."""
    data: tuple[PairSet, ...]
    out: Path
    """Where the model is written; while it is trained, its checkpoints lie there."""

    sampler: BatchKind = "hybrid"
    cross_share: float = 0.5
    """Of a hybrid, the share of cross-lingual batches."""
    temperature: float = 2.0
    """Above 1, small languages are seen more often than their share."""
    languages: tuple[Language, ...] = ()
    """The only languages to train on; empty for all."""
    batch: int = 256
    """Pairs of a batch."""
    mini_batch: int | None = None
    """Texts embedded at a time, where a whole batch does not fit the memory (GradCache)."""
    hard_negatives: int = 0
    """Negatives of its own that go with each pair, at most."""
    miner: str = ""
    """The embedder that finds them where the data brings none; empty: none are looked for."""

    scale: float = 20.0
    """The inverse temperature: the factor of the cosines in the loss."""
    matryoshka: tuple[int, ...] = ()
    """Lengths that vectors can be cut to; empty: only their whole length is trained."""
    teacher: str = ""
    """An embedder whose vectors of the English texts are followed; empty: no teacher."""
    projection: bool = False
    """Whether the model gets a last layer where its vectors are not as long as the teacher's."""

    steps: int = 2000
    learning_rate: float | None = None
    """None: what suits the model's kind."""
    lora: int = 0
    """The rank of LoRA's matrices; 0 trains every weight."""
    max_tokens: int | None = None
    """Where texts are cut; None: where the model cuts them."""
    seed: int = 0
    every: int = 200
    """Steps between two checkpoints; the dev scores are taken with them."""
    dev: PairSet | None = None
    """Pairs to score by; None: some of the data's records are kept back."""
    dev_share: float = 0.02
    """Of the data's records, those that are kept back where there is no `dev`."""

    tokenizer: str = ""
    """Of a model from nothing: a tokenizer.json, or a folder with one; empty: one is trained."""
    vocabulary: int = 32_000
    """Pieces of a tokenizer that is trained."""
    dimension: int = 256
    """Length of the vectors of a model from nothing."""
    layers: int = 4
    """Of a transformer from nothing."""

    @property
    def is_new(self) -> bool:
        """Whether the model is made from nothing."""
        return self.model in NEW_MODELS


class Figures(TypedDict):
    """What came of a training; plain JSON."""

    model: str
    out: str
    steps: int
    resumed_from: int | None
    """The step of the checkpoint that this process went on from; None: it began."""
    parameters: int
    trained_parameters: int
    loss: float | None
    """Mean over the last steps; None where this process trained none."""
    seconds: float
    """Of this process in training steps: not in scoring or writing."""
    pairs_per_second: float
    dev: dict[str, float | None] | None
    """mAP of the final model; None where there are no dev pairs."""
    dev_at_start: dict[str, float | None] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DevScores:
    """Mean average precision on the dev pairs; None where the data has no such pairs."""

    mono: float | None
    """Question and passages in one language, mean over the languages."""
    cross: float | None
    """In two, mean over the ordered pairs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingProgress:
    """How far a training is."""

    step: int
    steps: int
    loss: float
    """Of the last step."""
    pairs_per_second: float
    batch: int
    dev: DevScores | None
    """The latest; None where none were taken yet."""

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this pace; None where nobody knows."""
        if not self.pairs_per_second:
            return None
        return (self.steps - self.step) * self.batch / self.pairs_per_second


Show = Callable[[TrainingProgress], None]
Note = Callable[[str], None]
"""Is told what the person should know, such as a checkpoint that cannot be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedRetriever:
    """A trained model, as a sentence-transformers folder."""

    folder: Path
    figures: Figures
    history: tuple[Mapping[str, float], ...]
    """Dev scores by step: `step`, `loss`, `dev_mono`, `dev_cross`; what is unknown is left out."""


def check_settings(settings: RetrieverTraining) -> None:
    """See that the settings go together; what depends on data or model is seen when they are read.

    Raises:
        UsageError: They do not; the message says what to change.
    """
    for name, least in (("steps", 1), ("every", 1), ("dimension", 2), ("layers", 1)):
        if getattr(settings, name) < least:
            raise UsageError(f"{name} is {getattr(settings, name)}; give {least} or more")
    if not settings.data:
        raise UsageError("there is no data to train on: give a file of pairs")
    if settings.scale <= 0:
        raise UsageError(f"the scale is {settings.scale:g}; it must be above 0, such as 20")
    if settings.learning_rate is not None and settings.learning_rate <= 0:
        raise UsageError(f"the learning rate is {settings.learning_rate:g}; it must be above 0")
    if not 0 <= settings.dev_share < 1:
        raise UsageError(f"the dev share is {settings.dev_share:g}; it must be from 0 to below 1")
    if settings.miner and not settings.hard_negatives:
        raise UsageError("a miner finds hard negatives: say how many go with a pair")
    _check_model(settings)
    _check_loss(settings)


def _check_model(settings: RetrieverTraining) -> None:
    if not settings.model.strip():
        raise UsageError("no model is named: give static, transformer, default, a folder or a name")
    if settings.tokenizer and not settings.is_new:
        raise UsageError(
            f"the model {settings.model!r} has a tokenizer: leave out {settings.tokenizer!r}, or "
            "make a model from nothing (static, transformer)"
        )


def _check_loss(settings: RetrieverTraining) -> None:
    if settings.teacher and settings.hard_negatives:
        raise UsageError("a teacher is followed text by text: leave out the hard negatives")
    if settings.teacher and settings.mini_batch:
        raise UsageError("a teacher is followed text by text: make the batch smaller instead")
    if settings.projection and not settings.teacher:
        raise UsageError("a projection leads to a teacher's vectors: give a teacher, or leave it")
    if any(length < 1 for length in settings.matryoshka):
        raise UsageError(f"vectors cannot be cut to {min(settings.matryoshka)} numbers")


def settings_json(settings: RetrieverTraining) -> dict[str, object]:
    """Lay out what decides the weights: files by name, content and weight, and no place."""
    plain = {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if field.name not in ("out", "every", "data", "dev", "languages", "matryoshka")
    }
    return plain | {
        "data": [
            {"name": one.name, "sha256": one.sha256, "weight": one.weight} for one in settings.data
        ],
        "dev": settings.dev.sha256 if settings.dev else None,
        "languages": sorted(settings.languages),
        "matryoshka": sorted(settings.matryoshka, reverse=True),
    }
