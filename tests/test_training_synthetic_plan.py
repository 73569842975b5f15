from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.passages import Passage
from crosearch.training.synthetic_journal import Asked
from crosearch.training.synthetic_plan import Choice, Task, plan_tasks, still_to_do

AR, DE, EN, SW = map(Language, ("ar", "de", "en", "sw"))


def passage(number: int, language: Language = EN, text: str = "") -> Passage:
    text = text or f"Passage {number} tells at some length about lake number {number}."
    return Passage(
        id=f"{number}#0",
        document_id=str(number),
        title="",
        text=text,
        language=language,
        sentences=((0, len(text)),),
    )


def choice(
    *languages: Language,
    temperature: float = 1.0,
    per_passage: int = 1,
    seed: int = 0,
    limit: int | None = None,
) -> Choice:
    return Choice(
        languages=languages,
        temperature=temperature,
        per_passage=per_passage,
        seed=seed,
        limit=limit,
    )


PASSAGES = [passage(number) for number in range(40)]
SIZES = {EN: 900, DE: 90, SW: 10}


def plan(how: Choice) -> list[Task]:
    return plan_tasks(PASSAGES, SIZES, how)


@given(small=st.integers(1, 40), large=st.integers(1, 40), seed=st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_a_larger_limit_begins_with_the_smaller_one(small: int, large: int, seed: int) -> None:
    few = plan(choice(AR, DE, limit=min(small, large), seed=seed))
    many = plan(choice(AR, DE, limit=max(small, large), seed=seed))

    assert many[: len(few)] == few


def test_every_passage_comes_once_and_its_order_is_drawn() -> None:
    names = [task.passage for task in plan(choice(DE))]

    assert sorted(names) == sorted(one.id for one in PASSAGES)
    assert names != [one.id for one in PASSAGES]
    assert names != [task.passage for task in plan(choice(DE, seed=1))]


def test_a_passage_is_asked_about_in_different_languages() -> None:
    tasks = plan(choice(AR, DE, SW, per_passage=2))

    assert all(len(set(task.asked_in)) == 2 for task in tasks)
    assert all(8 < count < 40 for count in Counter(c for t in tasks for c in t.asked_in).values())


def test_no_more_languages_are_asked_for_than_there_are() -> None:
    assert {task.asked_in for task in plan(choice(DE, per_passage=5))} == {(DE,)}


def test_a_high_temperature_asks_in_small_languages_too() -> None:
    def share(temperature: float) -> float:
        passages = [passage(number) for number in range(1_000)]
        tasks = plan_tasks(passages, SIZES, choice(temperature=temperature))
        return sum(task.asked_in == (SW,) for task in tasks) / len(tasks)

    assert share(1.0) == pytest.approx(0.01, abs=0.01)
    assert share(1e6) == pytest.approx(1 / 3, abs=0.05)


def test_a_heading_is_not_asked_about() -> None:
    assert plan_tasks([passage(1, text="Lakes")], SIZES, choice(DE)) == []


def test_passages_of_two_languages_may_have_one_id() -> None:
    tasks = plan_tasks([passage(1), passage(1, DE)], SIZES, choice(SW))

    assert {task.key for task in tasks} == {"en 1#0", "de 1#0"}


def test_what_was_asked_is_not_asked_again_unless_the_passage_changed() -> None:
    first, second = plan(choice(DE, limit=2))
    asked = {
        task.key: Asked(
            key=task.key,
            language=EN,
            digest=digest,
            searched=True,
            summary="",
            questions={},
            missing=[],
            prompt_tokens=None,
            completion_tokens=None,
        )
        for task, digest in ((first, first.digest), (second, "of another text"))
    }

    assert still_to_do([first, second], asked) == [second]


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_is_a_positive_number(temperature: float) -> None:
    with pytest.raises(UsageError, match="must be more than 0"):
        choice(DE, temperature=temperature)
    with pytest.raises(UsageError, match="at least 1"):
        choice(DE, per_passage=0)
