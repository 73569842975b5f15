"""Measures how often the language of a short answer is misjudged, and how often not judged.

The answers, of one to three words in twelve languages, are those of `answer_language_cases`, where
it is said which these are and that nothing was chosen by them. Wrong is a verdict "right" of an
answer in the wrong language, or "wrong" of one in the right language; unknown is neither.

All is judged without gold answers, and once more with those of all languages, as rewards and
evaluations have them: since every answer drawn is one of them, that tells no more than that known
answers are known.

    python benchmarks/answer_language.py --data ../shared/data [--answers 2000] [--json]
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from answer_language_cases import ENGLISH, Case, draw
from rich.console import Console
from rich.table import Table

from crosearch.tools.answer_language import judge_answer_language
from crosearch.tools.languages import describe_language


@dataclass(frozen=True, kw_only=True)
class Shares:
    """What came of some answers; shares from 0 to 1, NaN of none."""

    answers: int
    wrong: float
    unknown: float
    right_called_wrong: float
    """Of the answers in the right language."""
    right_unknown: float
    wrong_called_right: float
    """Of the answers in a wrong one."""
    wrong_unknown: float


def main() -> None:
    """Draw the answers, judge them, and print a table for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--answers", type=int, default=2_000, help="how many to draw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON, with the misjudged ones")
    arguments = parser.parse_args()
    cases = draw(arguments.data, arguments.answers, arguments.seed)
    judge_answer_language("Warming up", ENGLISH)
    start = time.process_time()
    verdicts = [judge_answer_language(case.text, case.asked) for case in cases]
    microseconds = 1e6 * (time.process_time() - start) / len(cases)
    hinted = [judge_answer_language(case.text, case.asked, case.golds) for case in cases]
    ways = {"without gold answers": verdicts, "with gold answers": hinted}
    tables = {name: tabulate(cases, told) for name, told in ways.items()}
    if arguments.json:
        rows = {name: {k: asdict(v) for k, v in table.items()} for name, table in tables.items()}
        told = zip(cases, verdicts, strict=True)
        missed = [(c.text, c.language, c.asked) for c, verdict in told if _is_wrong(c, verdict)]
        print(json.dumps(rows | {"misjudged": missed, "microseconds": microseconds}))
        return
    for name, table in tables.items():
        Console(width=110).print(rendered(name, table))
    print(f"{microseconds:.0f} µs of processor time an answer")


def tabulate(cases: Sequence[Case], verdicts: Sequence[str]) -> dict[str, Shares]:
    """Take shares of each language asked for, of each script, and of all."""
    groups = defaultdict[str, list[tuple[Case, str]]](list)
    for told in zip(cases, verdicts, strict=True):
        asked = told[0].asked
        groups[f"{describe_language(asked).script} {asked}"].append(told)
        groups[f"{describe_language(asked).script} all"].append(told)
        groups["all"].append(told)
    return {name: _shares(groups[name]) for name in sorted(groups)}


def rendered(title: str, table: Mapping[str, Shares]) -> Table:
    """Make a table to print."""
    shown = Table(
        "asked for", "answers", "wrong", "unknown",
        "right: called wrong", "unknown", "wrong: called right", "unknown", title=title,
    )  # fmt: skip
    for name, shares in table.items():
        count, *others = asdict(shares).values()
        shown.add_row(name, str(count), *(f"{share:.3f}" for share in others))
    return shown


def _shares(told: Sequence[tuple[Case, str]]) -> Shares:
    right = [verdict for case, verdict in told if case.is_right]
    wrong = [verdict for case, verdict in told if not case.is_right]
    return Shares(
        answers=len(told),
        wrong=_mean(_is_wrong(case, verdict) for case, verdict in told),
        unknown=_mean(verdict == "unknown" for _, verdict in told),
        right_called_wrong=_mean(verdict == "wrong" for verdict in right),
        right_unknown=_mean(verdict == "unknown" for verdict in right),
        wrong_called_right=_mean(verdict == "right" for verdict in wrong),
        wrong_unknown=_mean(verdict == "unknown" for verdict in wrong),
    )


def _is_wrong(case: Case, verdict: str) -> bool:
    return verdict == ("wrong" if case.is_right else "right")


def _mean(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else float("nan")


if __name__ == "__main__":
    main()
