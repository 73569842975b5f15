"""What a retriever is scored by while it is trained."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from retriever_pairs import DE, EN, FR, pair_set, parallel, parallels, question, questions
from retriever_trainings import small_training

from crosearch.tools.errors import UsageError
from crosearch.training.pair_records import PairRecord
from crosearch.training.retriever_dev import average_precision, dev_scores, split_dev

Vectors = NDArray[np.float32]


def by_number(texts: Sequence[str]) -> Vectors:
    """Embed a text by the last number in it: what belongs together is found, in any language."""
    vectors = np.zeros((len(texts), 100), np.float32)
    for row, text in enumerate(texts):
        vectors[row, int(text.split()[-1])] = 1
    return vectors


def by_number_and_language(texts: Sequence[str]) -> Vectors:
    vectors = np.repeat(by_number(texts), 3, axis=1)
    for row, text in enumerate(texts):
        vectors[row] *= np.tile([text.startswith(one) for one in (DE, EN, FR)], 100)
    return vectors


def numbered(number: int) -> PairRecord:
    return PairRecord(
        id=f"q{number}",
        query={one: (f"{one} asks for {number}",) for one in (DE, EN)},
        passage={one: (f"{one} has {number}", f"{one} also has {number}") for one in (DE, EN)},
    )


def test_who_finds_everything_scores_one() -> None:
    scores = dev_scores([numbered(n) for n in range(10)], by_number, by_number)
    assert (scores.mono, scores.cross) == (1.0, 1.0)


def test_who_searches_in_one_language_alone_scores_in_one_language_alone() -> None:
    records = [numbered(number) for number in range(10)]
    scores = dev_scores(records, by_number_and_language, by_number_and_language)
    assert scores.mono == 1.0
    assert scores.cross is not None and scores.cross < 0.2


def test_equal_vectors_are_no_merit() -> None:
    records = [numbered(number) for number in range(10)]

    def all_alike(texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 1), np.float32)

    scores = dev_scores(records, all_alike, all_alike)
    assert scores.mono == pytest.approx((1 / 19 + 2 / 20) / 2)


def test_texts_that_say_the_same_are_scored_across_languages_alone() -> None:
    records = [parallel(number) for number in range(10)]

    def at_random(texts: Sequence[str]) -> Vectors:
        return np.random.default_rng(0).normal(size=(len(texts), 8)).astype(np.float32)

    scores = dev_scores(records, at_random, at_random)
    assert scores.mono is None
    assert scores.cross is not None


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=8), st.data())
def test_average_precision_is_that_of_the_worst_order_of_equal_scores(
    scores: list[float], data: st.DataObject
) -> None:
    right = data.draw(st.sets(st.integers(0, len(scores) - 1), min_size=1))
    order = sorted(range(len(scores)), key=lambda n: (-scores[n], n in right))
    hits = [place for place, number in enumerate(order, start=1) if number in right]
    expected = np.mean([count / place for count, place in enumerate(hits, start=1)])
    assert average_precision(np.array(scores, np.float32), sorted(right)) == pytest.approx(expected)


def test_what_is_scored_by_is_not_trained_on() -> None:
    trained, dev = split_dev(small_training(Path("x"), dev_share=0.2))
    held = {record.id for record in dev}
    assert held and all(record.id.startswith("q") for record in dev)
    assert held.isdisjoint(record.id for one in trained for record in one.records)
    assert sum(len(one.records) for one in trained) + len(dev) == 120


def test_questions_on_one_passage_or_of_one_article_are_kept_back_together() -> None:
    shared = [
        PairRecord(id=str(n), query={EN: (f"question {n}",)}, passage={EN: (f"text {n // 4}",)})
        for n in range(200)
    ]
    grouped = [question(n, [EN], group=f"article {n // 4}") for n in range(200)]
    for records in (shared, grouped):
        _, dev = split_dev(small_training(Path("x"), data=(pair_set(records),), dev_share=0.3))
        held = {record.id for record in dev}
        assert 0 < len(held) < 200
        for start in range(0, 200, 4):
            assert len(held & {record.id for record in records[start : start + 4]}) in (0, 4)


def test_parallel_texts_are_kept_back_where_there_are_no_questions() -> None:
    _, dev = split_dev(small_training(Path("x"), data=(parallels(60),), dev_share=0.2))
    assert dev and all(record.parallel for record in dev)


def test_a_file_to_score_by_leaves_all_data_to_train_on() -> None:
    settings = small_training(Path("x"), dev=questions(5, name="dev"))
    trained, dev = split_dev(settings)
    assert trained == settings.data
    assert len(dev) == 5


def test_no_share_no_scores() -> None:
    settings = small_training(Path("x"), dev_share=0)
    assert split_dev(settings) == (settings.data, [])


def test_a_share_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match=r"keeps back all of questions\.jsonl"):
        split_dev(small_training(Path("x"), data=(questions(1),), dev_share=0.999999))
