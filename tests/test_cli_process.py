"""The `crosearch` process: interrupts, closed pipes, terminals and settings."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest
from chat_server import ChatServer, Hang, chat_server
from cli_runs import COMMAND, start
from small_corpus import build_small_corpus
from tiny_models import tiny_model_folder

QUESTION = "When was the lighthouse of Cordouan completed?"
PATIENCE = 60
CYAN = "\x1b[36m"
STYLES = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def hanging_server() -> Iterator[ChatServer]:
    with chat_server(Hang()) as server:
        yield server


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=PATIENCE)


def test_a_question_is_interrupted_while_a_server_keeps_it_waiting(
    store: Path, hanging_server: ChatServer
) -> None:
    options = ["--corpus", "small", "--store", str(store), "--policy", "openai:tiny"]
    settings = {"OPENAI_BASE_URL": hanging_server.url, "OPENAI_API_KEY": "none"}
    process = start("ask", QUESTION, *options, env=settings)
    wait_until(lambda: bool(hanging_server.requests), process)
    out, err = interrupt(process)
    assert process.returncode == 130
    assert out == ""
    assert err == "crosearch: interrupted\n"


@pytest.mark.parametrize("module", ["crosearch.cli.output", "numpy", "chromadb.config"])
def test_a_question_is_interrupted_while_it_loads(store: Path, module: str) -> None:
    arguments = ["ask", QUESTION, "--corpus", "small", "--store", str(store)]
    process = start(*arguments, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert process.stderr is not None
    while not process.stderr.readline().endswith(f" {module}\n"):
        assert process.poll() is None
    out, err = interrupt(process)
    assert "Traceback" not in err
    assert (process.returncode, out) == (130, "")
    assert "crosearch: interrupted\n" in err


def test_an_ingestion_is_interrupted_and_goes_on_the_next_time(tmp_path: Path) -> None:
    lakes, store = tmp_path / "lakes.jsonl", tmp_path / "store"
    lines = (
        f'{{"id": "{n}", "title": "Lake {n}", "text": "It is {n} m deep.", "language": "en"}}\n'
        for n in range(30_000)
    )
    lakes.write_text("".join(lines), encoding="utf-8")
    arguments = ["--corpus", "lakes", "--store", str(store)]
    process = start("ingest", str(lakes), *arguments)
    wait_until((store / "writer.lock").exists, process)
    out, err = interrupt(process)
    assert process.returncode == 130
    assert out == ""
    assert err.startswith("crosearch: interrupted; ") and err.count("\n") == 1
    lakes.write_text('{"id": "1", "title": "L", "text": "It is deep.", "language": "en"}\n')
    process = start("ingest", str(lakes), *arguments, "--prune")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "1 documents read" in out


def test_a_reader_that_leaves_early_is_no_error(store: Path) -> None:
    process = start("languages", "--all")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.wait(PATIENCE)
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_below_the_output_is_one_line(options: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "languages", *options], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr == "crosearch: the output cannot be written: No space left on device\n"


def test_a_terminal_gets_colour_unless_it_says_no(store: Path) -> None:
    arguments = ["search", "phare", "--corpus", "small", "--store", str(store)]
    settings = {"TERM": "xterm-256color", "COLUMNS": "60"}
    assert CYAN in on_a_terminal(arguments, settings)
    plain = on_a_terminal(arguments, settings | {"NO_COLOR": "1"})
    assert CYAN not in plain
    widths = [len(STYLES.sub("", line)) for line in plain.splitlines()]
    assert max(widths) <= 60


def test_settings_come_from_the_folder_and_never_override_the_environment(
    store: Path, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"CROSEARCH_STORE={store}\nCROSEARCH_CORPUS=small\n")
    process = start("search", "phare", cwd=tmp_path)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Phare de Cordouan" in out
    process = start("search", "phare", cwd=tmp_path, env={"CROSEARCH_CORPUS": "large"})
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "'large'" in err


def test_settings_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"CROSEARCH_STORE=\xff\xfe")
    process = start("languages", cwd=tmp_path)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert err.startswith("crosearch: .env cannot be read")


def test_a_locale_without_the_letters_gets_question_marks(store: Path) -> None:
    process = start("languages", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "??" in out


def on_a_terminal(arguments: list[str], settings: dict[str, str]) -> str:
    """Run a command with a terminal as its standard output, and return what that was sent."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    environment |= settings
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=theirs, stderr=subprocess.PIPE, env=environment
    )
    os.close(theirs)
    stop = Timer(PATIENCE, process.kill)
    stop.start()
    sent = b""
    try:
        while piece := os.read(ours, 4096):
            sent += piece
    except OSError:  # how Linux says that the other side has closed
        pass
    stop.cancel()
    assert process.wait(PATIENCE) == 0
    os.close(ours)
    return sent.decode()


def test_the_module_runs_as_the_script_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crosearch.cli.main", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("crosearch ")


def test_no_library_draws_bars_into_a_pipe(store: Path) -> None:
    model = str(tiny_model_folder())
    options = ["--corpus", "small", "--store", str(store), "--policy", model, "--max-turns", "1"]
    process = start("ask", QUESTION, *options, "--json")
    _, err = process.communicate(timeout=PATIENCE)
    assert "Your last turn was not carried out" in err
    assert "Loading weights" not in err and "it/s]" not in err
