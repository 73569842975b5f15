"""Checkpoints of the tiny policy's training: weights, the optimizer's state, and the position."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from crosearch.tools.errors import TrainingError
from crosearch.training.retriever_checkpoints import (
    latest_checkpoint,
    load_weights,
    save_weights,
    seal,
    step_of,
)
from crosearch.training.retriever_settings import Note
from crosearch.training.tiny_optimizer import TinyOptimizer
from crosearch.training.tiny_trainer import Position

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_OPTIMIZER = "optimizer.safetensors"
_POSITION = "position.json"
_KEPT = 2


def save_checkpoint(
    folder: Path,
    model: "PreTrainedModel",
    optimizer: TinyOptimizer,
    position: Position,
) -> Path:
    """Write a checkpoint; only once it is whole does it count, and older ones go."""
    from safetensors.torch import save_file

    target = folder / f"checkpoint-{position.step}"
    shutil.rmtree(target, ignore_errors=True)
    save_weights(model, target)
    save_file(optimizer.tensors(), str(target / _OPTIMIZER))
    (target / _POSITION).write_text(json.dumps(asdict(position)), encoding="utf-8")
    seal(target)
    for older in sorted(folder.glob("checkpoint-*"), key=step_of)[:-_KEPT]:
        shutil.rmtree(older)
    return target


def resume(
    folder: Path, model: "PreTrainedModel", optimizer: TinyOptimizer, note: Note
) -> Position:
    """Put model and optimizer back to the newest whole checkpoint; without one, to the beginning.

    Args:
        folder: Where checkpoints are kept.
        model: As it was made.
        optimizer: Fresh, on the model's weights.
        note: Is told of a torn checkpoint that was passed over.

    Raises:
        TrainingError: The checkpoint is of another model.
    """
    from safetensors.torch import load_file

    checkpoint = latest_checkpoint(folder, note)
    if checkpoint is None:
        return Position()
    load_weights(model, checkpoint)
    try:
        optimizer.load(load_file(str(checkpoint / _OPTIMIZER)))
        position = Position(**json.loads((checkpoint / _POSITION).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise TrainingError(f"{checkpoint.name} cannot be gone on from: {error}") from error
    return position
