"""`crosearch export`: which options go together, and what is said of what was written."""

import json
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from recorded_runs import TIMEOUT, recorded_run

from crosearch.training.shards import TrajectoryWriter


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    with TrajectoryWriter(folder) as writer:
        writer.append_now(recorded_run(with_tokens=True))
        writer.append_now(recorded_run(sample=1, answer="50 km", reward=0.2, with_tokens=True))
        writer.append_now(recorded_run(sample=2, failures=[TIMEOUT]))
    return folder


@pytest.mark.parametrize(
    ("to", "rows"), [("parquet", 3), ("hf", 3), ("sft", 1), ("preferences", 1), ("grpo", 1)]
)
def test_every_kind_is_written_where_it_was_asked_for(
    log: Path, tmp_path: Path, to: str, rows: int
) -> None:
    out = tmp_path / "out"
    told = printed_json(crosearch("export", str(log), "--to", to, "--out", str(out), "--json"))
    assert (told["rows"], told["runs"]) == (rows, 3)
    written = {path.name for path in out.iterdir()}
    assert written == {"data.parquet"} if to == "parquet" else "state.json" in written


def test_a_person_is_told_what_was_left_out_and_why(log: Path, tmp_path: Path) -> None:
    result = crosearch("export", str(log), "--to", "sft", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.stderr
    assert "1 rows of 3 runs" in result.stdout
    assert "left out 1: its answer_f1 is below 0.5" in result.stdout
    assert "left out 1: the machine failed it" in result.stdout
    assert "assistant_only_loss=True" in result.stdout


def test_tokens_and_formats_can_be_chosen(log: Path, tmp_path: Path) -> None:
    options = ["--to", "sft", "--tokens", "--threshold", "0", "--format", "jsonl"]
    crosearch("export", str(log), *options, "--out", str(tmp_path / "out"))
    lines = (tmp_path / "out" / "data.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 2
    assert all(len(row["input_ids"]) == len(row["labels"]) for row in rows)


def test_a_reward_that_no_run_has_is_told_and_nothing_written(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--to", "sft", "--reward", "style", "--out", str(out)]
    result = crosearch("export", str(log), *options)
    assert result.exit_code == 1
    assert "2: it has no reward style" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--to", "grpo", "--tokens"],
        ["--to", "sft", "--whole-runs"],
        ["--to", "preferences", "--policy", "x"],
    ],
)
def test_options_that_do_not_go_together_are_refused(
    log: Path, tmp_path: Path, options: list[str]
) -> None:
    assert "goes with" in refusal(
        crosearch("export", str(log), *options, "--out", str(tmp_path / "out"))
    )


def test_an_out_folder_in_use_is_refused(log: Path) -> None:
    assert "not empty" in refusal(crosearch("export", str(log), "--to", "hf", "--out", str(log)))
