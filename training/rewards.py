"""Rewards: what the runs of a group are worth to a trainer.

The measures themselves are plain functions in `reward_functions` and `group_rewards`; what they
weigh stands in `reward_settings`. With the default weights

- a gold answer, cited where it stands, earns 1;
- an abstention after real searches that found no answer, which is the honest failure, earns 0.1;
- any other answer earns less than 0.05: a wrong one in few words, and every list, copied question,
  answer in the wrong language and answer that cites all that was found;
- to abstain without searching, or before evidence that holds the answer, earns 0 or less.

Searching costs nothing until answers are mostly right, and then only where the answer is right: so
that to search on is never worse than to give up. To search again for the same where it was searched
costs from the beginning.
"""

import importlib
import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import SupportsFloat, cast

from crosearch.tools.errors import TrainingError, UsageError
from crosearch.training.group_rewards import anti_consistency, consistency
from crosearch.training.judge_rewards import GroupJudge
from crosearch.training.reward_functions import (
    abstention,
    answer_f1,
    bergen_recall,
    citations,
    exact,
    flexible,
    format_kept,
    language,
    languages_beyond_the_first,
    lcrl_recall,
    length,
    repeats,
    right_answer,
)
from crosearch.training.reward_settings import RewardSettings
from crosearch.training.trajectories import Json, Trajectory

Reward = Callable[[Trajectory], float]
"""A reward of one run, by its record alone."""
JudgesGroups = Callable[[Sequence[Trajectory]], Sequence[float] | None]
"""Scores the runs of one group relative to each other; None: they could not be judged."""
Scores = dict[str, float]
"""A run's rewards by name, none of them weighed, and `total`, in which they are."""

TOTAL = "total"

_REWARDS: Mapping[str, Reward] = {
    "answer": right_answer,
    "citations": citations,
    "answer_f1": answer_f1,
    "abstention": abstention,
    "language": language,
    "format": format_kept,
    "length": length,
    "repeats": repeats,
    "exact_match": exact,
    "flexible_match": flexible,
    "c3recall_bergen": bergen_recall,
    "c3recall_lcrl": lcrl_recall,
}
_SEARCH_COST, _CONSISTENCY, _ANTI_CONSISTENCY = "search_cost", "consistency", "anti_consistency"
_JUDGE = "judge"


def with_rewards(record: Trajectory) -> Trajectory:
    """Score a collected run by `answer_f1` and `exact_match`, where a gold answer is known.

    A run that declined, or that ended without an answer, scores 0; one that the machine failed is
    not scored at all. All other rewards can be had from the record at any time.
    """
    if not is_scorable(record):
        return record
    rewards = {"answer_f1": answer_f1(record), "exact_match": exact(record)}
    return {**record, "rewards": {**record["rewards"], **rewards}}


def is_scorable(record: Trajectory) -> bool:
    """Tell whether a run can be scored: the machine did not fail it, and a gold answer is known."""
    return (
        not record["failures"]
        and record["ending"] is not None
        and any(golds for golds in record["answers"].values())
    )


