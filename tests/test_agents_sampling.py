"""Tokens are drawn row by row, from the model's own distribution."""

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.agents.sampling import sample_tokens


def logits(rows: int, vocabulary: int = 50, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, vocabulary, generator=generator) * 3


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 6),
    draws=st.lists(st.floats(0, 1, exclude_max=True), min_size=6, max_size=6),
    temperatures=st.lists(st.sampled_from([0.0, 0.3, 0.7, 1.0, 2.0]), min_size=6, max_size=6),
    seed=st.integers(0, 100),
)
def test_a_row_is_drawn_as_if_it_were_alone(
    rows: int, draws: list[float], temperatures: list[float], seed: int
) -> None:
    scores = logits(rows, seed=seed)
    together = sample_tokens(scores, temperatures[:rows], draws[:rows])
    for row in range(rows):
        alone = sample_tokens(scores[row : row + 1], [temperatures[row]], [draws[row]])
        assert alone.ids == [together.ids[row]]
        assert alone.logprobs == pytest.approx([together.logprobs[row]], abs=1e-6)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.5])
def test_tokens_come_as_often_as_their_probability_says(temperature: float) -> None:
    scores = logits(1, vocabulary=8).expand(20_000, -1)
    numbers = random.Random(0)
    drawn = sample_tokens(scores, [temperature] * 20_000, [numbers.random() for _ in range(20_000)])
    counts = torch.bincount(torch.tensor(drawn.ids), minlength=8) / 20_000
    assert torch.allclose(counts, (scores[0] / temperature).softmax(-1), atol=0.015)


@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_log_probabilities_are_of_the_whole_vocabulary_at_the_temperature(
    temperature: float,
) -> None:
    scores = logits(3)
    drawn = sample_tokens(scores, [temperature] * 3, [0.1, 0.5, 0.9], top_p=0.5, top_k=4)
    expected = (scores / temperature).log_softmax(-1)[range(3), drawn.ids]
    assert drawn.logprobs == pytest.approx(expected.tolist(), abs=1e-6)


def test_temperature_0_takes_the_likeliest() -> None:
    scores = logits(4)
    drawn = sample_tokens(scores, [0, 1, 0, 1], [0.999] * 4)
    assert [drawn.ids[0], drawn.ids[2]] == scores.argmax(-1)[[0, 2]].tolist()


@pytest.mark.parametrize("draw", [0.0, 0.5, 1 - 2**-53])
def test_top_k_and_top_p_leave_only_the_likeliest(draw: float) -> None:
    scores = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
    assert sample_tokens(scores, [1], [draw], top_k=2).ids[0] in (0, 1)
    assert sample_tokens(scores, [1], [draw], top_p=0.6).ids[0] in (0, 1)
    assert sample_tokens(scores, [1], [draw], top_p=0.1).ids == [0]
    assert sample_tokens(scores, [1], [draw], top_p=0.9, top_k=1).ids == [0]


@pytest.mark.parametrize("draw", [0.0, 1 - 2**-53])
def test_what_cannot_be_is_never_drawn(draw: float) -> None:
    scores = torch.tensor([[-math.inf, 1.0, 0.0, -math.inf]])
    assert sample_tokens(scores, [1], [draw]).ids[0] in (1, 2)


def test_logits_that_are_no_numbers_are_told_row_by_row() -> None:
    scores = logits(4)
    scores[1, 3] = math.nan
    scores[2, 3] = math.inf
    scores[3] = -math.inf
    assert sample_tokens(scores, [1] * 4, [0.5] * 4).valid == [True, False, False, False]
