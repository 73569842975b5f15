"""Compares policies, and ways of searching, on the same held-out questions in one run.

`evaluate_policies` is the whole of `crosearch eval policy`: it makes the runs that are not in the
log yet, and tells of each entry how often it is right, in which languages, how consistent over
askers' languages, and at what cost; with intervals, and with the differences between entries on the
same facts.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypedDict

from crosearch.evals.log_runs import Setting
from crosearch.evals.policies_arms import PolicyEntry, check_entries
from crosearch.evals.policies_bootstrap import Bootstrap, Estimate, Ratio
from crosearch.evals.policies_pooling import Arm, pool
from crosearch.evals.policies_questions import KINDS, HeldOutQuestion, describe_questions
from crosearch.evals.policies_runs import EntryProgress, EntryRuns, run_entries
from crosearch.training.answer_entities import AnswerEntities

RESAMPLES = 1_000

_COMPARED = (
    "exact_match",
    "own_language",
    "other_language",
    "same_answer",
    "right_in_all",
    "languages_searched",
)
"""The figures whose differences between entries are told."""


class Consistency(TypedDict):
    """How the answers to one fact agree over askers' languages."""

    same_answer: Estimate | None
    """The share of pairs of languages whose answers mean the same, right or wrong."""
    right_in_all: Estimate | None
    """The share of facts that are answered right in every language they are asked in."""


class Abstentions(TypedDict):
    """How often it declined."""

    right: Estimate | None
    """Of the questions whose answer is told nowhere."""
    wrong: Estimate | None
    """Of all others."""


class Tokens(TypedDict):
    """Tokens of a run, in the mean."""

    read: float | None
    """What the model read in all turns together."""
    generated: float | None


class SecondSearch(TypedDict):
    """How often it searched again."""

    after_miss: Estimate | None
    """Where the first search brought no gold answer."""
    after_hit: Estimate | None


class PolicyFigures(TypedDict):
    """What came of one entry, or of all that are called the same; plain JSON."""

    name: str
    by_policy: dict[str, Estimate]
    """Exact match of each policy that is called so."""
    strategy: str
    temperature: float
    samples: int
    runs: int
    failed: int
    """Runs that the machine failed; they are in no figure."""
    exact_match: Estimate | None
    """Over the questions whose answer is told somewhere, or of which nobody says."""
    flexible_match: Estimate | None
    """Over the same questions, answers that hold a gold one, in any language; a list of all that
    might be right counts."""
    own_language: Estimate | None
    """Exact match of the questions whose answer is told in the asker's language."""
    other_language: Estimate | None
    """Exact match of those whose answer is told in other languages only."""
    by_language: dict[str, Estimate]
    """By the asker's language."""
    by_kind: dict[str, Estimate]
    consistency: Consistency
    answered: Estimate | None
    abstentions: Abstentions
    answer_language: Estimate | None
    """The share of the answers that are in the language they were wanted in."""
    searches: Estimate | None
    languages_searched: Estimate | None
    tokens: Tokens
    second_search: SecondSearch


class Difference(TypedDict):
    """How far two entries differ, on the facts that both have runs of."""

    figure: str
    one: str
    other: str
    difference: Estimate
    """Of `one` above `other`."""


class PolicyComparison(TypedDict):
    """What came of a comparison; plain JSON."""

    corpus: str
    questions: Mapping[str, object]
    resamples: int
    """How often the facts were drawn anew for the 95% intervals."""
    policies: list[PolicyFigures]
    differences: list[Difference]


async def evaluate_policies(
    entries: Sequence[PolicyEntry],
    questions: Sequence[HeldOutQuestion],
    setting: Setting,
    *,
    resamples: int = RESAMPLES,
    progress: EntryProgress | None = None,
    stop: asyncio.Event | None = None,
) -> PolicyComparison | None:
    """Run policies on the same questions, and compare them.

    Args:
        entries: What is compared; the differences are told of every two.
        questions: The held-out questions.
        setting: What all entries share; its folder is the log that holds the runs.
        resamples: How often facts are drawn anew for the intervals.
        progress: Is told how many runs are there.
        stop: Once set, what is under way is finished, and nothing is compared.

    Returns:
        The comparison; None if `stop` came.

    Raises:
        UsageError: An entry is given twice, or a policy is not there.
        CollectionError: Run after run failed, or another comparison has the log.
    """
    check_entries(entries)
    runs = await run_entries(entries, questions, setting, progress=progress, stop=stop)
    if runs is None:
        return None
    return compare_runs(entries, runs, questions, setting.retriever.corpus, resamples=resamples)


