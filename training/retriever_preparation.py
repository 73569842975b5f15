"""What a training needs before its first step: data, batches, the model and a teacher.

All of it is checked before the run's folder is touched, so that a mistake leaves nothing behind.
What takes long is made once for a run, and found again by whoever goes on with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from crosearch.tools.embedder import Embedder, load_embedder
from crosearch.tools.errors import UsageError
from crosearch.training.batches import PairBatches
from crosearch.training.distillation import TeacherVectors, teach, with_english
from crosearch.training.hard_negatives import mine_negatives
from crosearch.training.pair_files import read_pairs, write_pairs
from crosearch.training.pair_records import PairRecord, PairSet
from crosearch.training.retriever_dev import split_dev
from crosearch.training.retriever_models import (
    add_lora,
    add_projection,
    dimension_of,
    is_static,
    load_model,
    open_model,
)
from crosearch.training.retriever_run import Run, made_once
from crosearch.training.retriever_settings import RetrieverTraining

_START, _NEGATIVES, _TEACHER = "start", "negatives", "teacher.npy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What is trained, on what, and by what it is scored."""

    model: SentenceTransformer
    sets: tuple[PairSet, ...]
    batches: PairBatches
    dev: list[PairRecord]
    miner: Embedder | None
    teacher: Embedder | None
    teacher_dimension: int | None


def _data(settings: RetrieverTraining) -> tuple[tuple[PairSet, ...], list[PairRecord]]:
    """Return what is trained on, and what is scored by.

    Raises:
        UsageError: Nothing of a file is left to train on.
    """
    sets, dev = split_dev(settings)
    return (with_english(sets) if settings.teacher else sets), dev


def _batches(settings: RetrieverTraining, sets: Sequence[PairSet]) -> PairBatches:
    """Return what draws the batches that the settings ask for.

    Raises:
        UsageError: They cannot be filled.
    """
    return PairBatches(
        sets,
        kind=settings.sampler,
        cross_share=settings.cross_share,
        temperature=settings.temperature,
        batch=settings.batch,
        seed=settings.seed,
        languages=settings.languages,
        negatives=settings.hard_negatives,
    )


def prepare(settings: RetrieverTraining) -> Prepared:
    """Read and check everything; nothing is written.

    Raises:
        UsageError: Data, batches, model and teacher do not go together.
    """
    run = Run(settings.out)
    sets, dev = _data(settings)
    batches = _batches(settings, sets)
    start = run.state / _START
    model = load_model(str(start)) if start.is_dir() else open_model(settings)
    if is_static(model):
        _check_static(settings)
    teacher, dimension = None, None
    if settings.teacher:
        kept = run.state / _TEACHER
        teacher = None if kept.is_file() else load_embedder(settings.teacher)
        dimension = teacher.dimension if teacher else int(np.load(kept, mmap_mode="r").shape[1])
        _fit_teacher(settings, dimension_of(model), dimension)
    _check_cuts(settings, dimension or dimension_of(model))
    return Prepared(
        model=model,
        sets=sets,
        batches=batches,
        dev=dev,
        miner=load_embedder(settings.miner) if settings.miner else None,
        teacher=teacher,
        teacher_dimension=dimension,
    )


def make_once(settings: RetrieverTraining, run: Run, prepared: Prepared) -> PairBatches:
    """Keep a new model in the run's folder, and mine the negatives that are wanted.

    Returns:
        What draws the batches, mined negatives among them.
    """
    if settings.is_new:
        with made_once(run.state / _START) as folder:
            if folder:
                prepared.model.save_pretrained(str(folder), create_model_card=False)
    if prepared.miner is None:
        return prepared.batches
    with made_once(run.state / _NEGATIVES) as folder:
        if folder:
            for number, one in enumerate(prepared.sets):
                mined = mine_negatives(one, prepared.miner, count=settings.hard_negatives)
                write_pairs(folder / f"{number}.jsonl", mined.records)
    sets = [
        replace(one, records=read_pairs(run.state / _NEGATIVES / f"{number}.jsonl").records)
        for number, one in enumerate(prepared.sets)
    ]
    return _batches(settings, sets)


def adapt(settings: RetrieverTraining, prepared: Prepared) -> None:
    """Make the model ready to be trained: with the layers that are trained and not its own."""
    dimension = prepared.teacher_dimension
    if dimension is not None and dimension != dimension_of(prepared.model):
        torch.manual_seed(settings.seed)
        add_projection(prepared.model, dimension)
    if settings.lora:
        add_lora(prepared.model, settings)


def learn_teacher(run: Run, prepared: Prepared) -> TeacherVectors | None:
    """Return the vectors that are followed; None without a teacher."""
    if prepared.teacher_dimension is None:
        return None
    return teach(prepared.teacher, prepared.sets, run.state / _TEACHER)


def _check_static(settings: RetrieverTraining) -> None:
    for given, what in (
        (settings.lora, "has no layers for LoRA: train it whole"),
        (settings.mini_batch, "embeds a whole batch at once: leave out the mini-batch"),
        (settings.max_tokens, "cuts no text: leave out the number of tokens"),
    ):
        if given:
            raise UsageError(f"{settings.model!r} is a static model, and {what}")


def _fit_teacher(settings: RetrieverTraining, own: int, teacher: int) -> None:
    if own == teacher or settings.projection:
        return
    new = f", or make the new model of dimension {teacher:,}" if settings.is_new else ""
    raise UsageError(
        f"the teacher {settings.teacher!r} has vectors of {teacher:,} numbers, the model "
        f"{settings.model!r} of {own:,}: ask for a projection, which ends the model in a layer of "
        f"{teacher:,}{new}"
    )


def _check_cuts(settings: RetrieverTraining, dimension: int) -> None:
    longest = max(settings.matryoshka, default=0)
    if longest > dimension:
        raise UsageError(
            f"vectors cannot be cut to {longest:,} numbers: this model's have {dimension:,}"
        )
