"""A training that is killed, torn or led astray: what was trained before is never lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from retriever_trainings import small_training

from crosearch.tools.errors import TrainingError
from crosearch.tools.lock import sole_lock
from crosearch.training.retriever import train_retriever
from crosearch.training.retriever_checkpoints import latest_checkpoint

KILLED = Path(__file__).parent / "killed_training.py"
KILL_AFTER = 10
"""Two steps after a checkpoint, four before the end."""

Killed = dict[str, Path]


def kill(model: str, out: Path, step: int = KILL_AFTER) -> None:
    """Train in a process of its own, which dies after a step."""
    command = [sys.executable, str(KILLED), model, str(out), str(step)]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a killed run; tests copy it."""
    out = tmp_path_factory.mktemp("killed") / "model"
    kill("static", out)
    return out


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "model"))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "model"
    train_retriever(small_training(out))
    return out


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def checkpoint(run: Path, step: int) -> Path:
    return run / "training" / "checkpoints" / f"checkpoint-{step}"


def test_a_killed_run_that_goes_on_ends_with_the_weights_of_an_unbroken_one(
    run: Path, unbroken: Path
) -> None:
    notes: list[str] = []
    trained = train_retriever(small_training(run), note=notes.append)
    assert trained.figures["resumed_from"] == 8
    assert weights(run) == weights(unbroken)
    # Its scores before the kill are known as well.
    assert trained.history == train_retriever(small_training(unbroken)).history
    assert notes == []


@pytest.mark.slow
def test_so_does_a_transformer_with_dropout(tmp_path: Path) -> None:
    kill("transformer", tmp_path / "killed")
    train_retriever(small_training(tmp_path / "killed", "transformer"))
    train_retriever(small_training(tmp_path / "unbroken", "transformer"))
    assert weights(tmp_path / "killed") == weights(tmp_path / "unbroken")


def test_a_run_killed_before_its_first_checkpoint_begins_again(run: Path, unbroken: Path) -> None:
    shutil.rmtree(run / "training" / "checkpoints")
    trained = train_retriever(small_training(run))
    assert trained.figures["resumed_from"] is None
    assert weights(run) == weights(unbroken)


def test_a_run_killed_while_its_model_was_moved_into_place_is_finished(
    run: Path, unbroken: Path
) -> None:
    (run / "training" / "model").mkdir()
    (run / "model.safetensors").write_bytes(b"half of")
    train_retriever(small_training(run))
    assert weights(run) == weights(unbroken)


@pytest.mark.parametrize("file", ["optimizer.pt", "trained.safetensors", "trainer_state.json"])
def test_a_torn_checkpoint_is_told_of_and_the_one_before_is_taken(
    run: Path, unbroken: Path, file: str
) -> None:
    torn = checkpoint(run, 8) / file
    os.truncate(torn, torn.stat().st_size // 2)
    notes: list[str] = []
    trained = train_retriever(small_training(run), note=notes.append)
    assert trained.figures["resumed_from"] == 4
    assert len(notes) == 1
    assert f"checkpoint-8 cannot be gone on from: {file} is damaged" in notes[0]
    assert weights(run) == weights(unbroken)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("seal.json", "it was being written when the training ended"),
        ("scheduler.pt", "scheduler.pt is missing"),
    ],
)
def test_a_checkpoint_with_a_file_missing_is_not_taken(
    run: Path, damage: str, message: str
) -> None:
    (checkpoint(run, 8) / damage).unlink()
    notes: list[str] = []
    found = latest_checkpoint(run / "training" / "checkpoints", notes.append)
    assert found == checkpoint(run, 4)
    assert message in notes[0]
    assert not checkpoint(run, 8).exists()


def test_without_any_whole_checkpoint_a_run_begins_again(run: Path, unbroken: Path) -> None:
    for step in (4, 8):
        (checkpoint(run, step) / "seal.json").write_text("{")
    notes: list[str] = []
    trained = train_retriever(small_training(run), note=notes.append)
    assert trained.figures["resumed_from"] is None
    assert len(notes) == 2
    assert weights(run) == weights(unbroken)


def test_a_checkpoint_of_another_model_is_refused(run: Path, tmp_path: Path) -> None:
    other = small_training(run, dimension=16)
    settings = json.loads((run / "training" / "settings.json").read_text())
    (run / "training" / "settings.json").write_text(json.dumps(settings | {"dimension": 16}))
    shutil.rmtree(run / "training" / "start")
    with pytest.raises(TrainingError, match="checkpoint-8 is not of this model"):
        train_retriever(other)


@pytest.mark.parametrize("model", ["static", "transformer"])
def test_a_loss_that_is_no_number_stops_at_once_and_keeps_the_checkpoint_before(
    model: str, tmp_path: Path
) -> None:
    settings = small_training(tmp_path / "model", model, learning_rate=1e38, every=1)
    with pytest.raises(TrainingError, match=r"step \d+.*below 1e\+38.*another folder") as error:
        train_retriever(settings)
    assert "checkpoint before is kept" in str(error.value)
    notes: list[str] = []
    folder = tmp_path / "model" / "training" / "checkpoints"
    assert latest_checkpoint(folder, notes.append) is not None
    assert not notes
    assert not (tmp_path / "model" / "modules.json").exists()


def test_two_processes_do_not_train_in_one_folder(run: Path) -> None:
    with sole_lock(run / "training" / "lock"):
        with pytest.raises(TrainingError, match="is being trained by process"):
            train_retriever(small_training(run))


def test_settings_that_cannot_be_read_are_told(run: Path) -> None:
    (run / "training" / "settings.json").write_text("{")
    with pytest.raises(TrainingError, match=r"settings\.json is damaged"):
        train_retriever(small_training(run))
