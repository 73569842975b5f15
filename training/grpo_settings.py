"""What GRPO trains with, and what comes of it: values alone, without torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from crosearch.graphs.context import SearchContext
from crosearch.tools.errors import UsageError
from crosearch.tools.settings import Source

LossType = Literal["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]
LOSS_TYPES: tuple[LossType, ...] = (
    "grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo",
)  # fmt: skip
"""TRL's; each normalises a batch in its own way."""

RewardScale = Literal["group", "batch", "none"]
REWARD_SCALES: tuple[RewardScale, ...] = ("group", "batch", "none")


@dataclass(frozen=True, kw_only=True, slots=True)
class GrpoSettings:
    """All that decides how a policy is trained; equal settings give equal weights."""

    policy: str
    """The policy to begin with: `tiny`, `local:NAME`, or a model's folder or its hub's name."""
    questions: str
    """What is asked, as for `read_questions`."""
    out: Path
    """Where the model is written; while it is trained, its checkpoints lie there."""
    source: Source = field(
        default_factory=lambda: Source(store="", corpus="sample", embedder="default")
    )
    """The corpus that is searched."""
    translator: str = "none"
    context: SearchContext = field(default_factory=SearchContext)
    """How a run goes; its temperature is overridden by `temperature`, its seed by `seed`."""

    group: str = "same:8"
    """How the members of a group differ, as for `parse_group_spec`."""
    groups: int = 16
    """Groups of a batch of rollouts, over all processes."""
    micro_batch: int = 8
    """Rollouts that are trained on at a time, in each process."""
    updates: int = 1
    """Steps of the optimizer that a batch of rollouts is cut into."""
    passes: int = 1
    """How often a batch of rollouts is gone through."""
    temperature: float = 1.0
    """At which the policy samples, and at which its probabilities are computed again."""
    max_tokens: int = 512
    """The longest turn."""
    concurrency: int = 128
    """Runs under way at once, in each process."""

    steps: int = 100
    """Steps of the optimizer."""
    learning_rate: float | None = None
    """None: 1e-5 with LoRA, else 1e-6."""
    warmup: int = 0
    """Steps over which the rate rises; then it stays."""
    cooldown: int = 0
    """The last steps, over which the rate falls to nothing, as half a cosine does."""
    beta: float = 0.0
    """The weight of the divergence from the policy as it began; 0 keeps no reference."""
    loss: LossType = "dapo"
    clip: float = 0.2
    """How far an importance ratio may fall below 1 before it is clipped."""
    clip_high: float | None = None
    """How far it may rise above 1; None: as far as it may fall."""
    scale: RewardScale = "batch"
    """What advantages are divided by: the rewards' deviation in the group or the batch, or 1. By
    the group's, a wrong answer among abstentions loses as much as a right one among them wins."""
    max_grad_norm: float = 1.0
    lora: int = 0
    """The rank of LoRA's matrices; 0 trains every weight."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again for the backward pass, which saves memory."""
    vllm: str = ""
    """The address of a vLLM server that samples; empty: the trained model samples itself."""

    validation: str = ""
    """Questions that are answered, greedily, at every checkpoint; empty: none."""
    validation_limit: int = 200
    """The most of them."""
    every: int = 20
    """Steps between two checkpoints."""
    keep: bool = False
    """Whether the rollouts are kept in a trajectory log, `OUT/rollouts`."""
    track: str = "none"
    """Who else is told each step's figures, as for `open_tracker`."""
    seed: int = 0
    deterministic: bool = False
    """Whether each turn is computed by itself, so that equal seeds give equal runs; slower."""
    rewards: Mapping[str, float] = field(default_factory=dict[str, float])
    """Weights that override the defaults of `RewardSettings`, by the component's name."""

    @property
    def rate(self) -> float:
        """The learning rate."""
        return self.learning_rate or (1e-5 if self.lora else 1e-6)


