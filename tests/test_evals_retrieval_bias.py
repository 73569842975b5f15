"""A ranking's partiality to languages is what one would say of it by hand."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieval_samples import DE, EN, FR

from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.retrieval_bias import list_biases, measure_bias
from crosearch.evals.retrieval_data import Place
from crosearch.evals.retrieval_topics import Topic

LANGUAGES = (DE, EN, FR)
PLACES = {
    f"{subject}.{language}": Place(language=language, parallel=subject)
    for subject in ("answer", "other", "third", "fourth")
    for language in LANGUAGES
}
ANSWERS = [f"answer.{language}" for language in LANGUAGES]
DEPTH = 10


def topic(relevant: Sequence[str] = ANSWERS) -> Topic:
    question = EvalQuestion(id="q", language=EN, text="?", fact="f")
    return Topic(id="en-pool/q", question=question, relevant=dict.fromkeys(relevant, 1))


def bias(ranked: Sequence[str], asked: Topic | None = None) -> dict[str, float]:
    return dict(measure_bias(asked or topic(), ranked, PLACES, ks=(3, 6), depth=DEPTH))


def test_an_impartial_ranking_has_all_versions_of_the_answer_on_top() -> None:
    found = bias([*ANSWERS, "other.fr", "other.de", "other.en"])
    assert found == {
        "own among relevant": pytest.approx(1 / 3),
        "own@3": pytest.approx(1 / 3),
        "own@3 excess": 0.0,
        "own@6": pytest.approx(1 / 3),
        "own@6 excess": 0.0,
        "parallel found": 1.0,
        "rank distance": 2.0,
        "strong alignment": 1.0,
    }
    assert found.keys() == set(list_biases((3, 6)))


def test_a_partial_ranking_has_its_own_language_first() -> None:
    ranked = ["answer.en", "other.en", "third.en", "fourth.en", "answer.de", "answer.fr"]
    found = bias(ranked)
    assert found["own@3"] == 1.0
    assert found["own@3 excess"] == pytest.approx(2 / 3)
    assert found["rank distance"] == 5.0
    assert found["strong alignment"] == 0.0


def test_what_is_not_found_stands_behind_the_ranking() -> None:
    found = bias(["answer.en", "other.en"])
    assert found["rank distance"] == DEPTH
    assert found["parallel found"] == pytest.approx(1 / 3)


def test_a_ranking_without_any_answer_says_nothing_of_distances() -> None:
    found = bias(["other.en"])
    assert "rank distance" not in found
    assert found["parallel found"] == 0.0
    assert "own@3" not in bias([])
    assert bias([])["strong alignment"] == 0.0


def test_versions_are_those_that_translate_each_other() -> None:
    asked = topic(["answer.en", "answer.de", "third.fr"])
    ranked = ["answer.en", "answer.de", "other.en", "third.fr"]
    assert bias(ranked, asked)["rank distance"] == 1.0
    assert "rank distance" not in bias(ranked, topic(["answer.en", "third.fr"]))


def test_where_nobody_says_what_translates_what_answers_in_several_languages_do() -> None:
    places = {name: Place(language=place.language, parallel="") for name, place in PLACES.items()}
    ranked = ["answer.en", "other.en", "answer.de", "answer.fr"]
    found = dict(measure_bias(topic(), ranked, places, ks=(3,), depth=DEPTH))
    assert found["rank distance"] == 3.0
    # Of several in one language it is not known which of them say the same.
    several = topic([*ANSWERS, "third.en"])
    assert "rank distance" not in dict(measure_bias(several, ranked, places, ks=(3,), depth=DEPTH))


@given(st.permutations(sorted(PLACES)), st.integers(min_value=0, max_value=len(PLACES)))
@settings(deadline=None)
def test_figures_lie_where_they_can(ranked: list[str], count: int) -> None:
    found = dict(measure_bias(topic(), ranked[:count], PLACES, ks=(3, 6), depth=len(PLACES)))
    assert found.keys() <= set(list_biases((3, 6)))
    for name, value in found.items():
        low, high = (-1, 1) if "excess" in name else (0, 1)
        if name == "rank distance":
            low, high = len(ANSWERS) - 1, len(PLACES)
        assert low <= value <= high
    if found["strong alignment"]:
        assert found["rank distance"] == 2.0
