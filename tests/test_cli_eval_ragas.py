"""`crosearch eval ragas`: what it asks before it spends, what it prints, and what it keeps."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_server import ChatRequest, ChatServer, Refuse, Reply, chat_server
from cli_runs import COMMAND, crosearch, printed_json, refusal, start
from judge_server import judge_for_ragas
from published_files import paragraph, question, squad, write_json
from ragas_runs import RIGHT, copies, needs_ragas, write_log

JUDGED = "faithfulness,context_recall"
ASKED = 18
"""Two for each of four answers, one for each of four gold ones, two for each German prompt."""


@pytest.fixture
def log(tmp_path: Path) -> str:
    return str(write_log(tmp_path / "runs"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with chat_server(answer=judge_for_ragas) as server:
        for name, value in endpoint(server).items():
            monkeypatch.setenv(name, value)
        yield server


def endpoint(server: ChatServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}


def judging(log: str, *options: str) -> list[str]:
    return ["eval", "ragas", log, "--judge", "openai:wise", "--metrics", JUDGED, *options]


def test_help_explains_it() -> None:
    assert "ragas" in crosearch("eval", "--help").stdout
    shown = crosearch("eval", "ragas", "--help").stdout
    for words in ("LOG", "--judge", "--max-cost", "--metrics", "--dataset", "Examples"):
        assert words in shown


def test_without_ragas_it_says_what_to_install(log: str) -> None:
    program = (
        "import sys, importlib.metadata as m; real = m.version\n"
        "def version(name):\n"
        "    if name == 'ragas': raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = version\n"
        f"sys.argv = ['crosearch', 'eval', 'ragas', {log!r}]\n"
        "from crosearch.cli.main import app; app()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == ("crosearch: ragas is not installed: pip install 'crosearch[evals]'\n")


@needs_ragas
class TestScoring:
    def test_tables_are_printed_and_a_report_is_written(
        self, log: str, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CROSEARCH_PRICE_PROMPT", "1")
        monkeypatch.setenv("CROSEARCH_PRICE_COMPLETION", "4")
        out = tmp_path / "scored"
        result = crosearch(*judging(log, "--out", str(out), "--yes"))
        assert result.exit_code == 0, result.stderr
        assert f"to ask openai:wise {ASKED} times: about " in result.stderr
        assert "completion tokens; about $0." in result.stderr
        assert "10 of 10 values" in result.stderr
        for words in (
            "5 runs; 1 more were failed by the machine, and are in no figure",
            "faithfulness",
            "By the asker's language",
            "the run gave no answer",
            "no gold answer is known",
            f"openai:wise: {ASKED} replies, ",
            " more were there already",
            f"report: {out / 'ragas.md'}",
        ):
            assert words in result.stdout
        assert {path.name for path in out.iterdir()} == {
            "judged",
            "ragas.json",
            "ragas.md",
            "values.jsonl",
        }
        values = [json.loads(line) for line in (out / "values.jsonl").read_text().splitlines()]
        assert len(values) == 10
        assert all((value["value"] is None) == bool(value["missing"]) for value in values)
        assert "»Given a context" in (out / "ragas.md").read_text()

    def test_json_holds_the_figures(self, log: str, server: ChatServer) -> None:
        told = printed_json(crosearch(*judging(log, "--yes", "--json")))
        assert told["runs"] == 5 and told["failed"] == 1 and told["judging"]["calls"] == ASKED
        # Right, half right, right, and one of which the evidence says nothing.
        assert told["metrics"]["faithfulness"]["mean"]["value"] == pytest.approx(2.5 / 4)
        assert set(told["metrics"]["faithfulness"]["by_language"]) == {"de", "en"}
        assert Path(f"{log}-ragas/ragas.json").is_file()

    def test_started_again_it_pays_for_nothing(self, log: str, server: ChatServer) -> None:
        first = printed_json(crosearch(*judging(log, "--yes", "--json")))
        asked = len(server.requests)
        again = crosearch(*judging(log, "--json"))
        assert "is there already: nothing is spent" in again.stderr
        assert len(server.requests) == asked
        told = printed_json(again)
        assert told["metrics"] == first["metrics"] and told["judging"]["calls"] == 0

    def test_without_a_judge_it_takes_what_needs_none(self, log: str) -> None:
        told = printed_json(crosearch("eval", "ragas", log, "--json"))
        assert told["judging"] is None and "faithfulness" not in told["metrics"]
        assert told["metrics"]["exact_match"]["mean"]["n"] == 3

    def test_a_limit_takes_the_first_runs(self, log: str) -> None:
        told = printed_json(
            crosearch("eval", "ragas", log, "--limit", "2", "--metrics", "chrf", "--json")
        )
        assert told["runs"] == 2

    def test_gold_documents_come_from_the_data_set(self, tmp_path: Path) -> None:
        pytest.importorskip("rapidfuzz")
        context = "The Rhine is 1233 km long!"
        asked = question("q1", RIGHT["question"], "1233 km", context)
        folder = tmp_path / "xquad"
        folder.mkdir()
        write_json(folder / "xquad.en.json", squad([paragraph(context, asked)]))
        log = str(write_log(tmp_path / "runs", [RIGHT]))
        told = printed_json(
            crosearch(
                *("eval", "ragas", log, "--metrics", "non_llm_context_recall", "--json"),
                *("--dataset", "xquad", "--data", str(folder)),
            )
        )
        assert told["metrics"]["non_llm_context_recall"]["mean"]["value"] == 1.0


@needs_ragas
class TestSpending:
    def test_nobody_there_to_be_asked_means_no(self, log: str, server: ChatServer) -> None:
        result = crosearch(*judging(log))
        assert result.exit_code == 2 and "give --yes" in result.stderr
        assert server.requests == []

    def test_a_bound_stops_it_and_a_higher_one_goes_on(self, log: str, server: ChatServer) -> None:
        bound = crosearch(*judging(log, "--yes", "--max-judge-tokens", "9000"))
        assert bound.exit_code == 1
        assert "the bound of 9,000 tokens is reached" in bound.stdout
        assert "with a higher one the same command goes on" in bound.stderr
        asked = len(server.requests)
        assert 0 < asked < ASKED
        told = printed_json(crosearch(*judging(log, "--yes", "--json")))
        assert told["judging"]["calls"] == ASKED - asked

    def test_a_bound_in_dollars_takes_prices(self, log: str, server: ChatServer) -> None:
        told = refusal(crosearch(*judging(log, "--max-cost", "1")))
        assert "CROSEARCH_PRICE_PROMPT" in told

    def test_a_judge_that_is_down_ends_it_in_a_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = str(write_log(tmp_path / "many", copies(RIGHT, 12)))
        with chat_server(answer=lambda request: Refuse(401)) as server:
            for name, value in endpoint(server).items():
                monkeypatch.setenv(name, value)
            result = crosearch(*judging(log, "--yes"))
        assert result.exit_code == 1 and "10 requests failed" in result.stderr
        assert "the same command goes on" in result.stderr and "Traceback" not in result.stderr

    @pytest.mark.slow
    def test_an_interrupt_leaves_what_was_paid_for(self, log: str) -> None:
        waiting: list[subprocess.Popen[str]] = []

        def interrupting(request: ChatRequest) -> Reply:
            if waiting:
                waiting.pop().send_signal(signal.SIGINT)
            return judge_for_ragas(request)

        with chat_server(answer=interrupting) as server:
            env = endpoint(server)
            process = start(*judging(log, "--yes", "--concurrency", "1"), env=env)
            waiting.append(process)
            out, err = process.communicate(timeout=300)
            assert process.returncode == 130, err
            assert "interrupted; the same command goes on from there" in err
            paid = len(server.requests)
            assert 0 < paid < ASKED
            again = start(*judging(log, "--yes", "--json"), env=env)
            out, err = again.communicate(timeout=300)
            assert again.returncode == 0, err
            assert len(server.requests) == ASKED
            assert json.loads(out)["judging"]["calls"] == ASKED - paid


@needs_ragas
class TestRefusals:
    def test_what_cannot_be_is_told_in_a_line(self, log: str, tmp_path: Path) -> None:
        assert "unknown metric 'bert'" in refusal(
            crosearch("eval", "ragas", log, "--metrics", "bert")
        )
        assert "takes a judge" in refusal(crosearch("eval", "ragas", log, "--metrics", JUDGED))
        assert "give openai:MODEL" in refusal(crosearch("eval", "ragas", log, "--judge", "wise"))
        assert "nowhere" in refusal(crosearch("eval", "ragas", str(tmp_path / "nowhere")))

    def test_a_folder_of_another_log_is_refused(self, log: str, tmp_path: Path) -> None:
        out = ("--out", str(tmp_path / "out"), "--metrics", "exact_match")
        assert crosearch("eval", "ragas", log, *out).exit_code == 0
        other = str(write_log(tmp_path / "others"))
        result = crosearch("eval", "ragas", other, *out)
        assert result.exit_code == 2 and "log runs there, others here" in result.stderr


@needs_ragas
@pytest.mark.slow
def test_nothing_is_written_to_the_home_and_nobody_is_told(log: str, tmp_path: Path) -> None:
    """ragas' telemetry would post to its makers, under an id that it keeps in the home."""
    home = tmp_path / "home"
    home.mkdir()
    with (
        chat_server(answer=judge_for_ragas) as server,
        socket.create_server(("127.0.0.1", 0)) as proxy,
    ):
        proxy.setblocking(False)
        way_out = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
            **endpoint(server),
            "HOME": str(home),
            "CROSEARCH_HOME": str(tmp_path / "own"),
            "RAGAS_DO_NOT_TRACK": "false",
            # Whoever calls anybody but 127.0.0.1 would have to go through here.
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), way_out),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"),
        }
        done = subprocess.run(
            [*COMMAND, *judging(log, "--yes", "--json")], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert len(server.requests) == ASKED
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert list(home.rglob("*")) == []
