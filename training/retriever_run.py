"""The folder of a training: one run's own, found again after a kill, and a model in the end.

While a model is trained, all that belongs to the training lies in `training/` within the folder:
the settings, checkpoints, and what was made once for it (the model it starts from, mined
negatives, a teacher's vectors). The model appears beside it when it is done.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from crosearch.training import training_folder
from crosearch.training.new_folder import new_folder
from crosearch.training.retriever_settings import Figures, RetrieverTraining, settings_json
from crosearch.training.training_folder import (
    bring_model,
    hold_folder,
    read_json,
    tell_difference,
    write_json,
    write_text,
)

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
        figures = read_json(self.state / _FIGURES)
        history = read_json(self.state / _HISTORY)
        if figures is None or history is None:
            return None
        return cast(Figures, figures), cast(list[dict[str, float]], history)

    def finish(
        self, model: Path, card: str, figures: Figures, history: list[dict[str, float]]
    ) -> None:
        """Bring a saved model to its place, with its card; only then does it count as done.

        Args:
            model: A folder on the same disk; it goes.
            card: The text of README.md.
            figures: What came of the training.
            history: Scores by step.
        """
        bring_model(model, self.out, telling=_MODEL)
        write_text(self.out / "README.md", card)
        write_json(self.state / _HISTORY, history)
        write_json(self.state / _FIGURES, figures)
        for path in self.state.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


def check_folder(settings: RetrieverTraining) -> None:
    """See that a folder is new, or holds this very run.

    Raises:
        UsageError: It holds another run or something else; the message says which settings differ.
    """
    training_folder.check_folder(
        Run(settings.out).state, settings_json(settings), tell=_tell_difference
    )


@contextmanager
def open_run(settings: RetrieverTraining) -> Iterator[Run]:
    """Hold the folder of a run, and note the settings in it.

    Raises:
        UsageError: It holds another run.
        TrainingError: Another process is at it, or it cannot be written.
    """
    run = Run(settings.out)
    with hold_folder(run.state, settings_json(settings), tell=_tell_difference):
        for path in run.state.glob(".*.unfinished"):
            shutil.rmtree(path)
        yield run


@contextmanager
def made_once(folder: Path) -> Iterator[Path | None]:
    """Give a folder to fill if it is not there yet; it appears whole."""
    if folder.is_dir():
        yield None
    else:
        with new_folder(folder) as workplace:
            yield workplace


def _tell_difference(name: str, there: object, here: object) -> str:
    if name == "data":
        return "other data files, contents or weights"
    return tell_difference(name, there, here)
