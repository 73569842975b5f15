"""Exports: every field survives, only what is good is trained on, and TRL takes what is written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from recorded_runs import DE, TIMEOUT, recorded_run
from trajectory_strategy import trajectories

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.export import (
    ExportReport,
    GrpoRows,
    PreferenceRows,
    SftRows,
    SftTokenRows,
    TrajectoryRows,
    export_runs,
)
from crosearch.training.export_schema import Row, arrow_schema, to_columns
from crosearch.training.export_sft import NO_LOSS, UntrainableError, token_sequence
from crosearch.training.export_trajectories import (
    TrajectoryRow,
    read_trajectory,
    trajectory_row,
)
from crosearch.training.record_checks import replace_surrogates
from crosearch.training.shards import TrajectoryWriter
from crosearch.training.trajectories import Trajectory

Rows = list[dict[str, Any]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def write(folder: Path, *records: Trajectory) -> Path:
    with TrajectoryWriter(folder) as writer:
        for record in records:
            writer.append_now(record)
    return folder


def export(log: Path, maker: Any) -> tuple[ExportReport, Rows]:
    out = log.parent / "out"
    report = export_runs([log], out, maker, form="jsonl")
    lines = (out / "data.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == report["rows"]
    return report, rows


def with_modest_numbers(value: Any) -> Any:
    """Bring whole numbers, and with them their sums, within the 64 bits that a column has."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value % 2**48
    if isinstance(value, dict):
        return {name: with_modest_numbers(part) for name, part in value.items()}
    return [with_modest_numbers(part) for part in value] if isinstance(value, list) else value


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(trajectories())
def test_every_field_of_any_record_survives_parquet(
    tmp_path_factory: pytest.TempPathFactory, record: Trajectory
) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
    from pyarrow import parquet

    record = with_modest_numbers(replace_surrogates(record))
    columns = to_columns(TrajectoryRow, cast("Row", trajectory_row(record)))
    path = tmp_path_factory.mktemp("parquet") / "data.parquet"
    parquet.write_table(pa.Table.from_pylist([columns], schema=arrow_schema(TrajectoryRow)), path)
    (row,) = parquet.read_table(path).to_pylist()
    assert read_trajectory(row) == record


def test_runs_are_rows_with_what_people_filter_by(log: Path) -> None:
    from pyarrow import parquet

    failed = recorded_run(sample=1, failures=[TIMEOUT])
    write(log, recorded_run(with_tokens=True), failed)
    report = export_runs([log], log.parent / "out", TrajectoryRows(), form="parquet")
    assert report == {"rows": 2, "runs": 2, "left_out": {}}
    first, second = parquet.read_table(log.parent / "out" / "data.parquet").to_pylist()
    assert (first["policy_name"], first["corpus"], first["turns"]) == ("local:tiny", "rivers", 2)
    assert first["search_languages"] == ["de"] and first["evidence_languages"] == ["de", "fr"]
    assert first["cited_languages"] == ["de"] and first["answer_f1"] == 1.0
    assert first["trainable"] and not first["machine_failed"]
    assert second["machine_failed"] and second["answer_f1"] is None
    assert read_trajectory(second) == failed


def test_a_dataset_holds_the_same_as_parquet(log: Path) -> None:
    from datasets import load_from_disk  # type: ignore[import-untyped]  # it ships no types

    records = [recorded_run(sample=n, with_tokens=n % 2 == 0) for n in range(3)]
    write(log, *records)
    export_runs([log], log.parent / "out", TrajectoryRows(), form="hf")
    rows: Any = load_from_disk(str(log.parent / "out"))
    assert [read_trajectory(row) for row in rows] == records
    for file in (log.parent / "out").glob("*.json"):
        assert str(log.parent) not in file.read_text(), "a path of this machine"


