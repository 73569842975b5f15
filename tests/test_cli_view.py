"""`crosearch view`: recorded runs in a browser, or as a file."""

import os
import signal
import socket
import urllib.request
from pathlib import Path

import pytest
from cli_runs import crosearch, refusal, start
from viewer_samples import arabic_run, failed_run, lighthouse_run, write_log

KEY = lighthouse_run()["key"]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view") / "log"
    return write_log(folder, [lighthouse_run(0), lighthouse_run(1), failed_run(), arabic_run()])


def test_it_prints_its_address_serves_the_log_and_ends_quietly(log: Path, tmp_path: Path) -> None:
    process = start("view", str(log), "--port", "0", "--no-browser")
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=30) as page:
            assert "Cordouan" in page.read().decode()
    finally:
        os.kill(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (output, errors) == ("", "Ctrl-C ends it\n")


def test_a_run_is_written_as_a_page(log: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.html"
    file.write_text("what was there before")
    result = crosearch("view", str(log), "--export", str(file), "--run", KEY[:8])
    assert (result.exit_code, result.stdout) == (0, "")
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>")
    assert "Il fut achevé en 1611." in page
    assert os.listdir(tmp_path) == ["run.html"]


def test_a_group_is_written_with_its_runs(log: Path, tmp_path: Path) -> None:
    file = tmp_path / "group.html"
    group = lighthouse_run()["group"]
    assert crosearch("view", str(log), "--export", str(file), "--group", group).exit_code == 0
    page = file.read_text(encoding="utf-8")
    assert "2 runs side by side" in page
    assert page.count('class="question"') == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--export", "x.html"], "either --run KEY or --group GROUP"),
        (["--export", "x.html", "--run", "a", "--group", "b"], "either --run KEY or --group"),
        (["--run", "a"], "give it a file"),
        (["--export", "x.html", "--run", "ffff"], "no run whose name begins with 'ffff'"),
        (["--export", "x.html", "--group", "ffff"], "no group whose name begins with 'ffff'"),
        (["--export", "x.html", "--run", "f", "--tokenizer", "./none"], "'./none' cannot be"),
    ],
)
def test_what_cannot_be_is_refused(
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refusal(crosearch("view", str(log), *arguments))
    assert os.listdir(tmp_path) == []


def test_where_there_is_no_log_that_is_said(tmp_path: Path) -> None:
    assert "no trajectory log" in refusal(crosearch("view", str(tmp_path)))
    assert "no such folder" in refusal(crosearch("view", str(tmp_path / "nowhere")))


def test_a_port_that_is_taken_is_said(log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = refusal(crosearch("view", str(log), "--no-browser", "--port", port))
    assert f"port {port} is taken" in told


def test_a_page_that_cannot_be_written_leaves_nothing(log: Path, tmp_path: Path) -> None:
    file = tmp_path / "no folder" / "run.html"
    result = crosearch("view", str(log), "--export", str(file), "--run", KEY)
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
