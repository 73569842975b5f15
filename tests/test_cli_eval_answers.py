"""`crosearch eval answers`, `eval score` and `eval compare`: from a data set to reports."""

import json
import signal
import time
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal, start
from retrieval_samples import write_xquad
from shared_data import shared_data

STRATEGIES = "own-language,crosearch"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_xquad(tmp_path_factory.mktemp("published") / "xquad")


@pytest.fixture(scope="module")
def out(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare once."""
    folder = tmp_path_factory.mktemp("eval") / "report"
    result = crosearch(*command(data, folder))
    assert result.exit_code == 0, result.stderr
    assert "crosearch: 6 of 6 runs" in result.stderr
    return folder


def command(data: Path, out: Path, *options: str) -> list[str]:
    arguments = ["--data", str(data), "--strategies", STRATEGIES, "--out", str(out)]
    return ["eval", "answers", "xquad", *arguments, *options]


def test_help_explains_them() -> None:
    listed = crosearch("eval", "--help").stdout
    for name in ("answers", "score", "compare"):
        assert name in listed
        shown = crosearch("eval", name, "--help").stdout
        assert "Examples" in shown and "--json" in shown
    for words in ("--strategies", "--policy", "--sample", "--index", "reflective", "CroSearch"):
        assert words in crosearch("eval", "answers", "--help").stdout


def test_tables_are_printed_and_a_report_is_written(data: Path, out: Path) -> None:
    result = crosearch(*command(data, out))
    for words in (
        "The asker's language is in the index",
        "The asker's language is not in the index",
        "What it took",
        "cited gold by the asker's language",
        "p (Holm)",
    ):
        assert words in result.stdout
    assert str(out / "report.html") in result.stdout
    report = (out / "report.md").read_text(encoding="utf-8")
    assert report.startswith("# Answers on xquad\n") and "| crosearch |" in report
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>") and "reflective" not in page


def test_one_json_object_has_all_figures(data: Path, out: Path) -> None:
    told = printed_json(crosearch(*command(data, out, "--json")))
    assert told == json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in told["entries"]] == ["own-language", "crosearch"]
    assert told["questions"] == {"de": 3, "en": 3}


def test_policies_are_told_apart(data: Path, tmp_path: Path) -> None:
    policies = ["--policy", "rules=extractive", "--policy", "extractive"]
    told = printed_json(crosearch(*command(data, tmp_path / "out", *policies, "--json")))
    assert [entry["name"] for entry in told["entries"]] == [
        "rules, own-language", "rules, crosearch",
        "extractive, own-language", "extractive, crosearch",
    ]  # fmt: skip


def test_a_corpus_of_ones_own_is_searched(data: Path, tmp_path: Path) -> None:
    source = tmp_path / "bread.txt"
    source.write_text("Bakers leave the dough to rise.", encoding="utf-8")
    store = ["--store", str(tmp_path / "store")]
    assert crosearch("ingest", str(source), "--corpus", "bread", *store).exit_code == 0
    options = ["--corpus", "bread", *store, "--json"]
    told = printed_json(crosearch(*command(data, tmp_path / "out", *options)))
    assert told["entries"][1]["all"]["cited_gold"]["value"] == 0
    assert not (tmp_path / "out" / "store").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strategies", "crosearch,own-langage"], "unknown strategy 'own-langage' (did you mean"),
        (["--strategies", ","], "there is no strategy to compare"),
        (["--index", "half"], "the index 'half' is unknown; known are both, own, others"),
        (["--languages", "sw"], "xquad has no questions in 'sw'"),
        (["--policy", "./no-such-model"], "no-such-model"),
        (["--policy", "a=extractive", "--policy", "a=tiny"], "two policies are called 'a'"),
        (["--store", "somewhere"], "a store is searched where --corpus names a corpus"),
        (["--corpus", "nothing", "--store", "nowhere"], "nowhere"),
        (["--translator", "babel"], "babel"),
        (["--strategies", "reflective", "--max-searches", "1"], "max_searches is 1"),
    ],
)
def test_what_cannot_be_is_refused(
    options: list[str], message: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = crosearch(*command(data, tmp_path / "out", *options))
    assert result.exit_code in (1, 2) and message in result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""
    assert not (tmp_path / "out" / "results.json").exists()


def test_another_sample_is_another_evaluation(data: Path, out: Path) -> None:
    before = (out / "results.json").read_bytes()
    refused = refusal(crosearch(*command(data, out, "--sample", "2")))
    assert "holds another evaluation" in refused and "sample all there, 2 here" in refused
    assert (out / "results.json").read_bytes() == before


def test_a_killed_evaluation_goes_on(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    process = start(*command(data, folder, "--strategies", "all", "--concurrency", "1"))
    log = folder / "runs"
    while process.poll() is None and not any(log.glob("*.jsonl")):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (folder / "results.json").exists()
    told = printed_json(crosearch(*command(data, folder, "--strategies", "all", "--json")))
    assert [entry["runs"] for entry in told["entries"]] == [6] * 8


class TestScore:
    def test_a_log_is_scored_by_its_own_gold_answers(self, out: Path, tmp_path: Path) -> None:
        report = tmp_path / "report"
        result = crosearch("eval", "score", str(out / "runs"), "--out", str(report))
        assert result.exit_code == 0 and "exact match" in result.stdout
        assert {path.name for path in report.iterdir()} == {
            "manifest.json", "report.html", "report.md", "results.json", "results.parquet",
        }  # fmt: skip
        again = crosearch("eval", "score", str(out / "runs"), "--out", str(report))
        assert "is not empty" in refusal(again)

    def test_a_data_set_says_which_documents_are_right(self, data: Path, out: Path) -> None:
        options = ["--dataset", "xquad", "--data", str(data), "--json"]
        told = printed_json(crosearch("eval", "score", str(out / "runs"), *options))
        whole = json.loads((out / "results.json").read_text(encoding="utf-8"))
        assert [one["all"] for one in told["entries"]] == [one["all"] for one in whole["entries"]]

    def test_runs_without_gold_answers_are_refused(self, tmp_path: Path) -> None:
        questions = tmp_path / "questions.jsonl"
        questions.write_text('{"question": "Why?", "language": "en"}\n', encoding="utf-8")
        log = str(tmp_path / "log")
        assert crosearch("collect", str(questions), "--out", log).exit_code == 0
        refused = refusal(crosearch("eval", "score", log))
        assert "none of the 1 runs" in refused and "--dataset" in refused

    def test_what_cannot_be_is_refused(self, data: Path, out: Path, tmp_path: Path) -> None:
        log = str(out / "runs")
        assert "gone" in refusal(crosearch("eval", "score", str(tmp_path / "gone")))
        assert "both --dataset" in refusal(crosearch("eval", "score", log, "--dataset", "xquad"))
        assert "--split" in refusal(crosearch("eval", "score", log, "--split", "test"))

    def test_a_log_of_another_schema_is_refused(self, out: Path, tmp_path: Path) -> None:
        log = tmp_path / "log"
        log.mkdir()
        (log / "shard.jsonl").write_text('{"schema_version": 99}\n', encoding="utf-8")
        result = crosearch("eval", "score", str(log))
        assert result.exit_code in (1, 2) and "Traceback" not in result.stderr


class TestCompare:
    def test_two_reports_on_the_same_questions(self, data: Path, out: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        assert crosearch(*command(data, other, "--passages", "1")).exit_code == 0
        result = crosearch("eval", "compare", str(out), str(other))
        assert result.exit_code == 0
        assert "crosearch, after" in result.stdout
        assert "crosearch: settings passages 10 in the one, 1 in the other" in result.stdout
        told = printed_json(crosearch("eval", "compare", str(out), str(other), "--json"))
        assert told["only"] == {"before": [], "after": []}

    def test_others_are_refused(self, data: Path, out: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        assert crosearch(*command(data, other, "--index", "own")).exit_code == 0
        refused = refusal(crosearch("eval", "compare", str(out), str(other)))
        assert "cannot be compared: index both in the one, own in the other" in refused
        assert "no manifest.json" in refusal(crosearch("eval", "compare", str(out), str(tmp_path)))


def test_published_data_are_evaluated(tmp_path: Path) -> None:
    source = shared_data() / "xquad_dev"
    options = ["--languages", "en,de", "--sample", "12", "--json"]
    told = printed_json(crosearch(*command(source, tmp_path / "out", *options)))
    assert told["questions"] == {"de": 6, "en": 6} and told["facts"] == 6
    [own, cross] = told["entries"]
    assert own["indexed"]["others"]["cited_gold"]["value"] == 0
    assert cross["indexed"]["own"]["cited_gold"]["value"] > 0
