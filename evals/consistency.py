"""How far the answers to one fact agree, whatever language it is asked in.

Two measures: of answers, whether they mean the same; of candidates that were ranked in two
languages, how alike the rankings are (RankC).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from crosearch.evals.policies_bootstrap import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class FactAnswer:
    """What was answered to a fact that was asked for in one language."""

    fact: str
    sample: int
    """Answers are compared with those of their number alone."""
    language: str
    meaning: str
    """What names the answer's meaning, such as `AnswerEntities.entity`; empty: none was given."""
    is_right: bool


def observe_agreement(answers: Iterable[FactAnswer]) -> Iterator[tuple[str, Observation]]:
    """Compare the answers to each fact over askers' languages, sample by sample.

    `right_in_all` is the share of facts that are answered right in every language they are asked
    in: the joint success that PolyFact (arXiv 2606.06586) rewards. `same_answer` is the share of
    pairs of languages whose answers mean the same, be they right or wrong; who gives none agrees
    with nobody, or else a policy that always declines would be wholly consistent. A fact that is
    asked for in one language alone tells nothing.

    Args:
        answers: What was answered; of several in one language and sample, the last counts.
    """
    asked: defaultdict[tuple[str, int], dict[str, FactAnswer]] = defaultdict(dict)
    for answer in answers:
        asked[answer.fact, answer.sample][answer.language] = answer
    for (fact, _), by_language in asked.items():
        if len(by_language) < 2:
            continue
        yield "right_in_all", (fact, all(one.is_right for one in by_language.values()), 1)
        pairs = list(combinations((one.meaning for one in by_language.values()), 2))
        same = sum(one == other != "" for one, other in pairs)
        yield "same_answer", (fact, same / len(pairs), 1)


def rankc(rankings: Iterable[tuple[Sequence[str], Sequence[str]]]) -> float | None:
    """Average the consistency of rankings over queries: RankC of two languages.

    Ranking-based Consistency (Qi et al. 2023, “Cross-Lingual Consistency of Factual Knowledge in
    Multilingual Language Models”, arXiv 2310.10378).

    Args:
        rankings: For each query, its candidates in the order of one language and of the other.

    Returns:
        From 0 to 1; None where there is no query.

    Raises:
        ValueError: The two languages of a query rank different candidates.
    """
    scores = [ranking_consistency(one, other) for one, other in rankings]
    return math.fsum(scores) / len(scores) if scores else None


def ranking_consistency(one: Sequence[str], other: Sequence[str]) -> float:
    """Measure how alike two rankings of the same candidates are, the top of them above all.

    The share of candidates that the first j places of both rankings have in common, averaged over
    j with weights that fall by a factor of e from each place to the next (a softmax). The same top
    candidate is thus worth 0.63 at least, be there ever so many; and because both rankings hold the
    same candidates, none of N scores below the last place's weight.

    Args:
        one: The candidates, best first, by names that do not depend on the language.
        other: The same candidates as the other language ranks them.

    Raises:
        ValueError: They are not the same candidates, there is none, or one stands there twice.
    """
    if not one or len(set(one)) < len(one) or sorted(one) != sorted(other):
        raise ValueError(
            "two rankings are compared of the same candidates, each once: "
            f"not of {_shown(one)} and {_shown(other)}"
        )
    weights = [math.exp(-place) for place in range(len(one))]
    shared = [len(set(one[:size]) & set(other[:size])) / size for size in range(1, len(one) + 1)]
    weighted = (weight * share for weight, share in zip(weights, shared, strict=True))
    return math.fsum(weighted) / math.fsum(weights)


def _shown(candidates: Sequence[str]) -> str:
    return repr(list(candidates[:5])) + (" and more" if len(candidates) > 5 else "")
