"""`crosearch eval retrieval`: from a published data set to tables, runs and a report."""

import json
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from retrieval_samples import write_xquad
from shared_data import shared_data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_xquad(tmp_path_factory.mktemp("published") / "xquad")


@pytest.fixture(scope="module")
def out(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare once."""
    folder = tmp_path_factory.mktemp("eval") / "retrieval"
    result = crosearch(*command(data, "--out", str(folder)))
    assert result.exit_code == 0, result.stderr
    assert "hybrid, pool: 6 of 6 rankings" in result.stderr
    return folder


def command(data: Path, *options: str) -> list[str]:
    return ["eval", "retrieval", "xquad", "--data", str(data), "--k", "1,3", *options]


def test_help_explains_it() -> None:
    assert "retrieval" in crosearch("eval", "--help").stdout
    shown = crosearch("eval", "retrieval", "--help").stdout
    for words in ("DATASET", "--data", "--systems", "--setting", "--sample", "--out", "Examples"):
        assert words in shown


def test_tables_are_printed_and_a_report_is_written(data: Path, out: Path) -> None:
    result = crosearch(*command(data, "--out", str(out)))
    for words in (
        "Questions in one language, documents in another",
        "Documents of all languages in one pool",
        "Language bias",
        "strong alignment",
        "nDCG@3",
        "95% interval",
    ):
        assert words in result.stdout
    assert "rankings" not in result.stderr  # Nothing is run again.
    assert str(out / "report.md") in result.stdout
    assert {path.name for path in out.iterdir()} == {
        "manifest.json",
        "qrels",
        "report.md",
        "results.json",
        "runs",
        "store",
    }


def test_one_json_object_has_all_figures(data: Path, out: Path) -> None:
    told = printed_json(crosearch(*command(data, "--out", str(out), "--json")))
    assert [system["name"] for system in told["systems"]] == ["dense", "lexical", "hybrid"]
    assert told == json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert told["questions"] == {"de": 3, "en": 3}


def test_without_a_folder_nothing_is_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = printed_json(crosearch(*command(data, "--systems", "dense", "--json")))
    assert list(told["systems"][0]["settings"]) == ["mono", "cross", "pool"]
    assert not list(tmp_path.iterdir())


def test_one_language_is_asked_in_and_questions_without_gold_are_told(data: Path) -> None:
    options = ["--languages", "de", "--setting", "mono", "--systems", "lexical", "--sample", "2"]
    told = printed_json(crosearch(*command(data, *options, "--json")))
    assert told["questions"] == {"de": 2} and told["documents"] == {"de": 4}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--systems", "dense,densest"], "the system 'densest' is unknown; known are dense, "),
        (["--systems", "./no-such-model"], "no embedder './no-such-model'"),
        (["--setting", "mono,bi"], "the setting 'bi' is unknown; known are mono, cross, pool"),
        (["--languages", "sw"], "xquad has no questions in 'sw'"),
        (["--languages", "en", "--setting", "cross"], "no question of 'xquad' can be asked so"),
        (["--k", "5,many"], "--k has 'many': give whole numbers"),
        (["--k", "0"], "k is 0"),
        (["--systems", ","], "there is no system to evaluate"),
        (["--split", "test"], "xquad has no splits"),
    ],
)
def test_what_cannot_be_is_refused(
    options: list[str], message: str, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert message in refusal(crosearch(*command(data, "--out", str(out), *options)))
    assert not list(out.glob("runs/*.run"))


def test_a_data_set_that_nobody_knows_is_refused(data: Path, tmp_path: Path) -> None:
    unknown = crosearch("eval", "retrieval", "xquads", "--data", str(data))
    assert "unknown data set 'xquads'" in refusal(unknown)
    missing = crosearch("eval", "retrieval", "xquad", "--data", str(tmp_path / "gone"))
    assert "gone" in refusal(missing)


def test_a_folder_of_another_sample_is_refused_and_stays(data: Path, out: Path) -> None:
    kept = {path.name: path.stat().st_mtime_ns for path in out.rglob("*.run")}
    refused = refusal(crosearch(*command(data, "--out", str(out), "--sample", "2")))
    assert "holds another retrieval evaluation" in refused and "sample all there, 2 here" in refused
    assert {path.name: path.stat().st_mtime_ns for path in out.rglob("*.run")} == kept


@pytest.mark.parametrize(
    ("name", "folder"), [("xquad", "xquad_dev"), ("xquad-r-sentences", "xquad_r_dev")]
)
def test_published_data_are_evaluated(name: str, folder: str) -> None:
    source = str(shared_data() / folder)
    options = ["--languages", "en,de", "--sample", "40", "--systems", "dense", "--json"]
    told = printed_json(crosearch("eval", "retrieval", name, "--data", source, *options))
    assert told["questions"] == {"de": 20, "en": 20} and told["facts"] == 20
    settings = told["systems"][0]["settings"]
    mono, cross, pool = (settings[one]["mean"] for one in ("mono", "cross", "pool"))
    assert 1 > mono["nDCG@10"]["value"] > cross["nDCG@10"]["value"] > 0.3
    # Both versions of an answer are in the pool, and the asker's own is preferred.
    assert pool["own among relevant"]["value"] == 0.5
    assert pool["own@10 excess"]["value"] > 0
    assert pool["rank distance"]["value"] > 1
