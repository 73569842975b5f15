"""The folder of a GRPO training: one run's own, found again after a kill, and a model in the end.

While a policy is trained, all that belongs to the training lies in `training/` within the folder:
settings, checkpoints, metrics. The model appears beside it when it is done.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import cast

from crosearch.training.grpo_settings import Figures, GrpoReport, GrpoSettings
from crosearch.training.training_folder import bring_model, hold_folder, read_json, write_json

_FIGURES = "figures.json"
_HISTORY = "history.json"
_FREE = ("out", "concurrency", "every", "keep", "vllm", "source", "track")
"""Settings that may differ when a training goes on."""


class GrpoRun:
    """A training's folder."""

    def __init__(self, out: Path) -> None:
        """Know where everything lies."""
        self.out = out
        self.state = out / "training"
        self.checkpoints = self.state / "checkpoints"
        self.metrics = self.state / "metrics.jsonl"
        self.rollouts = out / "rollouts"

    def finished(self) -> GrpoReport | None:
        """Return what came of the training, if it is done."""
        figures, history = read_json(self.state / _FIGURES), read_json(self.state / _HISTORY)
        if figures is None or history is None:
            return None
        done = cast(Figures, figures)
        steps = cast("list[Mapping[str, float]]", history["steps"])
        return GrpoReport(
            folder=self.out, figures=done, history=tuple(steps), stopped=done["stopped"]
        )

    def finish(
        self, model: Path, figures: Figures, history: tuple[Mapping[str, float], ...]
    ) -> GrpoReport:
        """Bring a saved model to its place; only then does the training count as done.

        Args:
            model: A folder on the same disk; it goes.
            figures: What came of the training.
            history: The metrics of each step.
        """
        bring_model(model, self.out)
        write_json(self.state / _HISTORY, {"steps": list(history)})
        write_json(self.state / _FIGURES, figures)
        return GrpoReport(
            folder=self.out, figures=figures, history=history, stopped=figures["stopped"]
        )


@contextmanager
def open_grpo_run(settings: GrpoSettings, *, main: bool) -> Iterator[GrpoRun]:
    """Hold the folder of a run, and note the settings in it.

    Args:
        settings: The run's.
        main: Whether this is the first of the training's processes, which alone writes.

    Raises:
        UsageError: It holds another run, or something else; the message says which settings differ.
        TrainingError: Another process is at it, or it cannot be written.
    """
    run = GrpoRun(settings.out)
    if not main:
        yield run
        return
    with hold_folder(run.state, settings_json(settings)):
        shutil.rmtree(run.state / "model", ignore_errors=True)
        yield run


def settings_json(settings: GrpoSettings) -> dict[str, object]:
    """Lay out what decides the weights, and no place, address or header."""
    plain: dict[str, object] = {
        name: value for name, value in asdict(settings).items() if name not in _FREE
    }
    return plain | {"corpus": settings.source.corpus, "embedder": settings.source.embedder}
