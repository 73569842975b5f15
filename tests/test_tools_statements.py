"""Statements that say the same, or contradict each other, belong together; others do not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.names import name_grams, name_words
from crosearch.tools.quantities import Quantity
from crosearch.tools.statements import Statement, cluster_statements, contradict


def statement(
    key: str, vector: tuple[float, float, float], *, year: str = "", text: str = ""
) -> Statement:
    direction = np.array(vector, np.float32)
    direction /= np.linalg.norm(direction)
    answer = Quantity(kind="year", value=year, unit="", span=(0, 4))
    return Statement(
        key=("en", key),
        sentence=direction,
        passage=direction,
        names=name_words(text),
        grams=name_grams(text),
        answers=(answer,) if year else (),
        score=0.5,
    )


HERE, NEAR, FAR = (1.0, 0.0, 0.0), (1.0, 0.6, 0.0), (0.0, 0.1, 1.0)


def test_near_sentences_say_the_same() -> None:
    statements = [statement("a", HERE), statement("b", FAR), statement("c", NEAR)]
    assert cluster_statements(statements) == [[0, 2], [1]]


def test_answers_about_the_same_subject_belong_together_though_worded_far_apart() -> None:
    apart = (0.25, 1.0, 0.0)
    text = "in Dresden the Semperoper opened"
    with_years = [
        statement("a", HERE, year="1826", text=text),
        statement("b", apart, year="1827", text=text),
    ]
    without = [statement("a", HERE, text=text), statement("b", apart, text=text)]
    assert cluster_statements(with_years) == [[0, 1]]
    assert cluster_statements(without) == [[0], [1]]
    assert contradict(*with_years)


def test_only_different_answers_contradict() -> None:
    year = statement("a", HERE, year="1826")
    assert not contradict(year, statement("b", HERE, year="1826"))
    assert not contradict(year, statement("b", HERE))
    assert contradict(year, statement("b", HERE, year="1827"))


def test_nothing_has_no_clusters_and_an_unknown_vector_stands_alone() -> None:
    assert cluster_statements([]) == []
    nowhere = statement("a", HERE)
    nowhere.sentence[:] = 0.0
    assert cluster_statements([nowhere, statement("b", HERE)]) == [[0], [1]]


@given(st.lists(st.tuples(*[st.floats(0.01, 1)] * 3), min_size=1, max_size=8))
def test_the_order_does_not_matter(vectors: list[tuple[float, float, float]]) -> None:
    statements = [statement(str(place), vector) for place, vector in enumerate(vectors)]
    turned = statements[::-1]
    there = {
        frozenset(statements[i].key for i in group) for group in cluster_statements(statements)
    }
    back = {frozenset(turned[i].key for i in group) for group in cluster_statements(turned)}
    assert there == back
