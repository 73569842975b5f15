"""sentence-transformers' trainer, on batches that `training.batches` draws.

What differs from it: a step's batch is drawn from the step alone, checkpoints hold what is trained
and are sealed once they are whole, and a loss that is no number ends the training at once.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
from sentence_transformers.base.model import BaseModel
from sentence_transformers.sentence_transformer.data_collator import (
    SentenceTransformerDataCollator,
)
from sentence_transformers.sentence_transformer.training_args import (
    SentenceTransformerTrainingArguments,
)
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, Dataset
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from crosearch.tools.errors import TrainingError
from crosearch.training.batches import Pair, PairBatches
from crosearch.training.distillation import TeacherVectors
from crosearch.training.retriever_checkpoints import load_weights, save_weights, seal
from crosearch.training.retriever_models import is_static
from crosearch.training.retriever_settings import RetrieverTraining

_WARM_UP = 0.05
_CLIPPED = 1.0


class Steps(Dataset[dict[str, list[Pair]]]):
    """The batches of a training, by step."""

    def __init__(self, batches: PairBatches, steps: int) -> None:
        """Hold what draws them."""
        self._batches, self._steps = batches, steps

    def __len__(self) -> int:
        """Return how many steps there are."""
        return self._steps

    def __getitem__(self, step: int) -> dict[str, list[Pair]]:
        """Return a step's batch."""
        return {"pairs": self._batches.draw(step)}


class Collator(SentenceTransformerDataCollator):
    """Turns a batch's texts into what the model reads, with the model's own prompts."""

    def __init__(self, model: SentenceTransformer, teacher: TeacherVectors | None) -> None:
        """Hold the model, whose tokenizer and prompts are used, and the teacher's vectors."""
        super().__init__(preprocess_fn=model.preprocess)
        self._model, self._teacher = model, teacher

    def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        """Lay out the one batch that was drawn: queries, passages, and negatives if any."""
        pairs: list[Pair] = features[0]["pairs"]
        batch: dict[str, Any] = {"pairs": len(pairs)}
        columns = {
            "query": ([pair.query for pair in pairs], self._model.prompts["query"]),
            "passage": ([pair.passage for pair in pairs], self._model.prompts["document"]),
            "negative": (
                list(dict.fromkeys(text for pair in pairs for text in pair.negatives)),
                self._model.prompts["document"],
            ),
        }
        for name, (texts, prompt) in columns.items():
            if texts:
                found = self._model.preprocess(texts, prompt=prompt or None)
                batch |= {f"{name}_{key}": value for key, value in found.items()}
        if self._teacher is not None:
            batch["label"] = torch.from_numpy(self._teacher.of(pairs))
        return batch


class RetrieverTrainer(SentenceTransformerTrainer):
    """Trains on the batches of steps, and goes on from a checkpoint as if nothing had been."""

    def __init__(
        self,
        model: SentenceTransformer,
        loss: nn.Module,
        steps: Steps,
        collator: Collator,
        settings: RetrieverTraining,
        folder: Path,
    ) -> None:
        """Hold what is trained, on what, and the folder of its checkpoints."""
        arguments = training_arguments(settings, model, folder)
        super().__init__(model=model, args=arguments, loss=loss, data_collator=collator)
        self.remove_callback(PrinterCallback)
        self._steps, self._folder = steps, folder
        self.last_loss = float("nan")
        self.last_pairs = 0

    def add_model_card_callback(self, default_args_dict: dict[str, object]) -> None:
        """Write no card: `training.retriever_card` does."""

    def get_train_dataloader(self) -> "DataLoader[dict[str, list[Pair]]]":
        """Return the batches of the steps; of several processes, each has its own."""
        own = range(self.args.process_index, len(self._steps), self.args.world_size)
        sampler = BatchSampler(own, 1, drop_last=False)
        return DataLoader(self._steps, batch_sampler=sampler, collate_fn=self.data_collator)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """Return the loss of a batch.

        Raises:
            TrainingError: It is no number.
        """
        self.last_pairs = int(inputs.pop("pairs"))
        loss = super().compute_loss(cast(BaseModel, model), inputs)
        assert isinstance(loss, Tensor)
        self.last_loss = loss.item()
        if not torch.isfinite(loss):
            self._stop(f"the loss of step {self.state.global_step + 1:,} is {self.last_loss}")
        return loss

    def _get_grad_norm(self, model: nn.Module, grad_norm: Tensor | None = None) -> Tensor | None:
        """Return the norm where clipping gave it: nothing else needs it."""
        return grad_norm

    def _save_checkpoint(self, model: nn.Module, trial: object) -> None:
        if not all(torch.isfinite(weight).all() for weight in self.model.parameters()):
            self._stop(f"after step {self.state.global_step:,} some weights are no numbers")
        super()._save_checkpoint(model, None)
        seal(self._folder / f"checkpoint-{self.state.global_step}")

    def _save(self, output_dir: str | None = None, state_dict: object = None) -> None:
        save_weights(self.model, Path(output_dir) if output_dir else self._folder)

    def _load_from_checkpoint(self, checkpoint_path: str, model: nn.Module | None = None) -> None:
        load_weights(self.model, Path(checkpoint_path))

    def _stop(self, what: str) -> None:
        raise TrainingError(
            f"{what}; the training is stopped, and the last checkpoint before is kept. Try a "
            f"learning rate below {self.args.learning_rate:g} or a smaller scale in another folder"
        )


class Pace(TrainerCallback):
    """Measures pairs a second in steps alone, and tells of each step."""

    def __init__(self, trainer: RetrieverTrainer, tell: Callable[[int], None]) -> None:
        """Watch a trainer; `tell` is called with 0, and after each step with its number."""
        self.seconds, self.pairs = 0.0, 0
        self._trainer, self._tell = trainer, tell
        self._since = time.perf_counter()

    @property
    def pairs_per_second(self) -> float:
        """Since the training began, or went on."""
        return self.pairs / self.seconds if self.seconds else 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Tell of the beginning, and start the clock."""
        if not state.global_step:
            self._tell(0)
        self._since = time.perf_counter()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Count a step; what is told of it costs it nothing."""
        self.seconds += time.perf_counter() - self._since
        self.pairs += self._trainer.last_pairs * args.world_size
        self._tell(state.global_step)
        self._since = time.perf_counter()

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Leave out the time that a checkpoint took."""
        self._since = time.perf_counter()


def training_arguments(
    settings: RetrieverTraining, model: SentenceTransformer, folder: Path
) -> SentenceTransformerTrainingArguments:
    """Return the trainer's arguments: checkpoints in a folder, and no reports to anyone."""
    with_half = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.batch,
        learning_rate=settings.learning_rate or default_rate(settings, model),
        warmup_steps=_WARM_UP,
        weight_decay=0.0,
        max_grad_norm=0.0 if is_static(model) else _CLIPPED,
        bf16=with_half and not is_static(model),
        seed=settings.seed,
        save_strategy="steps",
        save_steps=settings.every,
        save_total_limit=2,
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def default_rate(settings: RetrieverTraining, model: SentenceTransformer) -> float:
    """Return the learning rate that suits a model: large for tables, small for what is trained."""
    if is_static(model):
        return 2e-2 if settings.is_new else 5e-3
    if settings.is_new:
        return 5e-4
    return 3e-4 if settings.lora else 3e-5
