"""Figures of ways to answer that were asked the same questions, from the scored runs alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from crosearch.evals.answer_metrics import ANSWER_FIGURES
from crosearch.evals.answer_rows import INDEXED, AnswerRow
from crosearch.evals.consistency import FactAnswer, observe_agreement
from crosearch.evals.evidence_matrix import EvidenceMatrix, evidence_matrix
from crosearch.evals.holm import holm
from crosearch.evals.policies_bootstrap import Bootstrap, Estimate, Observation, Ratio
from crosearch.graphs.baselines import CROSEARCH

RESAMPLES = 2_000

FIGURES: Mapping[str, str] = {
    **ANSWER_FIGURES,
    "same_answer": "pairs of askers' languages whose answers to one fact mean the same",
    "right_in_all": "facts that are answered right in every language they are asked in",
}
"""Every figure of a report, in its order, and what it is."""

COMPARED = (
    "cited_gold",
    "exact_match",
    "f1",
    "flexible_match",
    "c3recall_lcrl",
    "answer_language_right",
    "same_answer",
    "wrong_abstentions",
    "searches",
)
"""The figures whose differences are told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryTitle:
    """One of those that are compared, as reports name it."""

    name: str
    policy: str
    strategy: str


class EntryFigures(TypedDict):
    """What came of one entry; plain JSON. Figures are by the names of `FIGURES`."""

    name: str
    policy: str
    strategy: str
    runs: int
    failed: int
    """Runs that the machine failed; they are in no figure."""
    all: dict[str, Estimate]
    indexed: dict[str, dict[str, Estimate]]
    """Apart for askers whose language the index held (`own`), and for others (`others`)."""
    languages: dict[str, dict[str, Estimate]]
    """By the asker's language."""
    evidence: dict[str, EvidenceMatrix]
    """`cited` and `retrieved`."""


class EntryDifference(TypedDict):
    """How far two entries differ on the facts that both have runs of."""

    indexed: str
    """`own`, `others`; empty: all runs."""
    figure: str
    one: str
    other: str
    difference: Estimate
    """Of `one` above `other`."""
    p: float
    """Of no difference, two-sided, from the same draws as the interval."""
    p_holm: float
    """The same, corrected (Holm) for all that `one` is compared with here."""


class AnswerComparison(TypedDict):
    """What came of a comparison; plain JSON."""

    data_set: str
    questions: dict[str, int]
    """By language; of the entry that was asked most."""
    facts: int
    resamples: int
    """How often the facts were drawn anew for the 95% intervals."""
    entries: list[EntryFigures]
    differences: list[EntryDifference]


Pair = tuple[str, Sequence[str]]
"""An entry, and those that it is compared with, by name."""

Ratios = Mapping[str, Mapping[str, Ratio]]
"""By what the index held (empty: all runs), and by figure."""


def compare_rows(
    data_set: str,
    entries: Sequence[EntryTitle],
    rows: Iterable[AnswerRow],
    *,
    pairs: Sequence[Pair] | None = None,
    resamples: int = RESAMPLES,
) -> AnswerComparison:
    """Compare entries whose runs are scored.

    Args:
        data_set: What it is called.
        entries: What is compared.
        rows: Their runs.
        pairs: Which differences are told; None: those of `list_pairs`.
        resamples: How often facts are drawn anew for the intervals.
    """
    made: dict[str, list[AnswerRow]] = {entry.name: [] for entry in entries}
    for row in rows:
        made[row.entry].append(row)
    # In an order of their own, so that the draws do not depend on that of the runs.
    facts = sorted({row.fact for some in made.values() for row in some})
    bootstrap = Bootstrap(facts, resamples=resamples)
    ratios = {name: _ratios(_good(some), bootstrap) for name, some in made.items()}
    asked = max(made.values(), key=len, default=[])
    return AnswerComparison(
        data_set=data_set,
        questions=_count_questions(asked),
        facts=len({row.fact for row in asked}),
        resamples=resamples,
        entries=[
            _entry(entry, made[entry.name], ratios[entry.name], bootstrap) for entry in entries
        ],
        differences=[
            difference
            for one, others in (list_pairs(entries) if pairs is None else pairs)
            for difference in _differences(one, others, ratios, bootstrap)
        ],
    )


