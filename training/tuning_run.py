"""The folder of a tuning: one run's own, found again after a kill, and a policy in the end.

While the model is trained, all that belongs to the training lies in `training/` within the folder:
the settings, the examples as they were chosen, and the checkpoints. A log that grows meanwhile
does not change what is learnt. The model appears beside it when it is done.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from crosearch.training import training_folder
from crosearch.training.training_folder import bring_model, hold_folder, read_json, write_json
from crosearch.training.tuning_settings import Tuning, TuningFigures

_DONE = "done.json"


class TuningRun:
    """A tuning's folder, held by this process alone."""

    def __init__(self, out: Path) -> None:
        """Know where everything lies."""
        self.out = out
        self.state = out / "training"
        self.examples = self.state / "examples"
        self.checkpoints = self.state / "checkpoints"

    def finished(self) -> tuple[TuningFigures, list[dict[str, float]]] | None:
        """Return what came of the tuning, if it is done."""
        done = read_json(self.state / _DONE)
        if done is None:
            return None
        history = cast("list[dict[str, float]]", done["history"])
        return cast(TuningFigures, done["figures"]), history

    def finish(self, model: Path, figures: TuningFigures, history: list[dict[str, float]]) -> None:
        """Bring a saved model to its place; only then does the tuning count as done.

        Args:
            model: A folder within `state`; it goes.
            figures: What came of the tuning.
            history: Metrics by step.
        """
        bring_model(model, self.out)
        write_json(self.state / _DONE, {"figures": figures, "history": history})
        for path in self.state.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


def check_folder(tuning: Tuning) -> None:
    """See that a folder is new, or holds this very run.

    Raises:
        UsageError: It holds another run or something else; the message says which settings differ.
    """
    training_folder.check_folder(TuningRun(tuning.out).state, tuning.shown())


@contextmanager
def open_tuning(tuning: Tuning) -> Iterator[TuningRun]:
    """Hold the folder of a run, and note the settings in it.

    A folder in which nothing was made yet is taken away again where the block fails.

    Raises:
        UsageError: It holds another run.
        TrainingError: Another process is at it, or it cannot be written.
    """
    run = TuningRun(tuning.out)
    is_new = not tuning.out.exists()
    try:
        with hold_folder(run.state, tuning.shown()):
            for path in run.state.glob(".*.unfinished"):
                shutil.rmtree(path)
            yield run
    finally:
        if is_new and run.state.is_dir() and not run.examples.is_dir() and not run.finished():
            shutil.rmtree(tuning.out)
