"""The folder of a training: one run's own, found again after a kill, and a model in the end.

While a model is trained, all that belongs to the training lies in `training/` within the folder:
the settings, checkpoints, and what was made once for it (the model it starts from, mined
negatives, a teacher's vectors). The model appears beside it when it is done.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from crosearch.tools.errors import TrainingError, UsageError
from crosearch.tools.lock import LockHeldError, sole_lock
from crosearch.training.new_folder import new_folder
from crosearch.training.retriever_settings import Figures, RetrieverTraining, settings_json

_SETTINGS = "settings.json"
_FIGURES = "figures.json"
_HISTORY = "history.json"
_MODEL = "modules.json"


class Run:
    """A training's folder, held by this process alone."""

    def __init__(self, out: Path) -> None:
        """Know where everything lies."""
        self.out = out
        self.state = out / "training"
        self.checkpoints = self.state / "checkpoints"

    def finished(self) -> tuple[Figures, list[dict[str, float]]] | None:
        """Return what came of the training, if it is done."""
        figures = _read(self.state / _FIGURES)
        history = _read(self.state / _HISTORY)
        if figures is None or history is None:
            return None
        return cast(Figures, figures), cast(list[dict[str, float]], history)

    def finish(
        self, model: Path, card: str, figures: Figures, history: list[dict[str, float]]
    ) -> None:
        """Bring a saved model to its place, with its card; only then does it count as done.

        Args:
            model: A folder on the same disk; it is emptied.
            card: The text of README.md.
            figures: What came of the training.
            history: Scores by step.
        """
        # What tells a model from a folder comes last.
        for path in sorted(model.iterdir(), key=lambda path: path.name == _MODEL):
            target = self.out / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
        _write(self.out / "README.md", card)
        _write(self.state / _HISTORY, json.dumps(history, indent=1))
        _write(self.state / _FIGURES, json.dumps(figures, indent=1))
        for path in self.state.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


def check_folder(settings: RetrieverTraining) -> None:
    """See that a folder is new, or holds this very run.

    Raises:
        UsageError: It holds another run or something else; the message says which settings differ.
    """
    out = settings.out
    if out.exists() and not out.is_dir():
        raise UsageError(f"{str(out)!r} is a file: give a folder")
    there = _read(out / "training" / _SETTINGS)
    if there is None:
        if out.is_dir() and any(path.name != "training" for path in out.iterdir()):
            raise UsageError(f"{str(out)!r} holds something else: give a folder that is not there")
        return
    own = json.loads(json.dumps(settings_json(settings)))
    differing = [
        _difference(name, there.get(name), own.get(name))
        for name in sorted(own.keys() | there.keys())
        if own.get(name) != there.get(name)
    ]
    if differing:
        raise UsageError(
            f"{str(out)!r} holds another run: {'; '.join(differing)}. Give another folder, or the "
            "settings it began with"
        )


@contextmanager
def open_run(settings: RetrieverTraining) -> Iterator[Run]:
    """Hold the folder of a run, and note the settings in it.

    Raises:
        UsageError: It holds another run.
        TrainingError: Another process is at it, or it cannot be written.
    """
    check_folder(settings)
    run = Run(settings.out)
    try:
        run.state.mkdir(parents=True, exist_ok=True)
        with sole_lock(run.state / "lock"):
            check_folder(settings)
            if not (run.state / _SETTINGS).is_file():
                _write(run.state / _SETTINGS, json.dumps(settings_json(settings), indent=1))
            for path in run.state.glob(".*.unfinished"):
                shutil.rmtree(path)
            yield run
    except LockHeldError as error:
        raise TrainingError(f"{str(settings.out)!r} is being trained {error.holder}") from error
    except OSError as error:
        raise TrainingError(
            f"cannot write to {str(settings.out)!r}: {error.strerror or error}"
        ) from error


@contextmanager
def made_once(folder: Path) -> Iterator[Path | None]:
    """Give a folder to fill if it is not there yet; it appears whole."""
    if folder.is_dir():
        yield None
    else:
        with new_folder(folder) as workplace:
            yield workplace


def _difference(name: str, there: object, here: object) -> str:
    if name == "data":
        return "other data files, contents or weights"
    return f"{name.replace('_', ' ')} {there} there, {here} here"


def _read(path: Path) -> dict[str, object] | None:
    try:
        value: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise TrainingError(f"{path} is damaged: train into another folder") from error
    return value


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
