"""What an evaluation of answers came to, and how it is written into a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosearch.evals.answer_rows import AnswerRow
from crosearch.evals.answers_figures import AnswerComparison
from crosearch.evals.answers_folder import TABLE
from crosearch.evals.answers_page import write_page
from crosearch.evals.answers_page_traces import ReadRun
from crosearch.evals.answers_report import PAGE, write_report
from crosearch.evals.answers_table import write_table
from crosearch.evals.dataset_types import EvalQuestion
from crosearch.training.gold_answers import gold_texts


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerEvaluation:
    """What came of an evaluation."""

    comparison: AnswerComparison
    rows: Sequence[AnswerRow]
    questions: Sequence[EvalQuestion]
    manifest: Mapping[str, object]
    """What it was made of; plain JSON."""
    left_out: int = 0
    """Runs of scored logs that nothing says what is right for."""


def write_evaluation(evaluation: AnswerEvaluation, folder: Path, read_run: ReadRun) -> None:
    """Write the table, the figures and the report, for people and machines; each appears whole.

    Args:
        evaluation: What came of it.
        folder: Where to.
        read_run: Reads a run from the log by its key, for the page's examples.

    Raises:
        OSError: The disk is full or fails.
        LogError: A run cannot be read.
    """
    write_table(folder / TABLE, evaluation.rows)
    write_report(evaluation.comparison, folder)
    golds = {(str(asked.language), asked.id): _golds(asked) for asked in evaluation.questions}
    write_page(
        folder / PAGE,
        evaluation.comparison,
        evaluation.rows,
        golds=golds,
        read_run=read_run,
        manifest=evaluation.manifest,
    )


def _golds(question: EvalQuestion) -> list[str]:
    return gold_texts({str(code): t for code, t in question.answers.items()}, question.language)