def list_pairs(entries: Sequence[EntryTitle]) -> Iterator[Pair]:
    """Say which entries are compared with which others.

    Each that searches as CroSearch does, or as the last where none does, is compared with all
    others of its policy, and with those before it that search as it does.
    """
    if not entries:
        return
    strategies = [entry.strategy for entry in entries]
    main = CROSEARCH if CROSEARCH in strategies else strategies[-1]
    for place, one in enumerate(entries):
        if one.strategy != main:
            continue
        others = [
            other.name
            for at, other in enumerate(entries)
            if at != place
            and (other.policy == one.policy or (other.strategy == main and at < place))
        ]
        if others:
            yield one.name, others


def _good(rows: Iterable[AnswerRow]) -> list[AnswerRow]:
    return [row for row in rows if not row.failed]


def _count_questions(rows: Iterable[AnswerRow]) -> dict[str, int]:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        ids[row.language].add(row.question_id or row.question)
    return {language: len(ids[language]) for language in sorted(ids)}


def _ratios(rows: Sequence[AnswerRow], bootstrap: Bootstrap) -> Ratios:
    parts = {"": rows} | {one: [row for row in rows if row.indexed == one] for one in INDEXED}
    return {part: _figures(some, bootstrap) for part, some in parts.items() if some}


def _figures(rows: Sequence[AnswerRow], bootstrap: Bootstrap) -> dict[str, Ratio]:
    observed: defaultdict[str, list[Observation]] = defaultdict(list)
    for row in rows:
        for name, value in row.figures.items():
            observed[name].append((row.fact, value, 1))
    for name, observation in observe_agreement(map(_fact_answer, rows)):
        observed[name].append(observation)
    return {name: bootstrap.ratio(observed[name]) for name in FIGURES if name in observed}


def _fact_answer(row: AnswerRow) -> FactAnswer:
    return FactAnswer(
        fact=row.fact,
        sample=row.sample,
        language=row.language,
        meaning=row.meaning,
        is_right=bool(row.figures.get("exact_match")),
    )


def _entry(
    entry: EntryTitle, made: Sequence[AnswerRow], ratios: Ratios, bootstrap: Bootstrap
) -> EntryFigures:
    rows = _good(made)
    by_language = {
        code: _figures([row for row in rows if row.language == code], bootstrap)
        for code in sorted({row.language for row in rows})
    }
    return EntryFigures(
        name=entry.name,
        policy=entry.policy,
        strategy=entry.strategy,
        runs=len(rows),
        failed=len(made) - len(rows),
        all=_estimates(ratios.get("", {}), bootstrap),
        indexed={part: _estimates(some, bootstrap) for part, some in ratios.items() if part},
        languages={code: _estimates(some, bootstrap) for code, some in by_language.items()},
        evidence={
            "cited": evidence_matrix(((row.language, row.cited) for row in rows), "cited"),
            "retrieved": evidence_matrix(
                ((row.language, row.retrieved) for row in rows), "retrieved"
            ),
        },
    )


def _estimates(ratios: Mapping[str, Ratio], bootstrap: Bootstrap) -> dict[str, Estimate]:
    estimates = {name: bootstrap.estimate(ratio) for name, ratio in ratios.items()}
    return {name: one for name, one in estimates.items() if one is not None}


def _differences(
    one: str, others: Sequence[str], ratios: Mapping[str, Ratios], bootstrap: Bootstrap
) -> Iterator[EntryDifference]:
    for part, figures in ratios[one].items():
        for figure in COMPARED:
            if figure not in figures:
                continue
            tested: dict[str, tuple[Estimate, float]] = {}
            for other in others:
                against = ratios[other].get(part, {}).get(figure)
                found = None if against is None else bootstrap.test(figures[figure], against)
                if found is not None:
                    tested[other] = found
            corrected = holm([p for _, p in tested.values()])
            for (other, (difference, p)), p_holm in zip(tested.items(), corrected, strict=True):
                yield EntryDifference(
                    indexed=part,
                    figure=figure,
                    one=one,
                    other=other,
                    difference=difference,
                    p=p,
                    p_holm=p_holm,
                )
