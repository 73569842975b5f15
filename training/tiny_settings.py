"""What the tiny policy is trained on and for how long, and what is told of it on the way."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict

from crosearch.training.tiny_dev import DevScores
from crosearch.training.tiny_runs import RunSettings
from crosearch.training.tiny_trainer import Schedule

Note = Callable[[str], None]

_FREE = ("out", "runs", "schedule", "every", "dev_questions")
"""Settings that may differ when a training goes on."""
_FREE_HABITS = ("second_share", "later_share")
"""Habits that may; rounds that lie ready by others are not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TinySettings:
    """What is trained, on what, and for how long."""

    out: Path
    """The model's folder."""
    schedule: Schedule
    facts: tuple[Path, Path] | None = None
    """Files of labels and of facts; None: those that come with the package."""
    runs: RunSettings = field(default_factory=RunSettings)
    width: int = 192
    layers: int = 4
    pieces: int = 8_000
    """Of the tokenizer."""
    passes: int = 3
    """How often each lesson is read."""
    scrambled_share: float = 0.75
    """How many readings are of lessons whose names were made new."""
    every: int = 400
    """Steps between two checkpoints, each with scores on questions for validation."""
    dev_questions: int = 48
    """Of each kind; as many as four times that for the test in the end."""

    @property
    def work(self) -> Path:
        """Where the training keeps what it needs to go on."""
        return self.out / "training"

    @property
    def rounds(self) -> Path:
        """Where the rounds lie that are made by the habits, those that may differ in its name."""
        habits = self.runs.habits
        return self.work / "rounds" / f"second-{habits.second_share}-later-{habits.later_share}"

    def shown(self) -> dict[str, object]:
        """Lay out what stays the same when a training goes on, and no place."""
        plain = {name: value for name, value in asdict(self).items() if name not in _FREE}
        habits = asdict(self.runs.habits)
        schedule = self.schedule
        return {
            **plain,
            **{name: value for name, value in asdict(self.runs).items() if name != "habits"},
            **{name: value for name, value in habits.items() if name not in _FREE_HABITS},
            "facts": "given ones" if self.facts else "shipped ones",
            "rate": schedule.rate,
            "warm_up": schedule.warm_up,
            "decay": schedule.decay,
        }


class TinyProgress(TypedDict):
    """How far a training is."""

    step: int
    done: float
    """How much of it is over, from 0 to 1."""
    loss: float
    """Of the last steps, in nats a token of the policy's."""
    tokens_per_second: float
    """Read, over the whole training, waiting for lessons counted."""
    lessons: int
    rounds: int
    second_share: float
    """Of the habits that its lessons are made by at this step."""
    later_share: float
    """Likewise."""
    seconds: float
    dev: DevScores | None
    """Scores on the questions for validation, where they were just made."""


class TinyReport(TypedDict):
    """What came of a training."""

    model: str
    parameters: int
    pieces: int
    step: int
    lessons: int
    tokens: int
    seconds: float
    tokens_per_lesson: float
    test: DevScores
    """On questions of the test split, with the weights as they are in the folder."""


Show = Callable[[TinyProgress], None]
