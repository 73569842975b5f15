"""Lessons go to the trainer as files, a round each."""

from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from tiny_lessons import lessons, small_tokenizer

from crosearch.agents.transcript import Segment
from crosearch.tools.errors import TrainingError
from crosearch.training.tiny_lessons import (
    is_wanted,
    load_round,
    render_lessons,
    round_path,
    save_round,
    take_round,
)
from crosearch.training.tiny_runs import Demonstration


class Maker:
    """Stands for the process that makes lessons."""

    exitcode = 1

    def __init__(self, *, alive: bool) -> None:
        self._alive = alive

    def is_alive(self) -> bool:
        return self._alive


def test_only_what_the_policy_said_is_learnt_and_no_turn_that_came_to_nothing() -> None:
    run = [
        Segment(kind="prompt", text="Answer in fr"),
        Segment(kind="prompt", text="Question: Qui ?"),
        Segment(kind="policy", text="<think> Qui</search>"),
        Segment(kind="feedback", text="Your last turn was not carried out: <think> is not closed."),
        Segment(kind="policy", text='<search lang="fr"> Qui ?</search>'),
        Segment(kind="evidence", text="Searched fr: 2 new.\n<information>\nSearched de: 0 new."),
        Segment(kind="policy", text='<search lang="fr"> Qui ?</search>'),
        Segment(kind="evidence", text="Searched fr: 0 new."),
        Segment(kind="policy", text='<answer found="no">—</answer>'),
    ]
    assert learnt_of(run) == '<search lang="fr"> Qui ?</search><answer found="no">—</answer>'


def test_that_a_led_run_goes_on_after_its_first_miss_is_not_learnt() -> None:
    run = [
        Segment(kind="prompt", text="Answer in fr"),
        Segment(kind="policy", text='<search lang="fr"> Qui ?</search>'),
        Segment(kind="evidence", text="Searched fr: 2 new."),
        Segment(kind="policy", text='<think> Qui missing</think><search lang="fr"> Qui ?</search>'),
        Segment(kind="evidence", text="Searched fr: 0 new."),
        Segment(kind="policy", text='<think> Qui missing</think><search lang="de"> Qui ?</search>'),
        Segment(kind="evidence", text="Searched de: 2 new."),
        Segment(kind="policy", text='<think> Qui missing</think><search lang="en"> Qui ?</search>'),
        Segment(kind="evidence", text="Searched en: 2 new."),
        Segment(kind="policy", text="<think> Qui [5]</think><answer> Moi [5]</answer>"),
    ]
    first, _, led, later, last = (turn["text"] for turn in run if turn["kind"] == "policy")
    assert learnt_of(run) == first + led + later + last
    assert learnt_of(run, led=True) == first + later + last


def learnt_of(run: list[Segment], *, led: bool = False) -> str:
    """Say what a lesson teaches."""
    [lesson] = render_lessons([Demonstration(transcript=run, led=led)], small_tokenizer())
    return str(small_tokenizer().decode(lesson.ids[lesson.learnt].tolist()))


def test_a_round_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = lessons(20)
    save_round(made, round_path(tmp_path, 3))
    read = load_round(round_path(tmp_path, 3))
    assert len(read) == 20
    for one, other in zip(made, read, strict=True):
        assert np.array_equal(one.ids, other.ids) and np.array_equal(one.learnt, other.learnt)
    assert [path.name for path in tmp_path.iterdir()] == ["round-00003.safetensors"]


def test_rounds_that_were_read_are_taken_away(tmp_path: Path) -> None:
    for number in (8, 9, 10):
        save_round(lessons(number), round_path(tmp_path, number))
    assert len(take_round(tmp_path, 10, _maker(alive=True))) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["round-00010.safetensors"]


def test_a_round_is_made_unless_enough_lie_ready_before_it(tmp_path: Path) -> None:
    for number in (22, 23, 24, 25):  # As after a kill, which went back to a checkpoint in round 21.
        save_round(lessons(1), round_path(tmp_path, number))
    assert is_wanted(tmp_path, 21)
    assert not is_wanted(tmp_path, 26)


def test_it_does_not_wait_for_a_process_that_ended(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="makes lessons ended with 1, at round 4"):
        take_round(tmp_path, 4, _maker(alive=False))


def _maker(*, alive: bool) -> BaseProcess:
    return cast(BaseProcess, Maker(alive=alive))
