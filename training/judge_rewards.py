"""The reward `judge`: what an LLM judge thinks of the runs of a group, relative to each other.

As RULER does (OpenPipe's ART), the runs of a question are judged together; the scores mean nothing
outside of their group, which is all that a group's advantages need. A group that could not be
judged has no scores at all, and so no advantage.
"""

import asyncio
import logging
from collections.abc import Sequence

from crosearch.agents.judge import Attempt, AttemptGroup, Judge, JudgementError, load_judge
from crosearch.tools.errors import TrainingError
from crosearch.training.gold_answers import gold_texts
from crosearch.training.trajectories import Trajectory

_FAILURES_IN_A_ROW = 10
"""Groups that could not be judged, one after the other, after which a training is ended."""

_log = logging.getLogger(__name__)


class GroupJudge:
    """Scores groups by an LLM judge."""

    def __init__(self, judge: Judge | None = None) -> None:
        """Take a judge; None: the one that `CROSEARCH_JUDGE` names.

        Raises:
            UsageError: There is none, or its endpoint cannot be called so.
        """
        self.judge = judge or load_judge()
        self._in_a_row = 0

    def __call__(self, records: Sequence[Trajectory]) -> list[float] | None:
        """Score the runs of one group from 0 to 1; None where they could not be judged.

        A single run is not judged: there is nothing to compare it with.

        Raises:
            TrainingError: Group after group could not be judged.
        """
        if len(records) < 2:
            return None
        try:
            judgements = asyncio.run(self.judge.judge(attempt_group(records)))
        except JudgementError as error:
            self._note(records[0], error)
            return None
        self._in_a_row = 0
        return [judgement.score for judgement in judgements]

    def _note(self, record: Trajectory, error: JudgementError) -> None:
        self._in_a_row += 1
        _log.warning("the runs of %r have no reward: %s", record["question"][:80], error)
        if self._in_a_row >= _FAILURES_IN_A_ROW:
            raise TrainingError(
                f"{self._in_a_row} groups one after the other could not be judged, the last one "
                f"because {error}"
            ) from error


def attempt_group(records: Sequence[Trajectory]) -> AttemptGroup:
    """Tell what a judge is shown of the runs of one question.

    Args:
        records: At least one, all of one group.
    """
    first = records[0]
    return AttemptGroup(
        question=first["question"],
        language=first["language"],
        known=gold_texts(first["answers"], first["language"]),
        attempts=[_attempt(record) for record in records],
    )


def _attempt(record: Trajectory) -> Attempt:
    cited = set(record["citations"])
    return Attempt(
        searches=record["searches"],
        cited=[entry for entry in record["evidence"] if entry["number"] in cited],
        found=len(record["evidence"]),
        answer=record["answer"] if record["ending"] == "answered" else "",
        declined=not record["found"],
    )
