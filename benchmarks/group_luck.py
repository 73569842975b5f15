"""How much of what sets a group's runs apart is the language that they were asked in.

    crosearch facts build --out world
    crosearch ingest world/passages.jsonl --corpus facts
    for SPEC in languages:8:en,de,fr,es same:8; do
        crosearch collect world/questions/train.jsonl --limit 64 --policy tiny --groups $SPEC \
            --temperature 0.7 --corpus facts --translator lexicon --passages 2 --max-tokens 96 \
            --out runs-${SPEC%%:*}
    done
    python benchmarks/group_luck.py world runs-languages runs-same

A run that is asked in a language which tells the fact finds it at once, whatever its policy is
like. Of the variance of exact match within the groups this tells the share that lies between runs
with that luck and the others: what a group's advantages hold and no action earned.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from crosearch.tools.languages import Language
from crosearch.training.facts import World, read_world
from crosearch.training.group_rewards import asked_in
from crosearch.training.reward_functions import exact
from crosearch.training.several_logs import latest_runs

Telling = Mapping[str, frozenset[Language]]


@dataclass(frozen=True, kw_only=True)
class Group:
    """The runs of one question; both of shape (runs,)."""

    deviations: NDArray[np.float64]
    """Of exact match, from the group's mean."""
    lucky: NDArray[np.bool_]

    @property
    def total(self) -> float:
        """The deviations' squares, summed."""
        return float((self.deviations**2).sum())

    @property
    def by_luck(self) -> float:
        """The part of them that lies between the lucky runs and the others."""
        parts = (self.deviations[self.lucky], self.deviations[~self.lucky])
        return sum(float(len(part) * part.mean() ** 2) for part in parts if len(part))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("world", help="the folder that crosearch facts build made")
    parser.add_argument("runs", nargs="+", help="folders that crosearch collect --groups filled")
    arguments = parser.parse_args()
    telling = telling_languages(read_world(arguments.world))
    table = Table("runs", "groups", "all alike", "variance a run", "of it luck")
    for folder in arguments.runs:
        groups = list(read_groups(folder, telling))
        total = sum(group.total for group in groups)
        table.add_row(
            folder,
            str(len(groups)),
            f"{np.mean([group.total == 0 for group in groups]):.2f}",
            f"{total / sum(len(group.lucky) for group in groups):.3f}",
            f"{sum(group.by_luck for group in groups) / total:.2f}" if total else "-",
        )
    Console().print(table)


def telling_languages(world: World) -> Telling:
    """Return by question the languages that tell its answer, of the questions that any tells."""
    return {
        question.id: frozenset(question.told_in)
        for questions in world.questions.values()
        for question in questions
        if question.told_in
    }


def read_groups(folder: str, telling: Telling) -> Iterator[Group]:
    """Read the groups of a log whose questions are told somewhere."""
    runs = defaultdict[str, list[tuple[float, bool]]](list)
    for record in latest_runs([folder]):
        if told := telling.get(record["question_id"]):
            runs[record["group"]].append((exact(record), asked_in(record) in told))
    for members in runs.values():
        right, lucky = zip(*members, strict=True)
        deviations = np.array(right, np.float64) - sum(right) / len(right)
        yield Group(deviations=deviations, lucky=np.array(lucky, np.bool_))


if __name__ == "__main__":
    main()
