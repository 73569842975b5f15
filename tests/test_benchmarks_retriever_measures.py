"""Rankings are judged as one would by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retriever_measures import (
    Vectors,
    average_precision,
    gold_ranks,
    interval,
    measure,
)

from crosearch.tools.languages import Language

AR, DE, EN = map(Language, ("ar", "de", "en"))


def one_hot(*numbers: int, length: int = 8) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.eye(length, dtype=np.float32)[list(numbers)]


def test_a_tie_counts_against_the_right_passage() -> None:
    scores = np.array([[0.9, 0.5, 0.5, 0.1]], np.float32)

    assert gold_ranks(scores, np.array([[0]])).tolist() == [[1]]
    assert gold_ranks(scores, np.array([[1]])).tolist() == [[3]]
    assert gold_ranks(scores, np.array([[3]])).tolist() == [[4]]


def test_right_passages_that_tie_do_not_push_one_another_down() -> None:
    scores = np.array([[0.9, 0.5, 0.5, 0.1]], np.float32)
    ranks = gold_ranks(scores, np.array([[1, 2]]))

    assert ranks.tolist() == [[2, 2]]
    assert average_precision(ranks).tolist() == pytest.approx([(1 / 2 + 2 / 3) / 2])


def test_average_precision_is_the_mean_precision_at_the_right_passages() -> None:
    ranks = np.array([[1, 2], [1, 4], [3, 6]])

    assert average_precision(ranks).tolist() == pytest.approx(
        [1.0, (1 + 2 / 4) / 2, (1 / 3 + 2 / 6) / 2]
    )


@given(
    st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=30),
    st.lists(st.integers(0, 29), min_size=1, max_size=4, unique=True),
)
@settings(max_examples=60, deadline=None)
def test_average_precision_agrees_with_a_walk_down_the_ranking(
    scores: list[float], right: list[int]
) -> None:
    gold = [number for number in right if number < len(scores)] or [0]
    # Right passages come last among equals, as a pessimist sorts.
    ordered = sorted(range(len(scores)), key=lambda n: (-scores[n], n in gold))
    precisions: list[float] = []
    for place, number in enumerate(ordered, start=1):
        if number in gold:
            precisions.append((len(precisions) + 1) / place)

    ranks = gold_ranks(np.array([scores], np.float32), np.array([gold]))

    assert average_precision(ranks)[0] == pytest.approx(np.mean(precisions))


def impartial() -> dict[Language, Vectors]:
    """Give every language the same vectors: question n is answered by passage n."""
    vectors = Vectors(
        queries=one_hot(0, 1, 2), passages=one_hot(0, 1, 2, 3), gold=np.array([0, 1, 2])
    )
    return {AR: vectors, DE: vectors, EN: vectors}


def test_an_impartial_retriever_puts_the_versions_of_an_answer_side_by_side() -> None:
    found = measure(impartial())

    assert found.mono.tolist() == found.cross.tolist() == found.pool.tolist() == [1, 1, 1]
    assert found.rank_distance.tolist() == [0, 0, 0]


def test_a_partial_retriever_is_seen_by_its_rank_distance_and_share() -> None:
    def own(language: int) -> Vectors:
        """Let a question be nearest to all that is in its language, and then to its answer."""
        marks = 2 * np.repeat(one_hot(language, length=3), 30, axis=0)
        passages = np.concatenate([one_hot(*range(30), length=30), marks], axis=1)
        return Vectors(queries=passages[:5], passages=passages, gold=np.arange(5))

    found = measure({AR: own(0), DE: own(1), EN: own(2)})

    assert found.mono.tolist() == [1] * 5
    assert found.cross.tolist() == [1] * 5
    assert found.own_share.tolist() == [1] * 5
    assert (found.rank_distance >= 29).all()
    assert (found.pool < 0.5).all()


def test_a_text_does_not_find_itself_where_its_language_is_left_out() -> None:
    found = measure(impartial(), own_in_pool=False)

    assert found.pool.tolist() == [1, 1, 1]
    assert found.own_share.tolist() == [0, 0, 0]


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_values_lie_where_they_can(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = {
        code: Vectors(
            queries=rng.standard_normal((6, 4)).astype(np.float32),
            passages=rng.standard_normal((9 + number, 4)).astype(np.float32),
            gold=rng.integers(9, size=6),
        )
        for number, code in enumerate((AR, DE, EN))
    }

    found = measure(vectors)

    for name in ("mono", "cross", "pool", "own_share"):
        values = getattr(found, name)
        assert values.shape == (6,)
        assert ((values >= 0) & (values <= 1)).all()
    assert ((found.rank_distance >= 0) & (found.rank_distance < 30)).all()


def test_an_interval_holds_its_mean_and_narrows_with_questions() -> None:
    rng = np.random.default_rng(0)
    few, many = (rng.normal(0.5, 0.2, (3, count)) for count in (20, 2_000))

    mean, low, high = interval(list(few))
    assert low < mean < high
    assert mean == pytest.approx(few.mean())
    _, narrow_low, narrow_high = interval(list(many))
    assert narrow_high - narrow_low < (high - low) / 4
    assert interval(list(few)) == (mean, low, high)


def test_equal_values_have_no_spread() -> None:
    mean, low, high = interval([np.full(5, 0.25), np.full(5, 0.25)])

    assert mean == low == high == 0.25
