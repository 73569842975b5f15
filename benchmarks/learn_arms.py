"""The ways of learning that `learn.py` compares, each from the same start.

Rejection sampling sees as many runs as GRPO makes; language modelling reads the world's passages.
"""

from dataclasses import dataclass
from pathlib import Path

from learn_commands import Commands
from learn_settings import LearnSetting

TUNING_RATE = "3e-4"
"""Of supervised training; for a model of a few million parameters."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A way of learning, with its seed."""

    kind: str
    seed: int

    @property
    def name(self) -> str:
        """What it is called in tables and as a folder."""
        return f"{self.kind}-{self.seed}"


def arms_of(setting: LearnSetting) -> list[Arm]:
    """List the arms, those first that are trained with every seed."""
    arms = [Arm(kind=kind, seed=seed) for seed in setting.seeds for kind in setting.arms]
    return [*arms, *(Arm(kind=kind, seed=setting.seeds[0]) for kind in setting.once)]


def train_arm(commands: Commands, setting: LearnSetting, arm: Arm, policy: str) -> None:
    """Train one arm, or find that it is trained."""
    if arm.kind in ("multilingual", "same"):
        _grpo(commands, setting, arm, policy)
    elif arm.kind == "rejection":
        _rejection(commands, setting, arm, policy)
    else:
        _modelling(commands, arm, policy)


def _grpo(commands: Commands, setting: LearnSetting, arm: Arm, policy: str) -> None:
    several = f"languages:{setting.members}:{','.join(setting.languages)}"
    commands.run(
        "train", "grpo", commands.questions("train"), "--policy", policy,
        "--group", several if arm.kind == "multilingual" else f"same:{setting.members}",
        "--groups", str(setting.groups), "--steps", str(setting.steps),
        "--micro-batch", str(setting.groups * setting.members),
        "--learning-rate", str(setting.learning_rate), "--cooldown", str(setting.cooldown),
        "--temperature", str(setting.temperature),
        "--validation", commands.questions("validation"),
        "--validation-limit", str(setting.validation), "--every", str(setting.every),
        "--seed", str(arm.seed), *commands.searching, "--out", commands.model(arm.name),
    )  # fmt: skip


def _rejection(commands: Commands, setting: LearnSetting, arm: Arm, policy: str) -> None:
    log = commands.folder / "runs" / arm.name
    runs = setting.steps * setting.groups
    commands.run(
        "collect", commands.questions("train"), "--policy", policy, "--limit", str(runs),
        "--samples", str(setting.members), "--temperature", str(setting.temperature),
        "--seed", str(arm.seed), "--concurrency", "64", *commands.searching, "--out", log,
    )  # fmt: skip
    commands.run(
        "train", "sft", log, "--policy", policy, "--reward", "exact_match", "--threshold", "1",
        "--learning-rate", TUNING_RATE, "--seed", str(arm.seed), "--out", commands.model(arm.name),
    )  # fmt: skip


def _modelling(commands: Commands, arm: Arm, policy: str) -> None:
    passages: Path = commands.world / "passages.jsonl"
    commands.run(
        "train", "sft", "--objective", "language-modelling", "--passages", passages,
        "--learning-rate", TUNING_RATE, "--policy", policy, "--seed", str(arm.seed),
        "--out", commands.model(arm.name),
    )  # fmt: skip
