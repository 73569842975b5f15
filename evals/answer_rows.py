"""A finished run of an evaluation, scored, as one row of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from crosearch.evals.answer_metrics import answer_figures
from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.endings import given_answer, has_failed
from crosearch.evals.evidence_matrix import evidence_languages
from crosearch.training.answer_entities import AnswerEntities
from crosearch.training.trajectories import Trajectory

Indexed = Literal["own", "others"]
"""What the index held that a run searched: the asker's language too, or others only."""

INDEXED: tuple[Indexed, ...] = get_args(Indexed)


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerRow:
    """What came of one run."""

    entry: str
    """Which of the entries that are compared made it."""
    key: str
    """Names its record in the log."""
    question_id: str
    question: str
    fact: str
    """What is asked for, whatever the language."""
    language: str
    sample: int
    indexed: Indexed | None
    """None: nobody says."""
    failed: bool
    """The machine failed it: it is in no figure."""
    ending: str
    answer: str
    """Empty where it gave none."""
    meaning: str
    """What names the answer's meaning: equal in all languages for answers known to be the same."""
    cited: Sequence[str] = ()
    """The languages of the evidence that the answer cites, one for each piece."""
    retrieved: Sequence[str] = ()
    """The languages of all evidence that it was given."""
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """Of `ANSWER_FIGURES`, those that apply to it."""


def score_run(
    entry: str,
    record: Trajectory,
    question: EvalQuestion,
    entities: AnswerEntities,
    *,
    indexed: Indexed | None,
) -> AnswerRow:
    """Score a run.

    Args:
        entry: Which of those that are compared made it.
        record: The run; its transcript may be left out.
        question: What it was asked.
        entities: Tells what answers mean.
        indexed: Whether the asker's language was there to be searched.

    Raises:
        ValueError: The run was asked in another language than the question.
    """
    failed = has_failed(record)
    answer = "" if failed else given_answer(record)
    return AnswerRow(
        entry=entry,
        key=record["key"],
        question_id=question.id,
        question=question.text,
        fact=question.fact,
        language=question.language,
        sample=record["sample"],
        indexed=indexed,
        failed=failed,
        ending=record["ending"] or "failed",
        answer=answer,
        meaning=entities.entity(answer, question.language),
        cited=() if failed else evidence_languages(record, "cited"),
        retrieved=() if failed else evidence_languages(record, "retrieved"),
        figures={} if failed else answer_figures(record, question),
    )