def test_sft_keeps_good_runs_once_and_counts_the_others(log: Path) -> None:
    write(
        log,
        recorded_run(sample=0, reward=0.5),
        recorded_run(sample=1, reward=0.9),
        recorded_run(sample=2, reward=0.4),
        recorded_run(sample=3, reward=None),
        recorded_run(sample=4, failures=[TIMEOUT]),
        recorded_run(sample=5, attempt=1, failures=[TIMEOUT]),
        recorded_run(sample=5, attempt=2, answer="It is 1233 km long."),
    )
    report, rows = export(log, SftRows())
    assert report["runs"] == 6
    assert report["left_out"] == {
        "its transcript is the same as another's": 1,
        "its answer_f1 is below 0.5": 1,
        "it has no reward answer_f1": 1,
        "the machine failed it": 1,
    }
    assert [row["reward"] for row in rows] == [0.5, 1.0]
    roles = [message["role"] for message in rows[0]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant"]


def test_what_came_after_the_policys_last_words_is_not_learnt_from(log: Path) -> None:
    record = recorded_run()
    record["transcript"].append({"kind": "feedback", "text": "That was not enough."})
    _, rows = export(write(log, record), SftRows())
    assert rows[0]["messages"][-1]["role"] == "assistant"


def test_tokens_are_the_logged_ones_with_loss_on_the_policys_alone(log: Path) -> None:
    record = recorded_run(with_tokens=True)
    report, (row,) = export(write(log, record, recorded_run("Other?")), SftTokenRows())
    segments = record["transcript"]
    assert row["input_ids"] == [id for segment in segments for id in segment.get("token_ids", ())]
    assert bytes(label for label in row["labels"] if label != NO_LOSS).decode() == "".join(
        segment["text"] for segment in segments if segment["kind"] == "policy"
    )
    assert report["left_out"] == {"a segment of kind prompt has no token ids": 1}


def test_a_gap_in_the_tokens_and_an_empty_mask_are_refused() -> None:
    transcript = recorded_run(with_tokens=True)["transcript"]
    del transcript[3]["token_ids"]
    with pytest.raises(UntrainableError, match="of kind evidence has no token ids"):
        token_sequence(transcript)
    assert len(token_sequence(transcript[:3]).ids) > 0
    empty = recorded_run(with_tokens=True)["transcript"]
    empty[2]["token_ids"], empty[4]["token_ids"] = [], []
    with pytest.raises(UntrainableError, match="mask is all zeros"):
        token_sequence(empty)
    with pytest.raises(UntrainableError, match="mask is all zeros"):
        token_sequence(empty[:2])


def test_token_ids_of_two_policies_are_not_mixed(log: Path) -> None:
    write(
        log,
        recorded_run(with_tokens=True),
        recorded_run(with_tokens=True, policy="local:other", answer="It is 1233 km."),
    )
    with pytest.raises(UsageError, match="local:other and local:tiny.*--policy"):
        export(log, SftTokenRows())
    report, rows = export(log, SftTokenRows(policy="local:other"))
    assert len(rows) == 1 and report["left_out"] == {"another policy made it": 1}


def test_a_pair_is_of_the_turns_at_which_two_runs_part(log: Path) -> None:
    write(
        log,
        recorded_run(sample=0, answer="1233 km", reward=1.0),
        recorded_run(sample=1, answer="50 km", reward=0.0),
        recorded_run(sample=2, query="Flüsse", answer="Many km", reward=0.05),
        recorded_run(sample=3, failures=[TIMEOUT]),
    )
    report, (row,) = export(log, PreferenceRows())
    assert [message["role"] for message in row["prompt"]] == ["system", "user", "assistant", "user"]
    assert row["chosen"] == [{"role": "assistant", "content": "<answer>1233 km [1]</answer>"}]
    assert row["rejected"] == [{"role": "assistant", "content": "<answer>50 km [1]</answer>"}]
    assert (row["chosen_reward"], row["rejected_reward"]) == (1.0, 0.0)
    assert report["left_out"] == {"the machine failed it": 1, "it pairs with no other": 1}


def test_whole_runs_are_compared_where_that_is_wanted(log: Path) -> None:
    write(log, recorded_run(sample=0), recorded_run(sample=1, answer="50 km", reward=0.0))
    _, (row,) = export(log, PreferenceRows(whole_runs=True))
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert [message["role"] for message in row["rejected"]] == ["assistant", "user", "assistant"]


def test_the_best_is_paired_with_the_worst_and_no_run_twice(log: Path) -> None:
    rewards = [0.0, 0.2, 0.6, 1.0]
    write(log, *(recorded_run(sample=n, answer=f"{n}", reward=r) for n, r in enumerate(rewards)))
    _, rows = export(log, PreferenceRows())
    pairs = {(row["chosen_reward"], row["rejected_reward"]) for row in rows}
    assert pairs == {(1.0, 0.0), (0.6, 0.2)}


def test_groups_in_which_nothing_is_better_give_no_pairs(log: Path) -> None:
    write(
        log,
        recorded_run("A?", 0, answer="x", reward=0.5),
        recorded_run("A?", 1, answer="y", reward=0.5),
        recorded_run("B?", 0, answer="x", reward=0.55),
        recorded_run("B?", 1, answer="y", reward=0.5),
        recorded_run("C?", 0),
        recorded_run("C?", 1),
        recorded_run("D?", 0, language=DE, reward=0.0),
    )
    with pytest.raises(LogError, match="nothing to export: none of 7 runs") as refused:
        export(log, PreferenceRows())
    for reason in (
        "2: all runs of its group have the same reward",
        "2: it pairs with no other",
        "2: no other run has its prompt",
        "1: its transcript is the same as another's",
    ):
        assert reason in str(refused.value)
    assert not (log.parent / "out").exists()


def test_runs_with_different_prompts_are_not_paired(log: Path) -> None:
    other = recorded_run(sample=1, reward=0.0)
    other["transcript"][0]["text"] = "You have more turns now."
    with pytest.raises(LogError, match="2: no other run has its prompt"):
        export(write(log, recorded_run(), other), PreferenceRows())


def test_grpo_has_each_prompt_once_with_its_group_and_gold_answers(log: Path) -> None:
    write(log, recorded_run(), recorded_run(sample=1), recorded_run("Wie lang?", language=DE))
    report, rows = export(log, GrpoRows())
    assert report["left_out"] == {"its prompt is there already": 1}
    assert [message["role"] for message in rows[0]["prompt"]] == ["system", "user"]
    assert rows[0]["answers"] == ["1233 kilometres"]
    assert rows[0]["answers_by_language"] == {"en": ["1233 kilometres"]}
    assert [row["language"] for row in rows] == ["en", "de"]
    assert rows[0]["group"] != rows[1]["group"]


def test_an_out_folder_that_holds_something_is_refused_and_left_alone(log: Path) -> None:
    write(log, recorded_run())
    (log.parent / "out").mkdir()
    export_runs([log], log.parent / "out", SftRows(), form="jsonl")
    with pytest.raises(UsageError, match="not empty"):
        export_runs([log], log.parent / "out", SftRows(), form="jsonl")
    (log.parent / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        export_runs([log], log.parent / "file", SftRows(), form="jsonl")
    assert sorted(path.name for path in log.parent.iterdir()) == ["file", "log", "out"]


def test_an_error_on_the_way_leaves_nothing(log: Path) -> None:
    class Breaking(SftRows):
        def _make(self, record: Trajectory) -> Mapping[str, Any]:
            raise OSError(28, "No space left on device")

    write(log, recorded_run())
    with pytest.raises(LogError, match="No space left"):
        export_runs([log], log.parent / "out", Breaking(), form="jsonl")
    assert [path.name for path in log.parent.iterdir()] == ["log"]


@pytest.mark.parametrize(("form", "package"), [("hf", "datasets"), ("parquet", "pyarrow")])
def test_a_package_that_is_missing_is_named(
    log: Path, monkeypatch: pytest.MonkeyPatch, form: Any, package: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    write(log, recorded_run())
    with pytest.raises(UsageError, match=rf"{package}: pip install 'crosearch\[data\]'"):
        export_runs([log], log.parent / "out", SftRows(), form=form)
