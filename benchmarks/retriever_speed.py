"""Compare the pace of training with that of sentence-transformers' own trainer.

    python benchmarks/retriever_speed.py --pairs FILE [--model static] [--batch 512] [--steps 30]

Both train the same model from the same start with the same loss, optimiser and batch size, on the
pairs of the same steps: ours draws them as it goes, theirs finds them in a data set and shuffles
them by its default sampler. The two take turns; what counts is processor time, as the clock of a
busy machine tells little. Only steps are counted, not loading and saving.
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from datasets import Dataset  # type: ignore[import-untyped]  # ships no types
from sentence_transformers import SentenceTransformerTrainer
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging

from crosearch.training.batches import BatchKind, PairBatches
from crosearch.training.pair_files import read_pairs
from crosearch.training.pair_records import PairSet
from crosearch.training.retriever_losses import make_loss
from crosearch.training.retriever_models import open_model
from crosearch.training.retriever_settings import RetrieverTraining
from crosearch.training.retriever_trainer import (
    Collator,
    RetrieverTrainer,
    Steps,
    training_arguments,
)

WARM_UP = 3
"""Steps that are not counted: the first ones fill caches."""


@dataclass(frozen=True, kw_only=True)
class Paces:
    """Pairs a second of processor time, once for each turn."""

    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """The median of ours to that of theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs)


class Stopwatch(TrainerCallback):
    """Takes the processor's time from one step to the last."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.steps, self._began, self._ended = 0, 0.0, 0.0

    @property
    def seconds(self) -> float:
        """Between the end of the warm-up and that of the last step."""
        return self._ended - self._began

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Note the time."""
        self._ended = time.process_time()
        if state.global_step == WARM_UP:
            self._began = self._ended


def compare_speed(
    pairs: PairSet,
    start: Path,
    *,
    sampler: BatchKind = "hybrid",
    batch: int = 512,
    steps: int = 30,
    turns: int = 3,
) -> Paces:
    """Train by both trainers in turn, and return their paces.

    Args:
        pairs: What is trained on.
        start: The folder of the model that both start from.
        sampler: Ours.
        batch: Pairs of a batch.
        steps: Of each turn; a few at the beginning are not counted.
        turns: Of each trainer.
    """
    batches = PairBatches([pairs], kind=sampler, batch=batch, seed=0)
    drawn = [pair for step in range(steps) for pair in batches.draw(step)]
    rows = Dataset.from_dict(
        {"query": [pair.query for pair in drawn], "passage": [pair.passage for pair in drawn]}
    )
    paces = Paces(ours=[], theirs=[])
    for _ in range(turns):
        with TemporaryDirectory() as folder:
            settings = RetrieverTraining(
                model=str(start),
                data=(pairs,),
                out=Path(folder),
                batch=batch,
                steps=steps,
                every=steps,
            )
            paces.ours.append(_ours(settings, batches))
            paces.theirs.append(_theirs(settings, rows))
    return paces


def _ours(settings: RetrieverTraining, batches: PairBatches) -> float:
    model = open_model(settings)
    trainer = RetrieverTrainer(
        model,
        make_loss(model, settings),
        Steps(batches, settings.steps),
        Collator(model, None),
        settings,
        settings.out,
    )
    return _pace(trainer, settings)


def _theirs(settings: RetrieverTraining, rows: Dataset) -> float:
    model = open_model(settings)
    arguments = training_arguments(settings, model, settings.out)
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=rows, loss=make_loss(model, settings)
    )
    return _pace(trainer, settings)


def _pace(trainer: SentenceTransformerTrainer, settings: RetrieverTraining) -> float:
    watch = Stopwatch()
    trainer.add_callback(watch)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return (settings.steps - WARM_UP) * settings.batch / watch.seconds


def _spread(values: Sequence[float]) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"median {middle:,.0f} (from {low:,.0f} to {high:,.0f})"


def main() -> None:
    """Print both paces and their ratio."""
    parser = argparse.ArgumentParser(description="Compare paces of training.")
    parser.add_argument("--pairs", type=Path, required=True, help="a pair file")
    parser.add_argument("--model", default="static", help="static, transformer, folder or name")
    parser.add_argument(
        "--sampler", default="hybrid", choices=["monolingual", "cross-lingual", "hybrid"]
    )
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers' own
    pairs = read_pairs(options.pairs)
    with TemporaryDirectory() as folder:
        start = Path(folder) / "start"
        settings = RetrieverTraining(
            model=options.model, data=(pairs,), out=Path(folder), max_tokens=None
        )
        open_model(settings).save_pretrained(str(start), create_model_card=False)
        paces = compare_speed(
            pairs,
            start,
            sampler=options.sampler,
            batch=options.batch,
            steps=options.steps,
            turns=options.turns,
        )
    print("pairs a second of processor time")
    print("  ours:                                     ", _spread(paces.ours))
    print("  sentence-transformers, its default sampler:", _spread(paces.theirs))
    print(f"  ours to theirs: {paces.ratio:.2f}")


if __name__ == "__main__":
    main()
