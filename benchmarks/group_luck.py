"""How much of what sets a group's runs apart is the language that they were asked in.

    crosearch facts build --out world
    crosearch ingest world/passages.jsonl --corpus facts
    for SPEC in languages:8:en,de,fr,es same:8; do
        crosearch collect world/questions/train.jsonl --limit 64 --policy tiny --groups $SPEC \
            --temperature 0.7 --corpus facts --translator lexicon --passages 2 --max-tokens 96 \
            --out runs-${SPEC%%:*}
    done
    python benchmarks/group_luck.py world/questions/train.jsonl runs-languages runs-same

A run that is asked in a language which tells the fact finds it at once, whatever its policy is
like. Of the variance of exact match within the groups this tells the share that lies between runs
with that luck and the others: what a group's advantages hold and no action earned.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from crosearch.training.group_rewards import asked_in
from crosearch.training.reward_functions import exact
from crosearch.training.several_logs import latest_runs

Telling = Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Group:
    """The runs of one question; both of shape (runs,)."""

    right: NDArray[np.float64]
    lucky: NDArray[np.bool_]

    @property
    def total(self) -> float:
        """The squared deviations from the group's mean, summed."""
        return float(((self.right - self.right.mean()) ** 2).sum())

    @property
    def by_luck(self) -> float:
        """The part of them that lies between the lucky runs and the others."""
        parts = [self.right[self.lucky], self.right[~self.lucky]]
        mean = self.right.mean()
        return sum(float(len(part) * (part.mean() - mean) ** 2) for part in parts if len(part))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("questions", type=Path, help="of a world that crosearch facts build made")
    parser.add_argument("runs", nargs="+", help="folders that crosearch collect --groups filled")
    arguments = parser.parse_args()
    telling = read_telling(arguments.questions)
    table = Table("runs", "groups", "all alike", "variance a run", "of it luck")
    for folder in arguments.runs:
        groups = list(read_groups(folder, telling))
        total = sum(group.total for group in groups)
        table.add_row(
            folder,
            str(len(groups)),
            f"{np.mean([group.total == 0 for group in groups]):.2f}",
            f"{total / sum(len(group.right) for group in groups):.3f}",
            f"{sum(group.by_luck for group in groups) / total:.2f}" if total else "-",
        )
    Console().print(table)


def read_telling(questions: Path) -> Telling:
    """Read by question the languages that tell its answer, of the questions that any tells."""
    rows = (json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines())
    return {row["id"]: frozenset(row["told_in"]) for row in rows if row["told_in"]}


def read_groups(folder: str, telling: Telling) -> Iterator[Group]:
    """Read the groups of a log whose questions are told somewhere."""
    runs = defaultdict[str, list[tuple[float, bool]]](list)
    for record in latest_runs([folder]):
        if told := telling.get(record["question_id"]):
            runs[record["group"]].append((exact(record), asked_in(record) in told))
    for members in runs.values():
        right, lucky = zip(*members, strict=True)
        yield Group(right=np.array(right, np.float64), lucky=np.array(lucky, np.bool_))


if __name__ == "__main__":
    main()