def compare_runs(
    entries: Sequence[PolicyEntry],
    runs: Sequence[EntryRuns],
    questions: Sequence[HeldOutQuestion],
    corpus: str,
    *,
    resamples: int = RESAMPLES,
) -> PolicyComparison:
    """Compare runs that were made."""
    bootstrap = Bootstrap([question.fact for question in questions], resamples=resamples)
    entities = AnswerEntities(question.question.answers for question in questions)
    arms = pool(entries, runs, bootstrap, entities)
    return PolicyComparison(
        corpus=corpus,
        questions=describe_questions(questions),
        resamples=resamples,
        policies=[_figures(title, arm, bootstrap) for title, arm in arms.items()],
        differences=list(_differences(arms, bootstrap)),
    )


class _Estimates:
    """An entry's figures, by name."""

    def __init__(self, ratios: Mapping[str, Ratio], bootstrap: Bootstrap) -> None:
        self._ratios, self._bootstrap = ratios, bootstrap

    def of(self, name: str) -> Estimate | None:
        ratio = self._ratios.get(name)
        return None if ratio is None else self._bootstrap.estimate(ratio)

    def mean(self, name: str) -> float | None:
        ratio = self._ratios.get(name)
        value = None if ratio is None else ratio.value
        return None if value is None else round(value, 1)

    def family(self, prefix: str, order: Iterable[str] = ()) -> dict[str, Estimate]:
        """Return the figures whose names begin alike, by what follows."""
        names = {name.removeprefix(prefix) for name in self._ratios if name.startswith(prefix)}
        ordered = [*(name for name in order if name in names), *sorted(names - set(order))]
        estimates = ((name, self.of(prefix + name)) for name in ordered)
        return {name: estimate for name, estimate in estimates if estimate is not None}


def _figures(title: str, arm: Arm, bootstrap: Bootstrap) -> PolicyFigures:
    first, found = arm.entries[0], _Estimates(arm.pooled, bootstrap)
    each = zip(arm.entries, arm.ratios, strict=True)
    alone = {entry.policy: _Estimates(one, bootstrap).of("exact_match") for entry, one in each}
    return PolicyFigures(
        name=title,
        by_policy={policy: estimate for policy, estimate in alone.items() if estimate is not None},
        strategy=first.strategy,
        temperature=first.temperature,
        samples=first.samples,
        runs=sum(len(made.runs) for made in arm.runs),
        failed=sum(made.failed for made in arm.runs),
        exact_match=found.of("exact_match"),
        flexible_match=found.of("flexible_match"),
        own_language=found.of("own_language"),
        other_language=found.of("other_language"),
        by_language=found.family("language:"),
        by_kind=found.family("kind:", KINDS),
        consistency=Consistency(
            same_answer=found.of("same_answer"), right_in_all=found.of("right_in_all")
        ),
        answered=found.of("answered"),
        abstentions=Abstentions(
            right=found.of("right_abstentions"), wrong=found.of("wrong_abstentions")
        ),
        answer_language=found.of("answer_language"),
        searches=found.of("searches"),
        languages_searched=found.of("languages_searched"),
        tokens=Tokens(read=found.mean("read_tokens"), generated=found.mean("generated_tokens")),
        second_search=SecondSearch(
            after_miss=found.of("second_search_after_miss"),
            after_hit=found.of("second_search_after_hit"),
        ),
    )


def _differences(arms: Mapping[str, Arm], bootstrap: Bootstrap) -> Iterable[Difference]:
    for one, other in combinations(arms, 2):
        earlier, later = arms[one].pooled, arms[other].pooled
        for figure in _COMPARED:
            if figure not in earlier or figure not in later:
                continue
            # The later one is told against the earlier, as one that was trained on from it.
            found = bootstrap.difference(later[figure], earlier[figure])
            if found is not None:
                yield Difference(figure=figure, one=other, other=one, difference=found)
