"""GRPO from a log: the recorded log-probabilities are the old policy, until they are outdated."""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import pytest
from replayed_logs import QUESTIONS, SAMPLES, collect_log, save_model, write_records

from crosearch.training.grpo import train
from crosearch.training.grpo_settings import GrpoReport, GrpoSettings
from crosearch.training.metrics_file import Row, read_metrics
from crosearch.training.replay import LoggedGroups
from crosearch.training.shards import read_trajectories
from crosearch.training.stop_rules import REPLAY_RULES
from crosearch.training.trajectories import Json, Trajectory

NUDGE = 0.1
"""Within what is clipped."""


class FirstOfEach:
    """A reward that tells a group's first run from the others."""

    def score(self, records: Sequence[Trajectory]) -> list[dict[str, float] | None]:
        return [{"total": float(record["sample"] == 0)} for record in records]

    def observe(self, scores: Sequence[Mapping[str, float] | None]) -> None:
        """Learn nothing of it."""

    def state(self) -> dict[str, Json]:
        return {}

    def load_state(self, state: Mapping[str, Json]) -> None:
        """Remember nothing."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("models") / "speaking")


@pytest.fixture(scope="module")
def log(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collect_log(tmp_path_factory.mktemp("logs") / "log", model)


def _train(model: Path, log: Path, out: Path, *, steps: int, rate: float = 1e-4) -> GrpoReport:
    settings = GrpoSettings(
        policy=str(model),
        questions=str(log),
        out=out,
        groups=len(QUESTIONS),
        micro_batch=SAMPLES,
        steps=steps,
        every=steps,
        learning_rate=rate,
        track="none",
    )
    return train(settings, source=LoggedGroups([log]), rules=REPLAY_RULES, reward=FirstOfEach())


def _steps(report: GrpoReport) -> list[Row]:
    return read_metrics(report.folder / "training" / "metrics.jsonl")


def test_the_policy_that_made_the_log_finds_its_own_probabilities_in_it(
    model: Path, log: Path, tmp_path: Path
) -> None:
    [first] = _steps(_train(model, log, tmp_path / "out", steps=1))
    assert first["updates_behind"] == 0
    assert first["effective_share"] == pytest.approx(1, abs=1e-6)
    assert first["ratio_mean"] == pytest.approx(1, abs=1e-4)
    assert first["ratio_distance"] == pytest.approx(0, abs=1e-4)


def test_a_perturbed_recorded_log_probability_changes_the_loss(
    model: Path, log: Path, tmp_path: Path
) -> None:
    records = list(read_trajectories(log))
    perturbed = deepcopy(records)
    first = next(r for r in perturbed if r["sample"] == 0)
    logprobs = next(s["logprobs"] for s in first["transcript"] if "logprobs" in s)
    logprobs[0] -= NUDGE
    other = write_records(tmp_path / "perturbed", perturbed)
    [before] = _steps(_train(model, log, tmp_path / "before", steps=1))
    [after] = _steps(_train(model, other, tmp_path / "after", steps=1))
    # The token's ratio is e to the nudge: its run's advantage counts that much more.
    mean = 1 / SAMPLES
    rewards = [1.0 if record["sample"] == 0 else 0.0 for record in records]
    deviation = math.sqrt(sum((reward - mean) ** 2 for reward in rewards) / (len(rewards) - 1))
    advantage = (1 - mean) / (deviation + 1e-4)
    tokens = sum(
        len(s.get("logprobs", []))
        for r in records
        for s in r["transcript"]
        if s["kind"] == "policy"
    )
    change = -advantage * (math.exp(NUDGE) - 1) / tokens
    assert after["loss"] - before["loss"] == pytest.approx(change, rel=0.02)
    assert after["ratio_largest"] == pytest.approx(math.exp(NUDGE), rel=1e-3)
    assert after["grad_norm"] != before["grad_norm"]


def test_training_goes_on_only_while_the_runs_are_worth_something(
    model: Path, log: Path, tmp_path: Path
) -> None:
    report = _train(model, log, tmp_path / "out", steps=12, rate=1e-3)
    steps = _steps(report)
    assert len(steps) < 12
    worth = [
        row["effective_share"] >= 0.9 and row["effective_share_of_runs"] >= 0.3 for row in steps
    ]
    assert worth == [True] * (len(steps) - 1) + [False]
    assert [row["updates_behind"] for row in steps] == list(range(len(steps)))
    assert "collect again" in report.stopped
    assert report.figures["best_step"] is None  # Nothing is wrong with the last weights.
