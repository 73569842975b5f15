"""What the rewards of a training weigh, all in one place."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from crosearch.tools.errors import UsageError

DEFAULT_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        # What a right answer earns: 1 in all.
        "answer": 0.8,
        "citations": 0.15,
        "answer_f1": 0.05,
        # An honest failure. It is more than all that a wrong answer can earn, which is less than
        # what `answer_f1` weighs, and far less than a right one.
        "abstention": 0.1,
        # Penalties.
        "language": 0.1,
        "format": 0.1,
        "length": 0.05,
        "anti_consistency": 0.02,
        "search_cost": 0.02,
        "repeats": 0.05,
        # Told, and not rewarded: each can be had by listing all that might be right, or says of
        # the runs of one group nothing that `answer` does not.
        "exact_match": 0.0,
        "flexible_match": 0.0,
        "c3recall_bergen": 0.0,
        "c3recall_lcrl": 0.0,
        "consistency": 0.0,
        # What an LLM judge says (`judge_rewards`); without a weight nobody is asked.
        "judge": 0.0,
    }
)
"""Penalties are negative values with positive weights."""

LCRL_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {**dict.fromkeys(DEFAULT_WEIGHTS, 0.0), "c3recall_lcrl": 1.0, "anti_consistency": 0.02}
)
"""What LcRL (arXiv 2601.14896) trains with. It pays for lists and says so nowhere: see
`c3recall_lcrl`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RewardSettings:
    """What each reward weighs, and when searching begins to cost."""

    weights: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    """By name; `module:function` is a function of the user's own."""
    cost_from: float = 0.6
    """The share of right answers at which searching begins to cost."""
    cost_full: float = 0.8
    """The share at which it costs all that it weighs."""
    memory: float = 0.9
    """How much of the share is that of the batches before; 0 looks at the latest alone."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot be.

        Raises:
            UsageError: A weight is no number or of no reward, all are 0, or a share is none.
        """
        for name, weight in self.weights.items():
            if name not in DEFAULT_WEIGHTS and ":" not in name:
                raise UsageError(
                    f"there is no reward {name!r}: known are {', '.join(DEFAULT_WEIGHTS)}, and "
                    "functions of your own as module:function"
                )
            if not math.isfinite(weight):
                raise UsageError(f"the weight of the reward {name!r} is {weight}; give a number")
        if not any(self.weights.values()):
            raise UsageError("no reward has a weight other than 0: nothing could be learnt")
        if not 0 <= self.cost_from < self.cost_full <= 1:
            raise UsageError(
                f"searching would cost from {self.cost_from} and all from {self.cost_full} right "
                "answers; give two shares from 0 to 1, the first the smaller"
            )
        if not 0 <= self.memory < 1:
            raise UsageError(f"memory is {self.memory}; it must be from 0 to below 1")


def parse_weights(
    given: Sequence[str], base: Mapping[str, float] = DEFAULT_WEIGHTS
) -> dict[str, float]:
    """Read weights such as `citations=0.3` or `my_rewards:brief=0.1`, and put them over others.

    Raises:
        UsageError: One is not of that form.
    """
    weights = dict(base)
    for text in given:
        name, equals, value = text.rpartition("=")
        try:
            weights[name.strip()] = float(value)
        except ValueError as error:
            raise UsageError(f"{text!r} is no weight: give name=number") from error
        if not equals or not name.strip():
            raise UsageError(f"{text!r} is no weight: give name=number")
    return weights
