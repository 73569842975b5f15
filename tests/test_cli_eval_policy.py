"""`crosearch eval policy`: from questions to tables, a report, and runs that are kept."""

from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal

from crosearch.tools.sample import sample_passages_path

QUESTIONS = sample_passages_path().with_name("questions.jsonl")
FEW = ["--limit", "12", "--resamples", "200", "--max-searches", "2"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare once."""
    folder = tmp_path_factory.mktemp("eval") / "comparison"
    result = crosearch(*command(folder, "--strategy", "free", "--strategy", "own"))
    assert result.exit_code == 0, result.stderr
    return folder


def command(out: Path, *options: str) -> list[str]:
    return ["eval", "policy", str(QUESTIONS), "--out", str(out), *FEW, *options]


def test_help_explains_it() -> None:
    assert "policy" in crosearch("eval", "--help").stdout
    shown = crosearch("eval", "policy", "--help").stdout
    for words in ("QUESTIONS", "--policy", "--strategy", "--temperature", "Examples"):
        assert words in shown


def test_tables_are_printed_and_a_report_is_written(out: Path) -> None:
    result = crosearch(*command(out, "--strategy", "free", "--strategy", "own"))
    for words in (
        "exact match",
        "same answer",
        "declines rightly",
        "asked in",
        "extractive, own",
        "95% interval",
    ):
        assert words in result.stdout
    assert str(out / "comparison.md") in result.stdout
    assert {path.name for path in out.iterdir()} == {
        "runs",
        "comparison.json",
        "comparison.md",
        "comparison.png",
    }


def test_a_further_strategy_is_compared_on_the_runs_that_are_there(out: Path) -> None:
    before = sum(1 for _ in out.rglob("*.jsonl"))
    told = printed_json(
        crosearch(*command(out, "--strategy", "own", "--policy", "base=extractive", "--json"))
    )
    assert [one["name"] for one in told["policies"]] == ["base, own"]
    assert told["questions"]["questions"] == 12
    assert set(told["policies"][0]["by_kind"]) <= {"own", "other", "conflict", "nowhere"}
    assert sum(1 for _ in out.rglob("*.jsonl")) == before


def test_what_cannot_be_compared_is_refused_before_anything_runs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "strategy 'sideways' is unknown" in refusal(
        crosearch(*command(out, "--strategy", "sideways"))
    )
    twice = ["--policy", "extractive", "--policy", "extractive"]
    assert "'extractive' is given twice" in refusal(crosearch(*command(out, *twice)))
    nothing = crosearch("eval", "policy", str(tmp_path / "q.jsonl"), "--out", str(out))
    assert "there is no file" in refusal(nothing)
    unknown = crosearch(*command(out, "--policy", "nobody"))
    assert unknown.exit_code == 2 and "unknown policy 'nobody'" in unknown.stderr
    assert not (out / "comparison.json").exists()