class Rewards:
    """Scores groups, and brings the cost of searching in when answers are mostly right."""

    def __init__(
        self, settings: RewardSettings | None = None, judge: JudgesGroups | None = None
    ) -> None:
        """Load the user's own rewards, if there are any.

        Args:
            settings: What each reward weighs.
            judge: Asked where `judge` has a weight; None: a `GroupJudge` of `CROSEARCH_JUDGE`.

        Raises:
            UsageError: One cannot be loaded, or is no function of one record; or `judge` has a
                weight, and there is none.
        """
        self.settings = settings or RewardSettings()
        self._judge = (judge or GroupJudge()) if self.settings.weights.get(_JUDGE) else None
        own = [name for name in self.settings.weights if ":" in name]
        self._rewards = {**_REWARDS, **{name: load_reward(name) for name in own}}
        self._right = 0.0
        self._batches = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The rewards that each run gets, in their order; the total is not among them."""
        judge = (_JUDGE,) if self._judge else ()
        return (*self._rewards, _CONSISTENCY, _SEARCH_COST, *judge, _ANTI_CONSISTENCY)

    @property
    def cost_share(self) -> float:
        """How much of its weight searching costs now, from 0 to 1."""
        if not self._batches:
            return 0.0
        right = self._right / (1 - self.settings.memory**self._batches)
        settings = self.settings
        share = (right - settings.cost_from) / (settings.cost_full - settings.cost_from)
        return min(max(share, 0.0), 1.0)

    def score(self, records: Sequence[Trajectory]) -> list[Scores | None]:
        """Score the runs of one group.

        Args:
            records: The runs, in any order.

        Returns:
            For each run every reward by name, and their weighed sum as `total`; None for a run that
            cannot be scored: the machine failed it, or no gold answer is known. The others are
            scored as if it were not there. None for each where they had to be judged, and could
            not be.

        Raises:
            TrainingError: A reward raised, or gave what is no finite number; the message names the
                reward and the run.
        """
        scorable = [record for record in records if is_scorable(record)]
        judged = self._judge(scorable) if self._judge and scorable else None
        if self._judge and judged is None:
            return [None] * len(records)
        scored = [self._score_alone(record) for record in scorable]
        agreed = consistency(scorable)
        for record, scores, value in zip(scorable, scored, agreed, strict=True):
            scores[_CONSISTENCY] = value
            scores[_SEARCH_COST] = self._search_cost(record)
        for scores, value in zip(scored, judged or (), strict=judged is not None):
            scores[_JUDGE] = value
        worth = [self._weigh(scores) for scores in scored]
        penalties = anti_consistency(scorable, worth)
        for scores, penalty in zip(scored, penalties, strict=True):
            scores[_ANTI_CONSISTENCY] = penalty
            scores[TOTAL] = self._weigh(scores)
        found = iter(scored)
        return [next(found) if is_scorable(record) else None for record in records]

    def observe(self, scores: Sequence[Mapping[str, float] | None]) -> None:
        """Take note of a batch's scores: the share of right answers moves the cost of searching.

        Args:
            scores: What `score` gave for the runs of all the batch's groups, over all processes.
        """
        told = [one["answer"] for one in scores if one is not None]
        if not told:
            return
        memory = self.settings.memory
        self._right = memory * self._right + (1 - memory) * sum(told) / len(told)
        self._batches += 1

    def state(self) -> dict[str, Json]:
        """Return what `observe` has come to, for a checkpoint."""
        return {"right": self._right, "batches": self._batches}

    def load_state(self, state: Mapping[str, Json]) -> None:
        """Go on from a checkpoint.

        Raises:
            TrainingError: It is no state of rewards.
        """
        right, batches = state.get("right"), state.get("batches")
        if not isinstance(right, int | float) or not isinstance(batches, int):
            raise TrainingError(f"{state!r:.80} is no state of rewards: the checkpoint is damaged")
        self._right, self._batches = float(right), batches

    def _score_alone(self, record: Trajectory) -> Scores:
        return {name: _checked(name, reward, record) for name, reward in self._rewards.items()}

    def _search_cost(self, record: Trajectory) -> float:
        beyond = languages_beyond_the_first(record) if right_answer(record) else 0
        share = self.cost_share
        return -beyond * share if beyond and share else 0.0

    def _weigh(self, scores: Mapping[str, float]) -> float:
        weights = self.settings.weights
        return math.fsum(weights.get(name, 0.0) * value for name, value in scores.items())


def load_reward(name: str) -> Reward:
    """Load a reward of the user's own.

    Args:
        name: `module:function`; the function takes a trajectory and returns a number. The module
            may lie in the working directory.

    Raises:
        UsageError: There is no such module or function, or it takes something else.
    """
    module_name, _, function_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # An installed command does not look there, and the user does.
    try:
        module = importlib.import_module(module_name)
    # Whatever the user's module raises is the user's to read.
    except Exception as error:
        raise UsageError(
            f"the reward {name!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    function: object = getattr(module, function_name, None)
    if not callable(function):
        raise UsageError(f"the reward {name!r} cannot be loaded: there is no such function")
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        raise UsageError(
            f"the reward {name!r} has to take one argument, the trajectory: {error}"
        ) from error
    return cast("Reward", function)


def _checked(name: str, reward: Reward, record: Trajectory) -> float:
    where = f"the reward {name!r} of the run {record['key']}"
    try:
        value: object = reward(record)
    # A reward may be the user's own: whatever it raises is told with its name.
    except Exception as error:
        raise TrainingError(f"{where} raised {type(error).__name__}: {error}") from error
    if not isinstance(value, SupportsFloat):
        raise TrainingError(f"{where} is {value!r:.80}; it must be a number")
    number = float(value)
    if not math.isfinite(number):
        raise TrainingError(f"{where} is {number}; it must be a finite number")
    return number or 0.0  # and never minus zero
