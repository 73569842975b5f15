"""How large a story `learn.py` tells."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LearnSetting:
    """A world, and how long each arm may learn."""

    languages: tuple[str, ...]
    """That questions are asked in while it learns."""
    held_out: tuple[str, ...]
    """Of the world's, beside them: asked in by the comparison alone."""
    told_in: float
    """Languages that a fact is told in, in the mean: so few that the asker's tells fewer than half
    of them."""
    conflicts: float
    """Facts that languages tell differently: who believes the first that tells them is wrong in a
    third of the cases."""
    subjects: int
    seeds: tuple[int, ...]
    arms: tuple[str, ...]
    """Trained with every seed."""
    once: tuple[str, ...]
    """Trained with the first seed alone."""
    steps: int
    """Of GRPO's optimizer."""
    cooldown: int
    """Of the steps, the last ones, over which the learning rate falls."""
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
        languages = ",".join((*self.languages, *self.held_out))
        return [
            "--languages", languages, "--hold-out-languages", ",".join(self.held_out),
            "--subjects", str(self.subjects), "--told-in", str(self.told_in),
            "--conflicts", str(self.conflicts),
        ]  # fmt: skip

    @property
    def searches(self) -> int:
        """How many a run may make: one in each language."""
        return len(self.languages) + len(self.held_out)

    @property
    def evaluation(self) -> list[str]:
        """The options of `crosearch eval policy` that say how many questions are asked."""
        return ["--limit", str(self.limit), "--concurrency", "64"]


SETTINGS = {
    "small": LearnSetting(
        languages=("en", "de", "fr", "es", "ja", "ru"),
        held_out=("it", "nl"),
        told_in=2.0,
        conflicts=0.1,
        subjects=400,
        seeds=(0,),
        arms=("multilingual",),
        once=(),
        steps=40,
        cooldown=0,
        groups=8,
        every=20,
        limit=200,
        validation=60,
        ablations=False,
    ),
    "full": LearnSetting(
        languages=("en", "de", "fr", "es"),
        held_out=("it", "nl"),
        told_in=1.5,
        conflicts=0.05,
        subjects=1500,
        seeds=(0, 1, 2),
        arms=("multilingual", "same"),
        once=("rejection", "modelling"),
        steps=80,
        cooldown=30,
        groups=8,
        every=40,
        limit=400,
        validation=150,
        ablations=True,
    ),
}
