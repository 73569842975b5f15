"""What a log comes to, counted in one pass."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_runs import DE, EN, TIMEOUT, recorded_run

from crosearch.tools.errors import UsageError
from crosearch.training.quantiles import Quantiles
from crosearch.training.shards import TrajectoryWriter
from crosearch.training.statistics import log_statistics
from crosearch.training.trajectories import Trajectory


def write(folder: Path, *records: Trajectory) -> Path:
    with TrajectoryWriter(folder) as writer:
        for record in records:
            writer.append_now(record)
    return folder


def test_a_log_is_counted_by_run_language_stage_and_reward(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        recorded_run(sample=0, with_tokens=True),
        recorded_run(sample=1, reward=0.5),
        recorded_run(sample=2, failures=[TIMEOUT]),
        recorded_run("Wie lang ist der Rhein?", language=DE),
    )
    counted = log_statistics([log])
    assert (counted["records"], counted["runs"], counted["questions"]) == (4, 4, 2)
    assert (counted["failed"], counted["failures"]) == (1, {"search timeout": 1})
    assert counted["trainable"] == 1
    assert counted["untrainable"] == {
        "text only: local:tiny gives no token ids": 2,
        "the machine failed it": 1,
    }
    assert (counted["found"], counted["found_rate"]) == (3, 1.0)
    assert counted["endings"] == {"answered": 4}
    assert list(counted["languages"]) == ["en", "de"]
    assert counted["languages"]["en"] == {
        "runs": 3,
        "found": 2,
        "searches": {"de": 3},
        "evidence": {"de": 3, "fr": 3},
        "cited": {"de": 3},
    }
    assert counted["turns"]["mean"] == 2
    assert (counted["prompt_tokens"], counted["completion_tokens"]) == (160, 40)
    assert counted["trained_tokens"] > 0
    assert counted["cost"] == pytest.approx(0.008)
    assert counted["rewards"]["answer_f1"]["count"] == 3
    assert counted["rewards"]["answer_f1"]["mean"] == pytest.approx(2.5 / 3)
    assert counted["seconds"]["policy"]["count"] == 8
    assert counted["seconds"]["search"]["count"] == 4
    assert counted["seconds"]["align"]["p95"] == pytest.approx(0.05, rel=0.01)


def test_only_the_highest_attempt_of_a_run_counts_wherever_it_lies(tmp_path: Path) -> None:
    failed = recorded_run(attempt=1, failures=[TIMEOUT])
    good = recorded_run(attempt=2)
    here = write(tmp_path / "here", good, recorded_run(sample=1))
    there = write(tmp_path / "there", failed, good)
    counted = log_statistics([here, there])
    assert (counted["records"], counted["superseded"], counted["runs"]) == (4, 2, 2)
    assert counted["failed"] == 0


def test_an_empty_log_comes_to_nothing(tmp_path: Path) -> None:
    counted = log_statistics([tmp_path])
    assert counted["runs"] == 0 and counted["found_rate"] == 0.0 and counted["cost"] is None
    assert counted["seconds"]["run"] == {"count": 0, "mean": 0, "p50": 0, "p95": 0, "max": 0}


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        log_statistics([tmp_path / "none"])


def test_a_run_that_an_error_ended_counts_as_such(tmp_path: Path) -> None:
    record = recorded_run(failures=[TIMEOUT])
    record["ending"], record["language"] = None, EN
    assert log_statistics([write(tmp_path / "log", record)])["endings"] == {"error": 1}


@given(
    st.lists(st.floats(1e-4, 1e4), min_size=1, max_size=60), st.sampled_from([0.0, 0.5, 0.95, 1])
)
def test_a_quantile_is_within_a_hundredth_of_the_true_one(
    values: list[float], share: float
) -> None:
    numbers = Quantiles()
    for value in values:
        numbers.add(value)
    true = sorted(values)[int(share * (len(values) - 1))]
    assert numbers.quantile(share) == pytest.approx(true, rel=0.0101)


def test_zeros_are_numbers_too() -> None:
    numbers = Quantiles()
    for value in (0.0, 0.0, 3.0):
        numbers.add(value)
    assert numbers.quantile(0.5) == 0.0
    assert numbers.quantile(1.0) == pytest.approx(3.0, rel=0.01)
