"""`crosearch eval score`: figures of runs that were collected already."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.dataset_options import Split
from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import print_error

if TYPE_CHECKING:
    from crosearch.evals.answers_evaluation import AnswerEvaluation
    from crosearch.evals.dataset_types import EvalDataset

EXAMPLES = examples(
    "crosearch eval score runs",
    "crosearch eval score runs other-runs --out report",
    "crosearch eval score runs --dataset xquad --data xquad --out report --json",
)


def score(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOG...", help="Folders that crosearch collect wrote to."),
    ],
    dataset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The data set whose questions were asked, with its gold answers and documents "
            "(else the gold answers that the runs were collected with).",
            show_default=False,
        ),
    ] = "",
    data: Annotated[
        str,
        typer.Option(metavar="PATH", help="Its file or folder.", show_default=False),
    ] = "",
    split: Split = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A new folder, which gets the report.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score runs that were collected already, and compare what made them.

    Runs of one policy, strategy, index and settings are an entry of the report. Nothing is run.
    """
    from crosearch.evals.answers_scoring import score_logs

    scored = score_logs(logs, _dataset(dataset, data, split))
    if scored.left_out:
        print_error(f"{scored.left_out:,} runs are left out: nothing says what is right for them")
    _report(scored, logs, out, as_json=as_json)


def _dataset(name: str, data: str, split: str) -> "EvalDataset | None":
    from crosearch.evals.datasets import open_dataset
    from crosearch.tools.errors import UsageError

    if bool(name) != bool(data):
        raise UsageError("a data set takes both --dataset, its name, and --data, where it lies")
    if split and not name:
        raise UsageError(f"--split {split} is of a data set: name it with --dataset and --data")
    return open_dataset(name, data, split=split) if name else None


def _report(
    scored: "AnswerEvaluation", logs: list[Path], out: Path | None, *, as_json: bool
) -> None:
    from crosearch.cli.eval_answers_report import print_evaluation
    from crosearch.evals.answers_evaluation import write_evaluation
    from crosearch.evals.answers_folder import MANIFEST
    from crosearch.training.new_folder import new_folder
    from crosearch.training.several_logs import run_reader
    from crosearch.training.training_folder import write_json

    if out is not None:
        with new_folder(out) as folder:
            write_json(folder / MANIFEST, scored.manifest)
            write_evaluation(scored, folder, run_reader(logs))
    print_evaluation(scored, out, as_json=as_json)
