"""Brings together what is called the same, such as the policies of several seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from crosearch.evals.policies_arms import PolicyEntry
from crosearch.evals.policies_bootstrap import Bootstrap, Observation, Ratio
from crosearch.evals.policies_figures import observe
from crosearch.evals.policies_runs import EntryRuns
from crosearch.training.answer_entities import AnswerEntities

Ratios = dict[str, Ratio]
"""Figures by name, as quotients of sums."""


@dataclass(frozen=True)
class Arm:
    """The entries that are called the same, with their runs and figures, one for each."""

    entries: list[PolicyEntry] = field(default_factory=list[PolicyEntry])
    runs: list[EntryRuns] = field(default_factory=list[EntryRuns])
    ratios: list[Ratios] = field(default_factory=list[Ratios])

    @cached_property
    def pooled(self) -> Ratios:
        """The figures of all of them together: answers agree, or not, within each alone."""
        names = dict.fromkeys(name for ratios in self.ratios for name in ratios)
        return {
            name: Ratio.added([ratios[name] for ratios in self.ratios if name in ratios])
            for name in names
        }


def pool(
    entries: Sequence[PolicyEntry],
    runs: Sequence[EntryRuns],
    bootstrap: Bootstrap,
    entities: AnswerEntities,
) -> Mapping[str, Arm]:
    """Count what was observed of each entry, and return the arms by title."""
    arms: dict[str, Arm] = {}
    for entry, made in zip(entries, runs, strict=True):
        arm = arms.setdefault(entry.title, Arm())
        arm.entries.append(entry)
        arm.runs.append(made)
        arm.ratios.append(_ratios(made, bootstrap, entities))
    return arms


def _ratios(made: EntryRuns, bootstrap: Bootstrap, entities: AnswerEntities) -> Ratios:
    observed: dict[str, list[Observation]] = {}
    for name, observation in observe(made.runs, entities):
        observed.setdefault(name, []).append(observation)
    return {name: bootstrap.ratio(ones) for name, ones in observed.items()}
