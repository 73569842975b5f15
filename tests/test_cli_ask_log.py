"""`crosearch ask --log` keeps the run, and tells it as it does without."""

import asyncio
import signal
import subprocess
import time
from pathlib import Path

import pytest
from chat_server import Hang, Refuse, Say, chat_server
from cli_runs import crosearch, printed_json, start
from small_corpus import build_small_corpus

from crosearch.agents.load import load_policy
from crosearch.graphs.context import SearchContext
from crosearch.tools.search import open_retriever
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.shards import list_shards, read_trajectories

QUESTION = "When was the lighthouse of Cordouan completed?"
SEARCH = '<think>It is French.</think><search lang="fr">phare de Cordouan achevé</search>'
ANSWER = "<think>It is told.</think><answer>It was completed in 1611 [1]</answer>"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    store = build_small_corpus(tmp_path_factory.mktemp("corpus"))
    return ["--corpus", "small", "--store", str(store)]


def test_the_run_is_kept_and_its_key_printed(at: list[str], tmp_path: Path) -> None:
    log = tmp_path / "runs"
    told = printed_json(crosearch("ask", QUESTION, *at, "--log", str(log), "--json"))
    [record] = read_trajectories(log)
    assert told["trajectory"] == record["key"]
    for name in ("question", "language", "answer", "found", "evidence", "searches", "ending"):
        assert told[name] == record[name]
    assert record["citations"] == [entry["number"] for entry in told["citations"]]
    assert record["index"]["corpus"] == "small"


def test_without_a_log_nothing_of_one_is_told(at: list[str]) -> None:
    assert "trajectory" not in printed_json(crosearch("ask", QUESTION, *at, "--json"))


def test_the_run_is_told_as_without_a_log(at: list[str], tmp_path: Path) -> None:
    plain = crosearch("ask", QUESTION, *at)
    kept = crosearch("ask", QUESTION, *at, "--log", str(tmp_path))
    assert kept.exit_code == 0
    assert kept.stdout == plain.stdout
    assert kept.stderr.splitlines()[:-1] == plain.stderr.splitlines()[:-1]  # Then the seconds.


def test_budgets_and_languages_are_kept_with_it(at: list[str], tmp_path: Path) -> None:
    budgets = ["--passages", "2", "--max-searches", "1", "--search-languages", "fr"]
    result = crosearch("ask", QUESTION, *at, *budgets, "--log", str(tmp_path))
    assert result.exit_code == 0
    [record] = read_trajectories(tmp_path)
    assert record["settings"]["passages"] == 2
    assert record["searchable"] == {"fr": 1}
    assert len(record["searches"]) == 1


def test_to_ask_again_makes_another_sample(at: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert crosearch("ask", QUESTION, *at, "--log", str(tmp_path)).exit_code == 0
    records = list(read_trajectories(tmp_path))
    assert sorted(record["sample"] for record in records) == [0, 1]
    assert len({record["group"] for record in records}) == 1


class TestPolicyAtAnEndpoint:
    @pytest.fixture(autouse=True)
    def key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-s3cret")

    def test_a_mistake_of_it_is_told_and_kept(
        self, at: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with chat_server(Say("I would rather not."), Say(SEARCH), Say(ANSWER)) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            result = crosearch(
                "ask", QUESTION, *at, "--policy", "openai:tiny", "--log", str(tmp_path)
            )
        assert result.exit_code == 0
        assert "no action" in result.stderr
        [record] = read_trajectories(tmp_path)
        assert [bool(turn["mistake"]) for turn in record["history"]] == [True, False, False]
        assert record["policy"]["name"] == "openai:tiny"

    def test_a_failure_of_it_is_told_as_without_a_log_and_kept(
        self, at: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        results = []
        for log in ([], ["--log", str(tmp_path)]):
            with chat_server(Refuse(401, "bad key sk-s3cret")) as server:
                monkeypatch.setenv("OPENAI_BASE_URL", server.url)
                result = crosearch("ask", QUESTION, *at, "--policy", "openai:tiny", *log)
                results.append((result.exit_code, result.stdout, result.stderr))
        # The server's port is another one each time.
        plain, kept = results
        assert plain[:2] == kept[:2] == (1, "")
        assert plain[2].split("http")[0] == kept[2].split("http")[0]
        [record] = read_trajectories(tmp_path)
        assert [failure["stage"] for failure in record["failures"]] == ["policy"]
        assert record["failures"][0]["detail"] in kept[2]
        assert record["ending"] is None
        assert "s3cret" not in str(record)


@pytest.mark.parametrize("options", [["--policy", "oracle"], ["--corpus", "large"]])
def test_what_cannot_be_asked_leaves_no_record(
    at: list[str], tmp_path: Path, options: list[str]
) -> None:
    result = crosearch("ask", QUESTION, *at, *options, "--log", str(tmp_path / "log"))
    assert result.exit_code == 2
    assert not (tmp_path / "log").exists() or list_shards(tmp_path / "log") == []


def test_a_log_that_cannot_be_written_to_is_told_before_the_run(
    at: list[str], tmp_path: Path
) -> None:
    (tmp_path / "log").write_text("not a folder", encoding="utf-8")
    result = crosearch("ask", QUESTION, *at, "--log", str(tmp_path / "log"))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "searching" not in result.stderr
    assert "cannot write to the trajectory log" in result.stderr


def test_an_answer_whose_record_is_lost_is_still_given(at: list[str], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        result = crosearch("ask", QUESTION, *at, "--log", str(disk))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert result.exit_code == 1
    assert "1611" in result.stdout
    assert result.stderr.endswith("No space left on device\n")


def test_an_interrupted_run_leaves_no_record_and_no_damage(at: list[str], tmp_path: Path) -> None:
    with chat_server(Hang()) as server:
        process = start(
            *("ask", QUESTION, *at, "--policy", "openai:tiny", "--log", str(tmp_path)),
            env={"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-s3cret"},
        )
        while not server.requests and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.endswith("crosearch: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_and_python_write_the_same_record(at: list[str], tmp_path: Path) -> None:
    crosearch("ask", QUESTION, *at, "--log", str(tmp_path))
    [told] = read_trajectories(tmp_path)
    retriever = open_retriever(at[3], "small")
    recorder = RunRecorder(
        load_policy("extractive", embedder=retriever.embedder),
        retriever,
        context=SearchContext(passages=10),
    )
    made = asyncio.run(recorder.run(Question(text=QUESTION), 0))
    assert made.keys() == told.keys()
    for name in ("key", "settings", "transcript", "evidence", "answer", "citations", "searchable"):
        assert made[name] == told[name]
