"""How large a story `learn.py` tells."""

from dataclasses import dataclass

LANGUAGES = ("en", "de", "fr", "es", "ja", "ru")
HELD_OUT = ("it", "nl")
TOLD_IN = 2.0
"""Languages that a fact is told in, in the mean; so the asker's tells fewer than half of them."""


@dataclass(frozen=True, kw_only=True)
class LearnSetting:
    """A world, and how long each arm may learn."""

    subjects: int
    seeds: tuple[int, ...]
    arms: tuple[str, ...]
    """Trained with every seed."""
    once: tuple[str, ...]
    """Trained with the first seed alone."""
    steps: int
    """Of GRPO's optimizer."""
    groups: int
    """Of a step, with `members` runs each."""
    every: int
    """Steps between two checkpoints."""
    limit: int
    """Questions that are asked in the comparison, of each split."""
    validation: int
    """Questions that every checkpoint is asked."""
    ablations: bool
    """Whether the ways of searching are compared, with the first policy that was trained."""
    members: int = 8
    learning_rate: float = 1e-4
    temperature: float = 0.7

    @property
    def world(self) -> list[str]:
        """The options of `crosearch facts build`."""
        languages = ",".join((*LANGUAGES, *HELD_OUT))
        return [
            "--languages", languages, "--hold-out-languages", ",".join(HELD_OUT),
            "--subjects", str(self.subjects), "--told-in", str(TOLD_IN),
        ]  # fmt: skip

    @property
    def evaluation(self) -> list[str]:
        """The options of `crosearch eval policy` that say how many questions are asked."""
        return ["--limit", str(self.limit), "--concurrency", "64"]


SETTINGS = {
    "small": LearnSetting(
        subjects=400,
        seeds=(0,),
        arms=("multilingual",),
        once=(),
        steps=40,
        groups=8,
        every=20,
        limit=200,
        validation=60,
        ablations=False,
    ),
    "full": LearnSetting(
        subjects=1500,
        seeds=(0, 1, 2),
        arms=("multilingual", "same"),
        once=("rejection", "modelling"),
        steps=200,
        groups=8,
        every=20,
        limit=400,
        validation=120,
        ablations=True,
    ),
}
