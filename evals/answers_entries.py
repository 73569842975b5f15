"""What an evaluation of answers compares: policies, each with ways to search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product

from crosearch.agents.policy_settings import PolicySettings
from crosearch.evals.answers_figures import EntryTitle
from crosearch.graphs.baselines import BASELINES
from crosearch.tools.errors import UsageError

ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerEntry:
    """A policy with a strategy."""

    policy: str
    """As for `agents.load.load_policy`."""
    called: str
    """What the policy is called in reports."""
    strategy: str
    """One of `BASELINES`."""
    name: str
    """What the entry is called in reports."""
    settings: PolicySettings = PolicySettings()

    @property
    def title(self) -> EntryTitle:
        """The entry, as reports name it."""
        return EntryTitle(name=self.name, policy=self.called, strategy=self.strategy)


def parse_strategies(text: str) -> list[str]:
    """Read names of strategies with commas between them; `all` names all.

    Raises:
        UsageError: There is none, or one that nobody knows.
    """
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if names == [ALL]:
        return list(BASELINES)
    if not names:
        raise UsageError(f"there is no strategy to compare: give {ALL}, or some of {_known()}")
    for name in names:
        if name not in BASELINES:
            near = get_close_matches(name, BASELINES, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise UsageError(f"unknown strategy {name!r}{hint}; known are {ALL}, {_known()}")
    return names


def list_entries(
    policies: Mapping[str, str], strategies: Sequence[str], settings: PolicySettings
) -> list[AnswerEntry]:
    """List every policy with every strategy.

    Args:
        policies: The policies, by what they are called.
        strategies: As `parse_strategies` returns them.
        settings: What the policies are loaded with.
    """
    return [
        AnswerEntry(
            policy=policies[called],
            called=called,
            strategy=strategy,
            name=strategy if len(policies) == 1 else f"{called}, {strategy}",
            settings=settings,
        )
        for called, strategy in product(policies, strategies)
    ]


def _known() -> str:
    return ", ".join(BASELINES)
