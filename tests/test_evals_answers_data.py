"""What is asked of a data set, and which askers find their language in the index."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieval_samples import DE, EN, FR, small_dataset

from crosearch.evals.answers_data import (
    AskedQuestion,
    IndexChoice,
    digest_questions,
    prepare_questions,
)
from crosearch.evals.dataset_types import EvalDataset, EvalQuestion
from crosearch.evals.retrieval_data import read_places
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language


def asked_of(
    dataset: EvalDataset, index: IndexChoice, sample: int | None = None
) -> list[AskedQuestion]:
    places, _ = read_places(dataset)
    held = Counter(place.language for place in places.values())
    return prepare_questions(dataset, held=held, places=places, index=index, sample=sample)


def test_half_of_the_facts_are_asked_without_the_askers_language() -> None:
    asked = asked_of(small_dataset(), "both")
    hidden = {one.question.fact for one in asked if one.hidden}
    assert len(asked) == 9 and len(hidden) == 2
    # All questions of a fact are asked of the same kind of index.
    assert all(one.hidden == (one.question.fact in hidden) for one in asked)
    assert all((one.indexed == "others") == one.hidden for one in asked)


def test_all_can_find_it_or_none() -> None:
    assert {one.indexed for one in asked_of(small_dataset(), "own")} == {"own"}
    assert {one.indexed for one in asked_of(small_dataset(), "others")} == {"others"}


def test_a_language_that_no_document_has_is_missing_whoever_hides_it() -> None:
    dataset = small_dataset()
    foreign = replace(dataset, documents=[d for d in dataset.documents if d.language != FR])
    asked = asked_of(foreign, "own")
    assert {(one.question.language, one.indexed) for one in asked} == {
        (DE, "own"),
        (EN, "own"),
        (FR, "others"),
    }


def test_a_language_is_not_hidden_from_questions_that_it_alone_answers() -> None:
    dataset = small_dataset()
    alone = replace(
        dataset,
        questions=[
            replace(question, gold={f"{question.fact}.{question.language}": 1})
            for question in dataset.questions
        ],
    )
    assert not any(one.hidden for one in asked_of(alone, "both"))
    with pytest.raises(UsageError, match="other languages hold nothing that answers it"):
        asked_of(alone, "others")


def test_without_anything_right_there_is_nothing_to_measure() -> None:
    dataset = small_dataset()
    bare = replace(dataset, questions=[replace(q, gold={}) for q in dataset.questions])
    with pytest.raises(UsageError, match="none of the 9 questions of 'small' has a gold answer"):
        asked_of(bare, "both")
    # That there is no answer is right or wrong as well.
    nowhere = replace(bare, questions=[replace(q, answerable=False) for q in bare.questions])
    assert len(asked_of(nowhere, "own")) == 9


def test_a_question_is_recorded_with_what_is_known_of_it() -> None:
    [first, *_] = small_dataset().questions
    question = replace(first, answers={EN: ["301"]}, translations={EN: "How many?"})
    recorded = AskedQuestion(question=question, hidden=False, indexed="own").as_asked
    assert (recorded.text, recorded.language, recorded.id) == (first.text, DE, first.id)
    assert recorded.answers == {"en": ["301"]}
    assert recorded.translations == {EN: "How many?"}


@given(st.permutations(list(small_dataset().questions)))
@settings(max_examples=20)
def test_what_is_asked_has_one_name_in_whatever_order(order: list[EvalQuestion]) -> None:
    questions = small_dataset().questions
    whole = digest_questions((question, False) for question in questions)
    assert digest_questions((question, False) for question in order) == whole
    assert digest_questions((question, True) for question in questions) != whole
    other = [replace(questions[0], answers={Language("en"): ["x"]}), *questions[1:]]
    assert digest_questions((question, False) for question in other) != whole
