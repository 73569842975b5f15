"""A training of the tiny policy that takes seconds: two languages, one layer, a few lessons."""

from pathlib import Path

from crosearch.tools.languages import Language
from crosearch.training.tiny_demonstrator import Habits
from crosearch.training.tiny_runs import RunSettings
from crosearch.training.tiny_settings import TinySettings
from crosearch.training.tiny_trainer import Schedule


def small_training(
    out: Path, *, seed: int = 0, steps: int = 8, second_share: float = 0.35
) -> TinySettings:
    """Return its settings: eight steps, with a checkpoint in the middle."""
    return TinySettings(
        out=out,
        schedule=Schedule(steps=steps, warm_up=2),
        runs=RunSettings(
            languages=(Language("en"), Language("fr")),
            subjects=60,
            runs=40,
            habits=Habits(second_share=second_share),
            seed=seed,
        ),
        width=64,
        layers=1,
        pieces=1_000,
        every=4,
        dev_questions=2,
    )
