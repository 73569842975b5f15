"""Which questions show best where one entry does better than others, and where it does worse."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crosearch.evals.answer_rows import AnswerRow, Indexed
from crosearch.training.trajectories import fingerprint

EACH = 4
"""Wins and losses that are shown of each."""

_HAS = 0.5
"""From here on a run has a figure that is no plain yes or no, such as F1."""

Asked = tuple[str, str, int, Indexed | None]
"""What makes two entries' runs comparable: language, question, sample, and what the index held."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A question that one entry did better at than others, or worse."""

    question: str
    language: str
    golds: Sequence[str]
    """Empty where none is given."""
    indexed: Indexed | None
    row: AnswerRow
    """The entry's run."""
    rival: AnswerRow
    """Of those that did otherwise, the run of the one that does best over all questions."""
    differing: int
    """How many rivals did otherwise."""
    rivals: int
    """How many rivals have a run of the question at all that was scored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Questions where an entry has a figure and rivals have not, and the other way round."""

    wins: Sequence[Example]
    losses: Sequence[Example]


def choose_examples(
    rows: Iterable[AnswerRow],
    one: str,
    others: Sequence[str],
    figure: str,
    *,
    golds: Mapping[tuple[str, str], Sequence[str]],
    each: int = EACH,
) -> Examples:
    """Choose wins and losses of one entry.

    Each further example is about another fact if there is one, then in a language that was shown
    least, then from the side of the index that was shown least; among those, it is the one on which
    most rivals differ. What is equal in all of this is drawn by a hash of the question, so that the
    same rows, in whatever order, always show the same.

    Args:
        rows: The runs; those that the machine failed, or that the figure does not apply to, tell
            nothing.
        one: The entry.
        others: Those that it is compared with.
        figure: What it has or has not; from 0 to 1, and had from a half on.
        golds: Gold answers by language and question id.
        each: How many to choose of each, at most.
    """
    runs: defaultdict[str, dict[Asked, AnswerRow]] = defaultdict(dict)
    wanted = {one, *others}
    for row in rows:
        if row.entry in wanted and not row.failed and figure in row.figures:
            runs[row.entry][_asked(row)] = row
    ranked = sorted(
        dict.fromkeys(other for other in others if other != one),
        key=lambda other: -_mean([row.figures[figure] for row in runs[other].values()]),
    )

    def had(row: AnswerRow) -> bool:
        return row.figures[figure] >= _HAS

    found = list(_differing(runs[one], [runs[other] for other in ranked], had, golds))
    return Examples(
        wins=_spread([example for example in found if had(example.row)], each),
        losses=_spread([example for example in found if not had(example.row)], each),
    )


def _asked(row: AnswerRow) -> Asked:
    return row.language, row.question_id or row.question, row.sample, row.indexed


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _differing(
    runs: Mapping[Asked, AnswerRow],
    rivals: Sequence[Mapping[Asked, AnswerRow]],
    had: Callable[[AnswerRow], bool],
    golds: Mapping[tuple[str, str], Sequence[str]],
) -> Iterator[Example]:
    """List the questions at which a rival did otherwise.

    Args:
        runs: The entry's.
        rivals: Those of each rival, the best over all questions first.
        had: Whether a run has the figure.
        golds: Gold answers by language and question id.
    """
    for asked, row in runs.items():
        told = [rival[asked] for rival in rivals if asked in rival]
        otherwise = [rival for rival in told if had(rival) != had(row)]
        if otherwise:
            yield Example(
                question=row.question,
                language=row.language,
                golds=tuple(golds.get((row.language, row.question_id), ())),
                indexed=row.indexed,
                row=row,
                rival=otherwise[0],
                differing=len(otherwise),
                rivals=len(told),
            )


def _spread(found: Iterable[Example], each: int) -> tuple[Example, ...]:
    rest = sorted(found, key=lambda one: (-one.differing, fingerprint(list(_asked(one.row)))))
    facts: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    sides: Counter[str | None] = Counter()
    chosen: list[Example] = []
    while rest and len(chosen) < each:
        best = min(
            rest,
            key=lambda one: (facts[one.row.fact], languages[one.language], sides[one.indexed]),
        )
        rest.remove(best)
        chosen.append(best)
        facts[best.row.fact] += 1
        languages[best.language] += 1
        sides[best.indexed] += 1
    return tuple(chosen)
