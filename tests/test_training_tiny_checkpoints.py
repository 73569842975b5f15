"""A training that goes on from a checkpoint is one that was never cut off."""

from pathlib import Path

import pytest
import torch
from tiny_lessons import lessons, small_model, small_tokenizer

from crosearch.tools.errors import TrainingError
from crosearch.training.tiny_checkpoints import resume, save_checkpoint
from crosearch.training.tiny_model import make_model
from crosearch.training.tiny_optimizer import TinyOptimizer
from crosearch.training.tiny_trainer import Position, train_step


def losses_of(
    model: torch.nn.Module, optimizer: TinyOptimizer, first: int, last: int
) -> list[float]:
    batches = [lessons(6, seed=step) for step in range(first, last)]
    return [train_step(model, optimizer, batch, 3e-3) for batch in batches]  # type: ignore[arg-type]  # a model of transformers


def test_the_losses_go_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    model = small_model()
    optimizer = TinyOptimizer(model)
    unbroken = losses_of(model, optimizer, 0, 5)
    save_checkpoint(tmp_path, model, optimizer, Position(step=5, round=2, batch=1, seconds=3.5))
    unbroken += losses_of(model, optimizer, 5, 10)

    again = small_model(seed=9)
    new = TinyOptimizer(again)
    position = resume(tmp_path, again, new, pytest.fail)
    assert position == Position(step=5, round=2, batch=1, seconds=3.5)
    assert losses_of(again, new, 5, 10) == unbroken[5:]


def test_without_a_checkpoint_it_begins(tmp_path: Path) -> None:
    model = small_model()
    assert resume(tmp_path, model, TinyOptimizer(model), pytest.fail) == Position()


def test_a_torn_checkpoint_is_passed_over(tmp_path: Path) -> None:
    model = small_model()
    optimizer = TinyOptimizer(model)
    losses_of(model, optimizer, 0, 1)
    save_checkpoint(tmp_path, model, optimizer, Position(step=1))
    torn = save_checkpoint(tmp_path, model, optimizer, Position(step=2))
    (torn / "seal.json").unlink()
    told: list[str] = []
    assert resume(tmp_path, model, optimizer, told.append).step == 1
    assert told == [
        "checkpoint-2 cannot be gone on from: it was being written when the training ended; "
        "the one before it is taken"
    ]


def test_older_ones_are_taken_away(tmp_path: Path) -> None:
    model = small_model()
    optimizer = TinyOptimizer(model)
    for step in (1, 2, 10):
        save_checkpoint(tmp_path, model, optimizer, Position(step=step))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-2"]


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    model = small_model()
    save_checkpoint(tmp_path, model, TinyOptimizer(model), Position(step=1))
    larger = make_model(small_tokenizer(), width=128, layers=1, seed=0)
    with pytest.raises(TrainingError, match="checkpoint-1 is not of this model"):
        resume(tmp_path, larger, TinyOptimizer(larger), pytest.fail)
