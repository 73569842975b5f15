"""What is counted of each run when policies are compared.

A figure is a quotient of sums over runs, or over pairs of askers' languages; what of each run
enters which figure is said here, and nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crosearch.evals.consistency import FactAnswer, observe_agreement
from crosearch.evals.endings import has_answered, has_declined
from crosearch.evals.policies_bootstrap import Observation
from crosearch.evals.policies_questions import Kind
from crosearch.evals.search_figures import search_figures
from crosearch.training.answer_entities import AnswerEntities
from crosearch.training.reward_functions import flexible
from crosearch.training.trajectories import Trajectory

Named = tuple[str, Observation]
"""A figure's name, and what a run, or a pair of them, adds to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredRun:
    """A run that the machine did not fail, with what a comparison looks at."""

    fact: str
    kind: Kind | None
    sample: int
    record: Trajectory

    @property
    def is_right(self) -> float | None:
        """1 for an exact match; None where no gold answer is known, or none could be found."""
        matched = self.record["rewards"].get("exact_match")
        return None if self.kind == "nowhere" else matched

    @property
    def has_answered(self) -> bool:
        """Whether it gave an answer that it holds for one."""
        return has_answered(self.record)

    @property
    def has_declined(self) -> bool:
        """Whether it said that there is no answer to be found."""
        return has_declined(self.record)


def observe(runs: Sequence[ScoredRun], entities: AnswerEntities) -> Iterator[Named]:
    """Say what one policy's runs add to its figures."""
    for run in runs:
        for name, value, weight in _of_run(run):
            yield name, (run.fact, value, weight)
    scored = (_fact_answer(run, run.is_right, entities) for run in runs if run.is_right is not None)
    yield from observe_agreement(scored)


def _of_run(run: ScoredRun) -> Iterator[tuple[str, float, float]]:
    record, right = run.record, run.is_right
    if right is not None:
        yield "exact_match", right, 1
        yield "flexible_match", flexible(record), 1
        yield f"language:{record['language']}", right, 1
        if run.kind in ("own", "other"):
            yield f"{run.kind}_language", right, 1
    if run.kind is not None:
        yield f"kind:{run.kind}", float(right or 0), 1
        declined = "right_abstentions" if run.kind == "nowhere" else "wrong_abstentions"
        yield declined, run.has_declined, 1
    elif right is not None:
        yield "wrong_abstentions", run.has_declined, 1
    yield "answered", run.has_answered, 1
    if run.has_answered:
        yield "answer_language", record["answer_language"] == record["language"], 1
    for name, number in search_figures(record).items():
        yield name, number, 1


def _fact_answer(run: ScoredRun, is_right: float, entities: AnswerEntities) -> FactAnswer:
    language = run.record["language"]
    answer = run.record["answer"] if run.has_answered else ""
    return FactAnswer(
        fact=run.fact,
        sample=run.sample,
        language=language,
        meaning=entities.entity(answer, language),
        is_right=bool(is_right),
    )