class Figures(TypedDict):
    """What came of a training; plain JSON."""

    policy: str
    out: str
    steps: int
    """Steps of the optimizer since the training began."""
    resumed_from: int | None
    """The step of the checkpoint that this process went on from; None: it began."""
    parameters: int
    trained_parameters: int
    rollouts: int
    """That this process' training asked for, over all processes."""
    unscorable: int
    """Of them, those that counted nowhere."""
    tokens: int
    """Read and sampled by the rollouts that were trained on."""
    trained_tokens: int
    """Of them, those that the policy sampled."""
    tokens_per_second: float
    """Of the whole training."""
    trainer_tokens_per_second: float
    """In forward and backward passes and steps of the optimizer alone."""
    seconds: dict[str, float]
    """By stage; `other` is what none of the stages took."""
    reward: float | None
    """Mean of the last ten steps' mean rewards."""
    validation: dict[str, float] | None
    """Of the model that was written."""
    best_step: int | None
    """The step whose weights were written; None: the last."""
    stopped: str
    """Why the training ended early; empty where it did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GrpoReport:
    """A trained policy, as a model's folder."""

    folder: Path
    figures: Figures
    history: tuple[Mapping[str, float], ...]
    """The metrics of each step, `step` among them."""
    stopped: str = ""
    """Why it ended early; empty where it did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GrpoProgress:
    """How far a training is."""

    step: int
    steps: int
    metrics: Mapping[str, float]
    """Of the latest step; empty before the first."""
    seconds: Mapping[str, float]
    """By stage, since this process began."""
    seconds_left: float | None
    """None where nobody knows."""


Show = Callable[[GrpoProgress], None]
Note = Callable[[str], None]
"""Is told what the person should know, such as a checkpoint that cannot be used."""


def check_settings(settings: GrpoSettings) -> None:
    """See that the settings can be; what depends on files is seen when they are read.

    Raises:
        UsageError: They cannot; the message says what to change.
    """
    for name in (
        "groups", "micro_batch", "updates", "passes", "max_tokens", "concurrency", "steps",
        "every", "validation_limit",
    ):  # fmt: skip
        if getattr(settings, name) < 1:
            raise UsageError(f"{name} is {getattr(settings, name)}; give 1 or more")
    for name in ("beta", "warmup", "cooldown", "lora", "seed"):
        if getattr(settings, name) < 0:
            raise UsageError(f"{name} is {getattr(settings, name)}; give 0 or more")
    for name in ("temperature", "clip", "max_grad_norm"):
        if not getattr(settings, name) > 0:
            raise UsageError(f"{name} is {getattr(settings, name):g}; it must be above 0")
    if settings.learning_rate is not None and not 0 < settings.learning_rate < 1:
        raise UsageError(
            f"the learning rate is {settings.learning_rate:g}; give one above 0 and below 1, "
            "such as 1e-6"
        )
    if settings.warmup + settings.cooldown > settings.steps:
        raise UsageError(
            f"the rate rises over {settings.warmup} steps and falls over {settings.cooldown}, and "
            f"there are {settings.steps}: give more steps, or a shorter warmup or cooldown"
        )
    _check_names(settings)
    if settings.every % (settings.updates * settings.passes):
        raise UsageError(
            f"a checkpoint every {settings.every} steps would cut a batch of rollouts, which makes "
            f"{settings.updates * settings.passes} steps: give a multiple of that"
        )


def _check_names(settings: GrpoSettings) -> None:
    if settings.loss not in LOSS_TYPES:
        raise UsageError(f"there is no loss {settings.loss!r}: known are {', '.join(LOSS_TYPES)}")
    if settings.scale not in REWARD_SCALES:
        raise UsageError(
            f"advantages cannot be scaled by {settings.scale!r}: known are "
            f"{', '.join(REWARD_SCALES)}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a batch of rollouts is shared out among processes and passes."""

    size: int
    """Members of a group."""
    groups: int
    """Groups of each process."""
    micro_batches: int
    """Of each process, in a batch of rollouts."""
    accumulation: int
    """Micro-batches of a step of the optimizer, in each process."""
    generations: int
    """Batches of rollouts in the whole training."""


def lay_out(settings: GrpoSettings, *, size: int, processes: int) -> Layout:
    """Share a batch out: whole groups to each process, equal micro-batches to each step.

    Raises:
        UsageError: A group has fewer than two members, or the numbers do not divide.
    """
    if size < 2:
        raise UsageError(
            f"a group of {size} has nothing to be compared with: give groups of two or more, "
            "such as --group same:8"
        )
    if settings.groups % processes:
        raise UsageError(
            f"{settings.groups} groups cannot be shared out among {processes} processes: give a "
            f"multiple of {processes}"
        )
    rollouts = settings.groups // processes * size
    if rollouts % (settings.micro_batch * settings.updates):
        raise UsageError(
            f"the {rollouts} rollouts of a process ({settings.groups // processes} groups of "
            f"{size}) cannot be cut into {settings.updates} x micro-batches of "
            f"{settings.micro_batch}: give a micro-batch that divides {rollouts}"
        )
    micro_batches = rollouts // settings.micro_batch
    return Layout(
        size=size,
        groups=settings.groups // processes,
        micro_batches=micro_batches,
        accumulation=micro_batches // settings.updates,
        generations=-(-settings.steps // (settings.updates * settings.passes)),
    )
