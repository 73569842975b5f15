"""Examples of an answers report's page, with the runs that they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crosearch.evals.answer_rows import AnswerRow
from crosearch.evals.answers_examples import Example
from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_runs import Piece, RunView, TurnView, view_run

_PIECES = 3
"""Pieces of evidence of a turn that are shown beside those that are cited."""

ReadRun = Callable[[str], Trajectory]
"""Reads a run from the log by its key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A turn, with what is shown of the evidence that it brought."""

    view: TurnView
    pieces: Sequence[Piece]
    left_out: int
    """Pieces of evidence that are not shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """A run of an example."""

    row: AnswerRow
    had: bool
    """Whether it has the figure that the example is about."""
    run: RunView
    steps: Sequence[Step]


@dataclass(frozen=True, kw_only=True, slots=True)
class Duel:
    """An example with both its runs."""

    example: Example
    sides: Sequence[Side]


def lay_out(example: Example, read_run: ReadRun, *, won: bool) -> Duel:
    """Read the runs of an example, and lay them out.

    Args:
        example: The question, and whose runs of it.
        read_run: Reads a run by its key; what it raises is passed on.
        won: Whether it is the entry that has the figure.
    """
    return Duel(
        example=example,
        sides=[
            _side(example.row, read_run(example.row.key), had=won),
            _side(example.rival, read_run(example.rival.key), had=not won),
        ],
    )


def _side(row: AnswerRow, record: Trajectory, *, had: bool) -> Side:
    run = view_run(record)
    return Side(row=row, had=had, run=run, steps=[_step(view) for view in run.turns])


def _step(view: TurnView) -> Step:
    cited = [piece for piece in view.new if piece.cited]
    others = [piece for piece in view.new if not piece.cited][:_PIECES]
    shown = [piece for piece in view.new if piece in cited or piece in others]
    return Step(view=view, pieces=shown, left_out=len(view.new) - len(shown))
