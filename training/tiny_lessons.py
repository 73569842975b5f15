"""Lessons: runs as a model reads them, made a round at a time ahead of the training.

A second process makes them and leaves each round as a file, so that the trainer never waits for the
graph; it stops when a few rounds lie ready, and goes on when one was taken.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from crosearch.tools.errors import TrainingError
from crosearch.training.facts import read_facts
from crosearch.training.tiny_demonstrator import came_to_nothing
from crosearch.training.tiny_runs import Demonstration, RunSettings, demonstrate

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_AHEAD = 3
"""Rounds that may lie ready."""
_PAUSE = 0.5
"""Seconds between two looks at a file that is not there yet."""
_NICE = 10
"""How much rather the trainer gets the cores than the process that makes lessons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """A run as a model reads it."""

    ids: NDArray[np.int32]
    """Its tokens, shape (n,)."""
    learnt: NDArray[np.bool_]
    """Which of them are the policy's, shape (n,)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonSource:
    """What the process that makes lessons has to know."""

    settings: RunSettings
    facts: tuple[Path, Path] | None
    """Files of labels and of facts; None: the shipped ones."""
    tokenizer: Path
    rounds: Path
    """Where the rounds are left."""


def render_lessons(
    runs: Sequence[Demonstration], tokenizer: "PreTrainedTokenizerBase"
) -> list[Lesson]:
    """Render runs as a policy would read them.

    Turns that came to nothing are not learnt, nor is that a led run went on after its first miss.
    """
    from crosearch.agents.rendering import TranscriptRenderer

    renderer = TranscriptRenderer(tokenizer)
    lessons: list[Lesson] = []
    for run in runs:
        rendered = renderer.render(run.transcript)
        learnt = np.array(rendered.mask, np.bool_)
        begins = learnt & ~np.roll(learnt, 1)
        turn = np.cumsum(begins) - 1
        learnt &= np.array(_worth(run))[turn]
        lessons.append(Lesson(ids=np.array(rendered.ids, np.int32), learnt=learnt))
    return lessons


def _worth(run: Demonstration) -> list[bool]:
    """Tell of each of the policy's turns whether it is to be learnt."""
    segments = run.transcript
    turns = [at for at, segment in enumerate(segments) if segment["kind"] == "policy"]
    worth = [at + 1 == len(segments) or not came_to_nothing(segments[at + 1]) for at in turns]
    searches = [
        number
        for number, at in enumerate(turns)
        if worth[number] and "<search" in segments[at]["text"]
    ]
    if run.led and len(searches) > 1:
        worth[searches[1]] = False
    return worth


def save_round(lessons: Sequence[Lesson], path: Path) -> None:
    """Write a round's lessons; the file appears whole."""
    partial = path.with_suffix(".partial")
    save_file(
        {
            "lengths": np.array([len(lesson.ids) for lesson in lessons], np.int32),
            "ids": np.concatenate([lesson.ids for lesson in lessons]),
            "learnt": np.concatenate([lesson.learnt for lesson in lessons]),
        },
        str(partial),
    )
    partial.replace(path)


def load_round(path: Path) -> list[Lesson]:
    """Read a round's lessons."""
    arrays = load_file(str(path))
    ends = np.cumsum(arrays["lengths"])[:-1]
    pairs = zip(np.split(arrays["ids"], ends), np.split(arrays["learnt"], ends), strict=True)
    return [Lesson(ids=ids, learnt=learnt) for ids, learnt in pairs]


def round_path(folder: Path, number: int) -> Path:
    """Name a round's file."""
    return folder / f"round-{number:05}.safetensors"


@contextmanager
def making_lessons(source: LessonSource, first: int) -> Iterator[BaseProcess]:
    """Let a second process make rounds, from `first` on, while the block runs."""
    source.rounds.mkdir(parents=True, exist_ok=True)
    # Spawned: the threads of this process' libraries would not come along.
    process = get_context("spawn").Process(
        target=_make_rounds, args=(source, first, os.getpid()), daemon=True
    )
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def take_round(folder: Path, number: int, maker: BaseProcess) -> list[Lesson]:
    """Wait for a round, and take those before it away.

    Raises:
        TrainingError: The process that makes them ended.
    """
    for older in folder.glob("round-*.safetensors"):
        if older < round_path(folder, number):
            older.unlink()
    while not round_path(folder, number).is_file():
        if not maker.is_alive():
            raise TrainingError(
                f"the process that makes lessons ended with {maker.exitcode}, at round {number}"
            )
        time.sleep(_PAUSE)
    return load_round(round_path(folder, number))


def is_wanted(folder: Path, number: int) -> bool:
    """Tell whether a round is to be made now: few enough lie ready before it.

    Later ones, as a training leaves behind that is taken up again at an earlier checkpoint, do not
    count.
    """
    ready = (path < round_path(folder, number) for path in folder.glob("round-*.safetensors"))
    return sum(ready) <= _AHEAD


def _make_rounds(source: LessonSource, first: int, parent: int) -> None:
    """Make rounds until the parent is gone."""
    os.nice(_NICE)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source.tokenizer)
    table = read_facts(*source.facts) if source.facts else read_facts()
    number = first
    while os.getppid() == parent:
        if round_path(source.rounds, number).is_file():
            number += 1
        elif is_wanted(source.rounds, number):
            runs = asyncio.run(demonstrate(table, source.settings, number))
            save_round(render_lessons(runs, tokenizer), round_path(source.rounds, number))
        else:
            time.sleep(_PAUSE)
