"""Lessons' runs are the graph's own, over made-up facts that hold no subject of an evaluation."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from facts_worlds import shipped_facts

from crosearch.agents.actions import AnswerAction, SearchAction, parse_action
from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language
from crosearch.training.facts import WorldQuestion, build_world
from crosearch.training.facts_split import split_facts
from crosearch.training.tiny_demonstrator import Habits
from crosearch.training.tiny_runs import (
    RunSettings,
    demonstrate,
    draw_questions,
    told_in,
    world_settings,
)

LANGUAGES = tuple(map(Language, "en fr de ru".split()))
SETTINGS = RunSettings(
    languages=LANGUAGES, subjects=60, runs=60, mixed_share=0.3, habits=Habits(slip_share=0.0)
)


@cache
def runs() -> list[Sequence[Segment]]:
    made = asyncio.run(demonstrate(shipped_facts(), SETTINGS, 1))
    return [run.transcript for run in made]


def spoken(run: Sequence[Segment]) -> list[SearchAction | AnswerAction]:
    return [parse_action(segment["text"]) for segment in run if segment["kind"] == "policy"]


def questions(number: int, *, subjects: int = 60) -> tuple[WorldQuestion, ...]:
    settings = world_settings(replace(SETTINGS, subjects=subjects), number)
    return build_world(shipped_facts(), settings).questions["train"]


def test_every_run_searches_and_then_answers_or_gives_up() -> None:
    assert len(runs()) >= 50
    for run in runs():
        *searches, last = spoken(run)
        assert isinstance(last, AnswerAction)
        assert searches and all(isinstance(action, SearchAction) for action in searches)


def test_runs_with_slips_end_like_others() -> None:
    settings = replace(SETTINGS, runs=30, habits=Habits(slip_share=0.5))
    made = asyncio.run(demonstrate(shipped_facts(), settings, 1))
    slipping = [run.transcript for run in made]
    assert sum(any(turn["kind"] == "feedback" for turn in run) for run in slipping) > 10
    for run in slipping:
        assert isinstance(parse_action(run[-1]["text"]), AnswerAction)


def test_runs_that_are_led_go_on_after_their_first_miss() -> None:
    habits = Habits(second_share=0.0, slip_share=0.0)
    settings = replace(SETTINGS, led_share=0.5, habits=habits)
    made = asyncio.run(demonstrate(shipped_facts(), settings, 1))
    went_on = [run for run in made if len(spoken(run.transcript)) > 2]
    assert len(went_on) > 5
    assert all(run.led for run in went_on)


def test_answers_are_copied_out_of_the_evidence_they_cite() -> None:
    found = [run for run in runs() if '<answer found="no">' not in run[-1]["text"]]
    assert 10 < len(found) < len(runs())
    for run in found:
        answer = spoken(run)[-1]
        assert isinstance(answer, AnswerAction)
        evidence = "\n".join(s["text"] for s in run if s["kind"] == "evidence")
        [number] = answer.citations
        cited = re.search(rf"^\[{number}\] .*?(?=\n\n|\n</inf)", evidence, re.DOTALL | re.MULTILINE)
        assert cited and answer.text in cited[0]


def test_the_instructions_are_brief_and_the_query_is_the_question() -> None:
    for instructions, question, search, *_ in runs():
        assert re.match(r"Answer in \w\w and cite\. Turns: \d", instructions["text"])
        action = parse_action(search["text"])
        assert isinstance(action, SearchAction)
        assert question["text"] == f"Question: {action.query}"


def test_some_runs_may_search_in_some_languages_only() -> None:
    widths = Counter(run[0]["text"].rpartition(": ")[2].count(",") + 1 for run in runs())
    assert set(widths) >= {1, len(LANGUAGES)}
    assert widths[len(LANGUAGES)] > len(runs()) / 3


def test_no_lesson_is_about_a_subject_of_an_evaluation() -> None:
    parts = split_facts(shipped_facts())
    evaluated = {fact.subject for fact, part in parts.items() if part != "train"}
    assert evaluated.isdisjoint(question.fact.split(".")[0] for question in questions(1))


def test_each_round_pairs_subjects_and_objects_anew() -> None:
    first = {question.id: question.answers for question in questions(1, subjects=600)}
    later = {question.id: question.answers for question in questions(2, subjects=600)}
    both = first.keys() & later.keys()
    assert len(both) > 50
    assert sum(first[name] == later[name] for name in both) < len(both) / 2


def test_questions_are_drawn_by_kind_each_once() -> None:
    drawn = draw_questions(questions(1), 100, random.Random(0))
    assert len({question.id for question in drawn}) == len(drawn)
    kinds = Counter(question.kind for question in drawn)
    assert kinds["own"] == 40 and kinds["other"] == 50 and kinds["nowhere"] <= 10


@pytest.mark.parametrize(("languages", "mean"), [(1, 1.0), (3, 1.0), (6, 2.0), (12, 3.0)])
def test_a_fact_is_told_in_some_languages_only(languages: int, mean: float) -> None:
    assert told_in([Language("en")] * languages) == mean
