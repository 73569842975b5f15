"""A training's folder: one training's own, unless nothing came of it."""

from pathlib import Path

import pytest

from crosearch.tools.errors import TrainingError, UsageError
from crosearch.training.training_folder import hold_folder


def refuse(place: Path, seed: int, *left: Path) -> None:
    """Begin a training that is refused, after it left some files."""
    with hold_folder(place, {"seed": seed}):
        for path in left:
            path.write_text("kept", encoding="utf-8")
        raise TrainingError("refused")


def test_who_was_refused_may_come_again_with_other_settings(tmp_path: Path) -> None:
    place = tmp_path / "out" / "training"
    with pytest.raises(TrainingError, match="refused"):
        refuse(place, 0)
    with hold_folder(place, {"seed": 1}):
        pass
    with pytest.raises(UsageError, match="seed 1 there, 0 here"), hold_folder(place, {"seed": 0}):
        pass


def test_who_had_begun_before_stays_what_it_was(tmp_path: Path) -> None:
    place = tmp_path / "out" / "training"
    with hold_folder(place, {"seed": 0}):
        pass
    with pytest.raises(TrainingError, match="refused"):
        refuse(place, 0)
    with pytest.raises(UsageError, match="seed 0 there, 1 here"), hold_folder(place, {"seed": 1}):
        pass


@pytest.mark.parametrize("left", ["training/checkpoint", "model.safetensors"])
def test_who_failed_after_it_left_something_stays_what_it_was(tmp_path: Path, left: str) -> None:
    place = tmp_path / "out" / "training"
    with pytest.raises(TrainingError, match="refused"):
        refuse(place, 0, tmp_path / "out" / left)
    with pytest.raises(UsageError, match="seed 0 there, 1 here"), hold_folder(place, {"seed": 1}):
        pass
    with hold_folder(place, {"seed": 0}):
        pass
