"""The tiny policy learns its own tokens alone, at a rate that rises and falls."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_lessons import lessons, small_model, small_tokenizer

from crosearch.tools.errors import TrainingError
from crosearch.training.tiny_lessons import Lesson
from crosearch.training.tiny_optimizer import TinyOptimizer
from crosearch.training.tiny_scramble import Scrambler
from crosearch.training.tiny_trainer import (
    BATCH_TOKENS,
    Position,
    Schedule,
    batches_of,
    lesson_loss,
    round_batches,
    train_step,
)


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    schedule = Schedule(rate=1.0, warm_up=10, decay=0.25, steps=100)
    rates = [schedule.rate_at(Position(step=step)) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert set(rates[9:76]) == {1.0}
    assert rates[75:] == sorted(rates[75:], reverse=True)
    assert rates[-1] == 0.0


def test_minutes_end_it_as_steps_do() -> None:
    schedule = Schedule(minutes=2.0)
    assert schedule.done(Position(step=1_000_000, seconds=60.0)) == 0.5
    assert schedule.rate_at(Position(step=5_000, seconds=130.0)) == 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1_000), st.integers(1, 300))
def test_a_batch_holds_lessons_of_like_lengths_and_none_is_lost(seed: int, number: int) -> None:
    made = lessons(number, seed=seed)
    batches = batches_of(made, random.Random(seed))
    assert sorted(map(id, made)) == sorted(id(lesson) for batch in batches for lesson in batch)
    for batch in batches:
        longest = max(len(lesson.ids) for lesson in batch)
        assert len(batch) == 1 or longest * len(batch) <= BATCH_TOKENS


def test_a_round_is_laid_out_the_same_each_time_and_another_round_otherwise() -> None:
    made, scrambler = lessons(200), Scrambler(small_tokenizer(), 0.5)

    def ids(number: int) -> list[list[int]]:
        batches = round_batches(made, scrambler, seed=0, number=number, passes=2)
        return [lesson.ids.tolist() for batch in batches for lesson in batch]

    assert ids(0) == ids(0) != ids(1)
    assert len(ids(0)) == 400


def test_padding_does_not_matter() -> None:
    model, (one, other) = small_model(), lessons(2, seed=3)
    counts = [int(lesson.learnt[1:].sum()) for lesson in (one, other)]
    apart = [lesson_loss(model, [lesson]).item() for lesson in (one, other)]
    together = lesson_loss(model, [one, other]).item()
    mean = sum(loss * count for loss, count in zip(apart, counts, strict=True)) / sum(counts)
    assert together == pytest.approx(mean, rel=1e-5)


def test_what_is_not_the_policys_carries_no_loss() -> None:
    model, (lesson,) = small_model(), lessons(1)
    last = Lesson(ids=lesson.ids, learnt=np.arange(len(lesson.ids)) == len(lesson.ids) - 1)
    ids = torch.from_numpy(lesson.ids).long()[None]
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -2]
    expected = torch.nn.functional.cross_entropy(logits[None], ids[0, -1:])
    assert lesson_loss(model, [last]).item() == pytest.approx(expected.item(), rel=1e-5)


def test_steps_bring_the_loss_down() -> None:
    model, made = small_model(), lessons(8)
    optimizer = TinyOptimizer(model)
    losses = [train_step(model, optimizer, made, 3e-3) for _ in range(30)]
    assert losses[-1] < losses[0] / 2


def test_pieces_that_a_batch_does_not_hold_keep_their_embeddings() -> None:
    model, batch = small_model(), lessons(4)
    embeddings = model.get_input_embeddings().weight
    assert isinstance(embeddings, torch.Tensor)
    optimizer, before = TinyOptimizer(model), embeddings.detach().clone()
    train_step(model, optimizer, batch, 3e-3)
    changed = (embeddings != before).any(dim=1).nonzero().flatten().tolist()
    assert changed == sorted({int(piece) for lesson in batch for piece in lesson.ids})


def test_a_loss_that_is_no_number_ends_it() -> None:
    model = small_model()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"the loss is nan at a rate of 0\.1"):
        train_step(model, TinyOptimizer(model), lessons(2), 0.1)
