"""Trains the tiny policy: a real model, small enough for two cores, from nothing to the protocol.

`crosearch train tiny --out DIR` makes the tokenizer, the model and its card. Lessons are runs of a
demonstrating policy in the real graph, over worlds of facts that are shuffled anew for each round
(`tiny_runs`), made by a second process (`tiny_lessons`) ahead of the trainer (`tiny_trainer`). What
a training needs to go on after a kill lies in `DIR/training`: the settings, the tokenizer, the
rounds made ahead, checkpoints, and `metrics.jsonl`.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from crosearch.training.facts import FactTable, read_facts
from crosearch.training.facts_split import split_facts
from crosearch.training.tiny_card import write_card
from crosearch.training.tiny_checkpoints import resume, save_checkpoint
from crosearch.training.tiny_dev import DevScores, DevWorld, open_dev_world, score_model
from crosearch.training.tiny_lessons import (
    LessonSource,
    making_lessons,
    render_lessons,
    round_path,
    save_round,
    take_round,
)
from crosearch.training.tiny_model import make_model, save_model
from crosearch.training.tiny_optimizer import TinyOptimizer
from crosearch.training.tiny_runs import demonstrate, world_settings
from crosearch.training.tiny_scramble import Scrambler
from crosearch.training.tiny_settings import Note, Show, TinyProgress, TinyReport, TinySettings
from crosearch.training.tiny_tokenizer import train_tokenizer
from crosearch.training.tiny_trainer import Position, round_batches, train_step
from crosearch.training.training_folder import bring_model, hold_folder

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_AVERAGED = 50
"""Steps that a reported loss is the mean of."""


@dataclass(kw_only=True)
class _Training:
    """What a training works on."""

    settings: TinySettings
    tokenizer: "PreTrainedTokenizerBase"
    model: "PreTrainedModel"
    optimizer: TinyOptimizer
    position: Position
    scrambler: Scrambler
    dev: DevWorld
    show: Show
    losses: list[float] = field(default_factory=list[float])


def train_tiny(
    settings: TinySettings,
    *,
    show: Show = lambda progress: None,
    note: Note = lambda text: None,
) -> TinyReport:
    """Train the tiny policy, or go on where a training in the same folder was cut off.

    Args:
        settings: What to train.
        show: Is told how it goes, about once a second.
        note: Is told what there is to know beside.

    Raises:
        UsageError: The folder holds another training or something else.
        TrainingError: The training broke down, a checkpoint is of another model, or another
            process is at it.
        DocumentError: The facts cannot be read.
    """
    world_settings(settings.runs, 0)  # refuses languages that no world can be in
    with hold_folder(settings.work, settings.shown()):
        training = _prepare(settings, show, note)
        _train(training)
        return _finish(training)


def _prepare(settings: TinySettings, show: Show, note: Note) -> _Training:
    table = read_facts(*settings.facts) if settings.facts else read_facts()
    tokenizer = _tokenizer(settings, table, note)
    model = make_model(
        tokenizer, width=settings.width, layers=settings.layers, seed=settings.runs.seed
    )
    optimizer = TinyOptimizer(model)
    position = resume(settings.work, model, optimizer, note)
    note("building the world of the questions for validation and test")
    dev = open_dev_world(
        table, settings.runs, settings.work / "dev", questions=settings.dev_questions
    )
    return _Training(
        settings=settings,
        tokenizer=tokenizer,
        model=model,
        optimizer=optimizer,
        position=position,
        scrambler=Scrambler(tokenizer, settings.scrambled_share),
        dev=dev,
        show=show,
    )


def _tokenizer(settings: TinySettings, table: FactTable, note: Note) -> "PreTrainedTokenizerBase":
    """Train the tokenizer on the first round's runs and the names for training, once."""
    from transformers import AutoTokenizer

    folder = settings.work / "tokenizer"
    if not (folder / "tokenizer_config.json").is_file():
        note("making the first round of lessons, and the tokenizer")
        runs = asyncio.run(demonstrate(table, settings.runs, 0))
        texts = [segment["text"] for run in runs for segment in run.transcript]
        tokenizer = train_tokenizer([*texts, *_names(table, settings)], settings.pieces)
        settings.rounds.mkdir(parents=True, exist_ok=True)
        save_round(render_lessons(runs, tokenizer), round_path(settings.rounds, 0))
        tokenizer.save_pretrained(folder)
    return cast("PreTrainedTokenizerBase", AutoTokenizer.from_pretrained(folder))


