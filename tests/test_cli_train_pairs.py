"""`crosearch train pairs`: what it costs, what is kept, and what a kill or an interrupt leaves."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from chat_server import ChatRequest, ChatServer, Hang, Refuse, Reply, chat_server
from cli_runs import crosearch, printed_json, refusal, start
from question_writer import Failing, write_questions
from small_corpus import PASSAGES, build_small_corpus

from crosearch.tools.languages import Language
from crosearch.training.lexicon import build_lexicon
from crosearch.training.pair_files import read_pairs

PATIENCE = 120


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Make the small corpus, and give the options that name it."""
    store = build_small_corpus(tmp_path_factory.mktemp("corpus"))
    return "--corpus", "small", "--store", str(store)


@pytest.fixture
def asking(corpus: tuple[str, ...], tmp_path: Path) -> tuple[str, ...]:
    out = str(tmp_path / "pairs.jsonl")
    return "train", "pairs", *corpus, "--model", "openai:tiny", "--languages", "de,en", "--out", out


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with chat_server(answer=write_questions) as server:
        point_to(server, monkeypatch)
        yield server


def point_to(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in endpoint(server).items():
        monkeypatch.setenv(name, value)


def endpoint(server: ChatServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}


def journal_lines(out: Path) -> int:
    path = out.with_name(f"{out.name}.journal")
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for(process: subprocess.Popen[str], out: Path, lines: int) -> None:
    end = time.monotonic() + PATIENCE
    while journal_lines(out) < lines:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.usefixtures("server")
def test_questions_are_written_and_the_cost_is_told_first(
    asking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSEARCH_PRICE_PROMPT", "1000")
    monkeypatch.setenv("CROSEARCH_PRICE_COMPLETION", "2000")

    result = crosearch(*asking, "--per-passage", "2", "--licence", "CC0 1.0", "--yes")

    assert result.exit_code == 0, result.stderr
    assert "4 passages, 8 questions: about " in result.stderr
    assert "about $" in result.stderr
    assert "questions about 4 passages" in result.stdout
    assert "4 passages asked about" in result.stdout
    pairs = read_pairs(tmp_path / "pairs.jsonl")
    assert (pairs.kind, pairs.licence) == ("questions", "CC0 1.0")
    assert "tiny" in pairs.source and "'small'" in pairs.source
    assert {code for record in pairs.records for code in record.query} == {"de", "en"}


def test_nothing_is_spent_unasked(asking: tuple[str, ...], server: ChatServer) -> None:
    result = crosearch(*asking)

    assert result.exit_code == 2
    assert "4 passages" in result.stderr
    assert "give --yes" in result.stderr
    assert not server.requests


def test_the_same_command_spends_nothing_again(
    asking: tuple[str, ...], server: ChatServer, tmp_path: Path
) -> None:
    first = printed_json(crosearch(*asking, "--limit", "3", "--yes", "--json"))
    content = (tmp_path / "pairs.jsonl").read_bytes()
    again = printed_json(crosearch(*asking, "--limit", "3", "--json"))

    assert (first["asked"], again["asked"], again["resumed"]) == (3, 0, 3)
    assert first["kept"] == again["kept"]
    assert (tmp_path / "pairs.jsonl").read_bytes() == content
    further = printed_json(crosearch(*asking, "--yes", "--json"))
    assert (further["asked"], further["resumed"]) == (1, 3)
    assert len(server.requests) == 4


def test_files_are_asked_about_as_they_are_ingested(server: ChatServer, tmp_path: Path) -> None:
    source = tmp_path / "passages.jsonl"
    rows = [json.dumps(passage) for passage in PASSAGES]
    source.write_text("\n".join([*rows, "{broken"]), encoding="utf-8")
    out = tmp_path / "pairs.jsonl"

    result = crosearch(
        *("train", "pairs", str(source), "--model", "openai:tiny", "--languages", "fr"),
        *("--out", str(out), "--yes"),
    )

    assert result.exit_code == 0, result.stderr
    assert "1 skipped" in result.stderr
    assert len(server.requests) == 4
    assert {code for record in read_pairs(out).records for code in record.query} == {"fr"}


@pytest.mark.server
@pytest.mark.slow
def test_after_a_kill_only_what_was_under_way_is_asked_again(
    asking: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "pairs.jsonl"

    numbers = count(1)

    def two_then_none(request: ChatRequest) -> Reply:
        return write_questions(request) if next(numbers) <= 2 else Hang()

    with chat_server(answer=two_then_none) as first:
        options = (*asking, "--yes", "--concurrency", "1")
        process = start(*options, env=endpoint(first))
        wait_for(process, out, 5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert not out.exists()

    with chat_server(answer=write_questions) as second:
        process = start(*asking, "--yes", "--json", env=endpoint(second))
        printed, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    report = json.loads(printed)
    assert (report["resumed"], report["asked"], len(second.requests)) == (2, 2, 2)
    assert len(read_pairs(out).records) == report["records"]


@pytest.mark.server
@pytest.mark.slow
def test_an_interrupt_finishes_what_is_under_way_and_writes_what_there_is(
    asking: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "pairs.jsonl"
    numbers = count(1)

    def interrupt(request: ChatRequest) -> Reply:
        if next(numbers) == 2:
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        return write_questions(request)

    with chat_server(answer=interrupt) as running:
        process = start(*asking, "--yes", "--concurrency", "1", env=endpoint(running))
        _, told = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130, told
    assert "the same command goes on from there" in told
    assert len(running.requests) == 2
    assert 1 <= len(read_pairs(out).records) <= 2


def test_passages_that_failed_are_told_of(
    asking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_server(answer=Failing(about="Neusiedler See")) as server:
        point_to(server, monkeypatch)
        result = crosearch(*asking, "--yes")

    assert result.exit_code == 1
    assert "1 passages failed" in result.stdout
    assert "not to my liking" in result.stdout


def test_an_endpoint_that_refuses_everything_is_one_line(
    asking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_server(answer=lambda _: Refuse(401, "no such key")) as server:
        point_to(server, monkeypatch)
        result = crosearch(*asking, "--yes")

    assert result.exit_code == 1
    assert "requests failed one after the other" in result.stderr
    assert "OPENAI_API_KEY" in result.stderr


@pytest.mark.usefixtures("server")
def test_other_settings_go_into_another_file(asking: tuple[str, ...]) -> None:
    assert crosearch(*asking, "--limit", "1", "--yes").exit_code == 0

    told = refusal(crosearch(*asking, "--limit", "1", "--yes", "--seed", "3"))

    assert "was begun with seed 0, and now it is 3" in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "pairs.tsv", "--model", "openai:tiny"), "pairs are written as .jsonl"),
        (("--out", "nowhere/pairs.jsonl", "--model", "openai:tiny"), "there is no folder"),
        (("--out", "pairs.jsonl"), "--model is ''"),
        (("--out", "pairs.jsonl", "--model", "tiny"), "give openai:MODEL"),
        (("--out", "pairs.jsonl", "--model", "openai:t", "--languages", "xx"), "unknown language"),
        (("--out", "pairs.jsonl", "--model", "openai:t", "--temperature", "0"), "more than 0"),
        (("--out", "pairs.jsonl", "--offline", "--model", "openai:t"), "does not go with"),
        (("--out", "pairs.jsonl", "--offline"), "name a pair file of questions"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    options: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: ChatServer,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert said in refusal(crosearch("train", "pairs", *options))
    assert not server.requests
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a lexicon of a few words."""
    folder = tmp_path_factory.mktemp("lexicon")
    terms = folder / "terms.tsv"
    rows = [
        ("crosearch-lexicon-tsv", "1"),
        ("en", "boat lift", "de", "Schiffshebewerk"),
        ("en", "opened", "de", "eröffnet"),
        ("en", "when", "de", "wann"),
        ("en", "boat lift", "ru", "судоподъёмник"),
    ]
    terms.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    build_lexicon([terms], folder / "made", lambda _: None)
    return str(folder / "made")


def write_pair_file(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_questions_are_translated_word_by_word(dictionary: str, tmp_path: Path) -> None:
    source = write_pair_file(
        tmp_path / "questions.jsonl",
        {"about": {"source": "our lifts", "licence": "CC0 1.0"}},
        {
            "id": "q1",
            "query": {"en": "When was the boat lift opened?"},
            "passage": {"en": "The boat lift opened in 1934."},
        },
    )
    out = tmp_path / "translated.jsonl"
    command = ("train", "pairs", source, "--offline", "--dictionary", dictionary)

    result = crosearch(*command, "--languages", "de,ru", "--out", str(out))

    assert result.exit_code == 0, result.stderr
    assert "1 questions in" in result.stdout
    pairs = read_pairs(out)
    assert pairs.licence == "CC0 1.0"
    assert pairs.source == "our lifts; translated word by word"
    (record,) = pairs.records
    assert "Schiffshebewerk" in record.query[Language("de")][0]
    assert "1934" in record.passage[Language("de")][0]
    assert Language("ru") not in record.query

    content = out.read_bytes()
    assert crosearch(*command, "--languages", "de,ru", "--out", str(out)).exit_code == 0
    assert out.read_bytes() == content


def test_only_questions_are_translated(dictionary: str, tmp_path: Path) -> None:
    source = write_pair_file(tmp_path / "s.jsonl", {"texts": {"en": "a lift", "de": "ein Lift"}})

    told = refusal(
        crosearch(
            *("train", "pairs", source, "--offline", "--dictionary", dictionary),
            *("--out", str(tmp_path / "translated.jsonl")),
        )
    )

    assert "holds parallel: only questions are translated" in told
