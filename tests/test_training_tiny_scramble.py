"""A scrambled lesson asks for the same: what was equal in it is equal, what was the policy's is."""

import random
from functools import cache

import numpy as np
from facts_worlds import small_world
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from crosearch.agents.transcript import Segment
from crosearch.training.tiny_lessons import Lesson, render_lessons
from crosearch.training.tiny_runs import Demonstration
from crosearch.training.tiny_scramble import Scrambler
from crosearch.training.tiny_tokenizer import train_tokenizer

RUN = [
    Segment(kind="prompt", text="Answer in fr and cite. Turns: 5. Searches: 3. Search in: fr,de"),
    Segment(kind="prompt", text="Question: Quelle est la capitale de Laponie ?"),
    Segment(kind="policy", text='<search lang="fr"> Quelle est la capitale de Laponie ?</search>'),
    Segment(
        kind="evidence",
        text="Searched fr: 1 new.\n<information>\n[1] (French) Laponie\n"
        "La capitale de Laponie est Rovaniemi.\n</information>\nTurns left: 4. Searches left: 2.",
    ),
    Segment(kind="policy", text="<think> Laponie [1]</think><answer> Rovaniemi [1]</answer>"),
]


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    texts = [passage.text for passage in small_world().passages[:600]]
    return train_tokenizer([*texts, *(segment["text"] for segment in RUN)], 1_500)


@cache
def lesson() -> Lesson:
    return render_lessons([Demonstration(transcript=RUN)], tokenizer())[0]


def text(ids: np.ndarray) -> str:
    return str(tokenizer().decode(ids.tolist()))


@settings(deadline=None)  # the first example trains the tokenizer
@given(st.integers(0, 10_000))
def test_what_is_equal_stays_equal(seed: int) -> None:
    before = lesson().ids
    after = Scrambler(tokenizer(), 1.0).scramble(lesson(), random.Random(seed))
    assert np.array_equal(after.learnt, lesson().learnt)
    becomes = dict(zip(before.tolist(), after.ids.tolist(), strict=True))
    assert [becomes[piece] for piece in before.tolist()] == after.ids.tolist()


def test_names_are_made_new_and_the_protocol_is_left() -> None:
    scrambler = Scrambler(tokenizer(), 1.0)
    read = [text(scrambler.scramble(lesson(), random.Random(seed)).ids) for seed in range(20)]
    assert len(set(read)) == 20
    assert not all("Rovaniemi" in one for one in read)
    kept = ('<search lang="fr">', "Answer in fr and", "Quelle est la", "[1]</think><answer>")
    for one in read:
        assert all(part in one for part in kept)


def test_the_share_says_how_many_readings_are_scrambled() -> None:
    scrambler, draw = Scrambler(tokenizer(), 0.5), random.Random(0)
    changed = [scrambler.scramble(lesson(), draw) is not lesson() for _ in range(200)]
    assert 70 < sum(changed) < 130
    assert Scrambler(tokenizer(), 0.0).scramble(lesson(), draw) is lesson()
