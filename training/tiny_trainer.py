"""Trains the tiny policy on rounds of lessons, and goes on after a kill.

Only the policy's tokens are learnt. The learning rate rises, stays, and falls to nothing over the
last part of the training, by steps or by minutes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from crosearch.tools.errors import TrainingError
from crosearch.training.tiny_lessons import Lesson
from crosearch.training.tiny_optimizer import TinyOptimizer
from crosearch.training.tiny_scramble import Scrambler

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

BATCH_TOKENS = 3_000
_CLIP = 1.0
_JITTER = 20
"""Tokens by which lengths are blurred, so that a batch's lessons differ from pass to pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """How the learning rate goes, and when the training ends."""

    rate: float = 2e-3
    """At its highest."""
    warm_up: int = 100
    """Steps over which it rises."""
    decay: float = 0.5
    """The last part of the training, in 0..1, over which it falls."""
    steps: int | None = None
    minutes: float | None = None
    """Of training; one of the two is given."""

    def done(self, position: "Position") -> float:
        """Tell how much of the training is over, from 0 to 1."""
        if self.steps is not None:
            return position.step / self.steps
        return position.seconds / (60 * (self.minutes or 1e-9))

    def rate_at(self, position: "Position") -> float:
        """Tell the learning rate of the next step."""
        left = max(0.0, 1 - self.done(position))
        return self.rate * min(1.0, (position.step + 1) / self.warm_up, left / self.decay)


@dataclass(kw_only=True, slots=True)
class Position:
    """How far the training is."""

    step: int = 0
    round: int = 0
    batch: int = 0
    """Within the round; the next one."""
    tokens: int = 0
    lessons: int = 0
    seconds: float = 0.0
    """Spent in training steps and in waiting for lessons."""


def batches_of(lessons: Sequence[Lesson], draw: random.Random) -> list[list[Lesson]]:
    """Group lessons of like lengths, so that little is padding, and shuffle the groups."""
    ordered = sorted(lessons, key=lambda lesson: len(lesson.ids) + draw.uniform(-_JITTER, _JITTER))
    batches: list[list[Lesson]] = [[]]
    longest = 0
    for lesson in ordered:
        longest = max(longest, len(lesson.ids))
        if batches[-1] and longest * (len(batches[-1]) + 1) > BATCH_TOKENS:
            batches.append([])
            longest = len(lesson.ids)
        batches[-1].append(lesson)
    draw.shuffle(batches)
    return batches


def round_batches(
    lessons: Sequence[Lesson], scrambler: Scrambler, *, seed: int, number: int, passes: int
) -> Iterator[list[Lesson]]:
    """Lay out a round: each lesson once a pass, the same for one seed and number."""
    draw = random.Random(f"{seed} {number}")
    for _ in range(passes):
        yield from batches_of([scrambler.scramble(lesson, draw) for lesson in lessons], draw)


def train_step(
    model: "PreTrainedModel",
    optimizer: TinyOptimizer,
    batch: Sequence[Lesson],
    rate: float,
) -> float:
    """Take one step, and return its loss in nats a token; see `lesson_loss`.

    Raises:
        TrainingError: The loss is not a number.
    """
    import torch

    model.train()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_halves_pay()):
        loss = lesson_loss(model, batch)
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
    torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
    held = np.concatenate([lesson.ids for lesson in batch])
    optimizer.step(rate, torch.from_numpy(held).long())
    value = float(loss.item())
    if not np.isfinite(value):
        raise TrainingError(f"the loss is {value} at a rate of {rate:g}: take a smaller --rate")
    return value


def _halves_pay() -> bool:
    """Tell whether the processor multiplies matrices of 16 bits; others take twice as long so."""
    import torch

    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def lesson_loss(model: "PreTrainedModel", batch: Sequence[Lesson]) -> "torch.Tensor":
    """Average the losses of the policy's tokens; logits are made for those alone."""
    import torch

    pad = torch.nn.utils.rnn.pad_sequence
    ids = pad([torch.from_numpy(lesson.ids).long() for lesson in batch], batch_first=True)
    learnt = pad([torch.from_numpy(lesson.learnt) for lesson in batch], batch_first=True)[:, 1:]
    # The padding lies behind, where no token that counts looks.
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
    logits = cast("torch.Tensor", model.lm_head(hidden[:, :-1][learnt]))
    return torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][learnt])