def _names(table: FactTable, settings: TinySettings) -> Iterator[str]:
    """List the names of the entities that lessons can be about, as they stand within sentences."""
    parts = split_facts(table)
    entities = sorted(
        {entity for f, part in parts.items() if part == "train" for entity in (f.subject, f.object)}
    )
    for entity in entities:
        for language in settings.runs.languages:
            if name := table.labels[entity].get(language):
                yield f" {name}"


def _train(training: _Training) -> None:
    """Take steps until the schedule is over, with checkpoints on the way."""
    settings, position = training.settings, training.position
    source = LessonSource(
        settings=settings.runs,
        facts=settings.facts,
        tokenizer=settings.work / "tokenizer",
        rounds=settings.rounds,
    )
    if settings.schedule.done(position) >= 1:
        return
    with making_lessons(source, position.round) as maker:
        while settings.schedule.done(position) < 1:
            _train_round(training, maker)
    _checkpoint(training)


def _train_round(training: _Training, maker: "BaseProcess") -> None:
    settings, position = training.settings, training.position
    started = time.monotonic()
    lessons = take_round(settings.rounds, position.round, maker)
    position.seconds += time.monotonic() - started
    batches = list(
        round_batches(
            lessons,
            training.scrambler,
            seed=settings.runs.seed,
            number=position.round,
            passes=settings.passes,
        )
    )
    for batch in batches[position.batch :]:
        started = time.monotonic()
        rate = settings.schedule.rate_at(position)
        loss = train_step(training.model, training.optimizer, batch, rate)
        training.losses.append(loss)
        position.step += 1
        position.batch += 1
        position.lessons += len(batch)
        position.tokens += sum(len(lesson.ids) for lesson in batch)
        position.seconds += time.monotonic() - started
        if settings.schedule.done(position) >= 1:
            return
        if position.step % settings.every == 0:
            _checkpoint(training)
        elif position.step % _AVERAGED == 0:
            training.show(_progress(training, None))
    position.round, position.batch = position.round + 1, 0


def _checkpoint(training: _Training) -> None:
    """Keep all that is needed to go on, score the model, and write both down."""
    work = training.settings.work
    save_checkpoint(work, training.model, training.optimizer, training.position)
    dev = score_model(training.model, training.tokenizer, training.dev, "validation")
    progress = _progress(training, dev)
    with (work / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(progress) + "\n")
    training.show(progress)


def _progress(training: _Training, dev: DevScores | None) -> TinyProgress:
    position, habits = training.position, training.settings.runs.habits
    recent = training.losses[-_AVERAGED:]
    return TinyProgress(
        step=position.step,
        done=round(training.settings.schedule.done(position), 4),
        loss=round(sum(recent) / max(1, len(recent)), 4),
        tokens_per_second=round(position.tokens / max(position.seconds, 1e-9), 1),
        lessons=position.lessons,
        rounds=position.round,
        second_share=habits.second_share,
        later_share=habits.later_share,
        seconds=round(position.seconds, 1),
        dev=dev,
    )


def _finish(training: _Training) -> TinyReport:
    """Write the model into its folder, and score it as it lies there."""
    from crosearch.agents.local_model import load_causal_lm

    settings, position = training.settings, training.position
    made = settings.work / "model"
    save_model(training.model, training.tokenizer, made)
    bring_model(made, settings.out)
    model, tokenizer = load_causal_lm(str(settings.out), adapter=None, device="cpu")
    report = TinyReport(
        model=str(settings.out),
        parameters=sum(weight.numel() for weight in model.parameters()),
        pieces=len(training.tokenizer),
        step=position.step,
        lessons=position.lessons,
        tokens=position.tokens,
        seconds=round(position.seconds, 1),
        tokens_per_lesson=round(position.tokens / max(1, position.lessons), 1),
        test=score_model(model, tokenizer, training.dev, "test"),
    )
    write_card(settings.out, settings.runs, report, shipped_facts=settings.facts is None)
    return report
