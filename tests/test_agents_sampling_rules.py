"""A run's seed makes each turn's; what the model's own distribution did not make is told."""

from dataclasses import replace

import pytest
from observations import observe

from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.sampling_rules import sampling_flaw, turn_seed
from crosearch.agents.transcript import Segment

QUESTION = Segment(kind="prompt", text="Who?")
EVIDENCE = Segment(kind="evidence", text="[1]")
TURN = Segment(kind="policy", text="hm")


def test_a_turns_seed_follows_from_the_runs_and_from_the_turns_before() -> None:
    start = replace(observe(transcript=[QUESTION]), seed=3)
    read_more = replace(observe(transcript=[QUESTION, EVIDENCE]), seed=3)
    later = replace(observe(transcript=[QUESTION, TURN]), seed=3)
    other = replace(start, seed=4)
    assert turn_seed(start) == turn_seed(read_more)
    assert len({turn_seed(start), turn_seed(later), turn_seed(other)}) == 3
    assert turn_seed(replace(start, seed=None)) is None


def test_every_server_can_hold_a_turns_seed() -> None:
    start = observe(transcript=[QUESTION])
    seeds = [turn_seed(replace(start, seed=seed)) for seed in range(200)]
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds)
    assert len(set(seeds)) == 200


@pytest.mark.parametrize(
    ("temperature", "settings", "told"),
    [
        (1.0, PolicySettings(), ""),
        (0.7, PolicySettings(top_p=1.0), ""),
        (0.0, PolicySettings(), "nothing was sampled"),
        (1.0, PolicySettings(top_p=0.9), "sampled with top_p=0.9"),
        (1.0, PolicySettings(top_k=40), "sampled with top_k=40"),
    ],
)
def test_what_cannot_be_trained_on_says_why(
    temperature: float, settings: PolicySettings, told: str
) -> None:
    flaw = sampling_flaw(temperature, settings)
    assert told in flaw and bool(flaw) == bool(told)
