"""Answers to one fact agree by what they mean, and rankings by RankC."""

from itertools import permutations
from math import e

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.evals.consistency import (
    FactAnswer,
    observe_agreement,
    rankc,
    ranking_consistency,
)
from crosearch.training.answer_entities import AnswerEntities

CITY = {"en": ["Vienna"], "de": ["Wien"], "fr": ["Vienne"]}
RANKINGS = st.permutations(list("abcdef"))


def told(language: str, answer: str, *, fact: str = "city", sample: int = 0) -> FactAnswer:
    is_right = answer in CITY[language]
    meaning = AnswerEntities([CITY]).entity(answer, language)
    return FactAnswer(
        fact=fact, sample=sample, language=language, meaning=meaning, is_right=is_right
    )


def agreement(*answers: FactAnswer) -> dict[str, float]:
    """Observe the agreement on one fact."""
    return {name: value for name, (_, value, _) in observe_agreement(answers)}


def test_what_means_the_same_agrees_whatever_it_is_called() -> None:
    assert agreement(told("en", "Vienna"), told("de", "Wien"), told("fr", "Vienne")) == {
        "right_in_all": 1,
        "same_answer": 1,
    }
    assert agreement(told("en", "Vienna"), told("de", "Wien"), told("fr", "Lyon")) == {
        "right_in_all": 0,
        "same_answer": 1 / 3,
    }


def test_wrong_answers_may_agree_and_who_says_nothing_agrees_with_nobody() -> None:
    assert agreement(told("en", "Graz"), told("de", "Graz"))["same_answer"] == 1
    assert agreement(told("en", ""), told("de", "")) == {"right_in_all": 0, "same_answer": 0}


def test_one_language_tells_nothing_and_samples_stay_apart() -> None:
    assert agreement(told("en", "Vienna")) == {}
    apart = [told("en", "Vienna"), told("de", "Wien", sample=1)]
    assert list(observe_agreement(apart)) == []
    facts = [told("en", "Vienna"), told("de", "Wien", fact="river")]
    assert list(observe_agreement(facts)) == []


def test_rankc_is_as_computed_by_hand() -> None:
    # The first place has nothing in common, the first two have all.
    assert ranking_consistency("ab", "ba") == pytest.approx(1 / (e + 1))
    # Nothing, then half, then all: weights e², e and 1.
    assert ranking_consistency("abc", "bca") == pytest.approx((e / 2 + 1) / (e**2 + e + 1))
    # The top alone is the same: 1, 1/2, 2/3 and all, of e³, e², e and 1.
    one = (e**3 + e**2 / 2 + e * 2 / 3 + 1) / (e**3 + e**2 + e + 1)
    assert ranking_consistency("abcd", "acdb") == pytest.approx(one)
    assert rankc([("ab", "ba"), ("ab", "ab")]) == pytest.approx((1 / (e + 1) + 1) / 2)
    assert rankc([]) is None


def test_the_top_counts_above_all() -> None:
    candidates = [str(number) for number in range(50)]
    turned = [candidates[0], *reversed(candidates[1:])]
    assert ranking_consistency(candidates, turned) > 0.63
    swapped = [candidates[1], candidates[0], *candidates[2:]]
    assert ranking_consistency(candidates, swapped) == pytest.approx(1 / e, abs=1e-9)


@given(RANKINGS, RANKINGS)
@settings(deadline=None)
def test_rankc_is_symmetric_and_from_0_to_1(one: list[str], other: list[str]) -> None:
    score = ranking_consistency(one, other)
    assert score == ranking_consistency(other, one)
    assert 0 < score <= 1 + 1e-12
    assert (score == pytest.approx(1)) == (one == other)


def test_no_ranking_is_nearer_than_itself_and_none_has_all_places_apart() -> None:
    scores = {order: ranking_consistency("abcd", order) for order in permutations("abcd")}
    assert max(scores, key=lambda order: scores[order]) == tuple("abcd")
    assert min(scores.values()) >= 1 / (e**3 + e**2 + e + 1)


def test_many_candidates_are_weighed_without_overflow() -> None:
    candidates = [str(number) for number in range(2000)]
    assert ranking_consistency(candidates, candidates) == pytest.approx(1)


@pytest.mark.parametrize(("one", "other"), [("ab", "ac"), ("ab", "abc"), ("", ""), ("aa", "aa")])
def test_the_same_candidates_are_ranked(one: str, other: str) -> None:
    with pytest.raises(ValueError, match="the same candidates, each once"):
        ranking_consistency(one, other)
