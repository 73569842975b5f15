"""Trains a retriever on pairs, and goes on where it was killed.

`train_retriever` is the whole of `crosearch train retriever`: it checks the settings against data
and model, makes what a run needs once, trains, and leaves a sentence-transformers folder.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from crosearch.training.batches import BatchSource, PairBatches
from crosearch.training.pair_records import PairRecord
from crosearch.training.retriever_card import model_card
from crosearch.training.retriever_checkpoints import latest_checkpoint, step_of
from crosearch.training.retriever_dev import dev_scores
from crosearch.training.retriever_losses import make_loss
from crosearch.training.retriever_models import (
    dimension_of,
    merge_lora,
    parameters_of,
)
from crosearch.training.retriever_preparation import (
    Prepared,
    adapt,
    learn_teacher,
    make_once,
    prepare,
)
from crosearch.training.retriever_run import Run, check_folder, open_run
from crosearch.training.retriever_settings import (
    DevScores,
    Figures,
    Note,
    RetrieverTraining,
    Show,
    TrainedRetriever,
    TrainingProgress,
    check_settings,
)
from crosearch.training.retriever_trainer import (
    Collator,
    Pace,
    RetrieverTrainer,
    Steps,
)

__all__ = ["TrainingPlan", "plan_training", "train_retriever"]

_LAST = 100
"""Steps whose mean loss is told in the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingPlan:
    """What would be trained."""

    sources: list[BatchSource]
    """Where batches come from; the shares sum to 1."""
    dev_records: int
    parameters: int
    trained_parameters: int


def plan_training(settings: RetrieverTraining) -> TrainingPlan:
    """Check data and model, and tell what would be trained; nothing is written.

    Raises:
        UsageError: It could not be; the message says what to change.
    """
    check_settings(settings)
    check_folder(settings)
    prepared = prepare(settings)
    adapt(settings, prepared)
    parameters, trained = parameters_of(prepared.model)
    return TrainingPlan(
        sources=prepared.batches.sources,
        dev_records=len(prepared.dev),
        parameters=parameters,
        trained_parameters=trained,
    )


def train_retriever(
    settings: RetrieverTraining, *, show: Show | None = None, note: Note | None = None
) -> TrainedRetriever:
    """Train a retriever, or go on with the run in its folder; done ones are told of again.

    Args:
        settings: All that decides the weights.
        show: Is told of each step.
        note: Is told of what a person should know, such as a torn checkpoint.

    Raises:
        UsageError: Settings, data and model do not go together; nothing was written.
        TrainingError: The loss became no number, another process has the folder, or a checkpoint
            is of another model; the last whole checkpoint is kept.
    """
    check_settings(settings)
    check_folder(settings)
    run = Run(settings.out)
    done = run.finished()
    if done is None:
        prepared = prepare(settings)
        with open_run(settings) as run:
            done = _train(settings, run, prepared, show or _ignore, note or _ignore)
    figures, history = done
    return TrainedRetriever(folder=settings.out, figures=figures, history=tuple(history))


def _train(
    settings: RetrieverTraining, run: Run, prepared: Prepared, show: Show, note: Note
) -> tuple[Figures, list[dict[str, float]]]:
    model = prepared.model
    batches = make_once(settings, run, prepared)
    adapt(settings, prepared)
    loss = make_loss(model, settings)
    checkpoint = latest_checkpoint(run.checkpoints, note)
    trainer = RetrieverTrainer(
        model,
        loss,
        Steps(batches, settings.steps),
        Collator(model, learn_teacher(run, prepared)),
        settings,
        run.checkpoints,
    )
    watch = _Watch(settings, trainer, prepared.dev, show)
    trainer.add_callback(watch.pace)
    parameters, trained = parameters_of(model)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    history = watch.history
    figures = Figures(
        model=settings.model,
        out=str(settings.out),
        steps=settings.steps,
        resumed_from=step_of(checkpoint) if checkpoint else None,
        parameters=parameters,
        trained_parameters=trained,
        loss=fmean(watch.losses) if watch.losses else None,
        seconds=watch.pace.seconds,
        pairs_per_second=watch.pace.pairs_per_second,
        dev=_scores(history, -1),
        dev_at_start=_scores(history, 0),
    )
    _save(settings, run, model, batches, figures, history)
    return figures, history


def _save(
    settings: RetrieverTraining,
    run: Run,
    model: SentenceTransformer,
    batches: PairBatches,
    figures: Figures,
    history: list[dict[str, float]],
) -> None:
    if settings.lora:
        merge_lora(model)
    folder = run.state / "model"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(str(folder), create_model_card=False)
    card = model_card(settings, batches.sources, figures, history, dimension=dimension_of(model))
    run.finish(folder, card, figures, history)


class _Watch:
    """Scores the model now and then, and tells how the training goes."""

    def __init__(
        self,
        settings: RetrieverTraining,
        trainer: RetrieverTrainer,
        dev: Sequence[PairRecord],
        show: Show,
    ) -> None:
        self.pace = Pace(trainer, self._tell)
        self.losses: list[float] = []
        self._settings, self._trainer, self._dev, self._show = settings, trainer, dev, show

    @property
    def history(self) -> list[dict[str, float]]:
        """The scores by step; they are kept in the checkpoints."""
        return [entry for entry in self._trainer.state.log_history if "train_runtime" not in entry]

    def _tell(self, step: int) -> None:
        if step:
            self.losses = [*self.losses[1 - _LAST :], self._trainer.last_loss]
        if step % self._settings.every == 0 or step == self._settings.steps:
            self._score(step)
        latest = self.history[-1:]
        self._show(
            TrainingProgress(
                step=step,
                steps=self._settings.steps,
                batch=self._settings.batch,
                loss=self._trainer.last_loss,
                pairs_per_second=self.pace.pairs_per_second,
                dev=DevScores(mono=latest[0].get("mono"), cross=latest[0].get("cross"))
                if latest
                else None,
            )
        )

    def _score(self, step: int) -> None:
        entry: dict[str, float] = {"step": step}
        if step:
            entry["loss"] = self._trainer.last_loss
        if self._dev:
            scores = dev_scores(self._dev, self._embed("query"), self._embed("document"))
            entry |= {name: value for name, value in asdict(scores).items() if value is not None}
        self._trainer.state.log_history.append(entry)

    def _embed(self, prompt: str) -> "_Embed":
        return _Embed(self._trainer.model, prompt)


class _Embed:
    """Embeds texts with the model as it is."""

    def __init__(self, model: SentenceTransformer, prompt: str) -> None:
        self._model, self._prompt = model, prompt

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._model.encode(
            list(texts),
            prompt_name=self._prompt,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)


def _scores(history: Sequence[dict[str, float]], place: int) -> dict[str, float | None] | None:
    entry = history[place] if history else {}
    if not {"mono", "cross"} & entry.keys():
        return None
    return {name: entry.get(name) for name in ("mono", "cross")}


def _ignore(_: object) -> None:
    pass
