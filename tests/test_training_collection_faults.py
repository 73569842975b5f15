"""What fails under a collection becomes a retry, a recorded failure or a clear end; no loss."""

import asyncio
import json
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chat_server import ChatRequest, Reply, Say, chat_server
from cli_runs import COMMAND
from collection_parts import (
    ANSWER,
    SEARCH,
    OneSearchPolicy,
    collect_quickly,
    questions,
    recorder_of,
    records_in,
)
from servers import free_port, running_chroma
from small_corpus import PASSAGES, build_small_corpus

from crosearch.agents.endpoint import OpenAIPolicy
from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import CollectionError, LogError, StoreError
from crosearch.tools.index import open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.collection import collect
from crosearch.training.collection_report import CollectionReport
from crosearch.training.recorder import RunRecorder


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(build_small_corpus(tmp_path_factory.mktemp("corpus")), "small")


@pytest.fixture
def port() -> int:
    return free_port()


def served_corpus(folder: Path, port: int) -> str:
    source = folder / "passages.jsonl"
    source.write_text("".join(json.dumps(passage) + "\n" for passage in PASSAGES))
    address = f"http://127.0.0.1:{port}"
    ingest([source], store=open_store(address), corpus="small", embedder=load_embedder())
    return address


@pytest.mark.server
async def test_a_chroma_server_that_is_killed_and_started_again(tmp_path: Path, port: int) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with ExitStack() as servers:
        server = servers.enter_context(running_chroma(data, port))
        address = served_corpus(tmp_path, port)
        recorder = recorder_of(OneSearchPolicy(), open_retriever(address, "small"))

        def restart() -> None:
            server.send_signal(signal.SIGKILL)
            server.wait()
            time.sleep(0.5)
            servers.enter_context(running_chroma(data, port))

        restarting: list[threading.Thread] = []

        def watch(report: CollectionReport) -> None:
            if report.runs == 10 and not restarting:
                restarting.append(threading.Thread(target=restart))
                restarting[0].start()

        report = await collect_quickly(
            questions(40), recorder, log, retries=50, pause=0.2, progress=watch
        )
        await asyncio.to_thread(restarting[0].join)
    assert (report.runs, report.failed) == (40, 0)
    assert report.retries > 0
    records = records_in(log).values()
    assert {record["question_id"] for record in records} == {f"q{n}" for n in range(40)}
    assert all(record["found"] for record in records)


@pytest.mark.server
async def test_a_languages_collection_that_is_deleted_meanwhile(tmp_path: Path, port: int) -> None:
    log = tmp_path / "log"
    with running_chroma(tmp_path / "data", port):
        address = served_corpus(tmp_path, port)
        recorder = recorder_of(OneSearchPolicy(), open_retriever(address, "small"))

        def watch(report: CollectionReport) -> None:
            if report.runs == 10:
                import chromadb

                client = chromadb.HttpClient("127.0.0.1", port)
                client.delete_collection("small.fr.passages")
                client.delete_collection("small.fr.sentences")

        with pytest.raises(CollectionError, match="runs in a row failed, the last with: search in"):
            await collect_quickly(questions(60), recorder, log, retries=0, progress=watch)
    records = records_in(log).values()
    good = [record for record in records if not record["failures"]]
    assert 10 <= len(good) <= 10 + 4 and len(records) >= len(good) + 20
    assert all(record["found"] for record in good)
    for record in records:
        if record["failures"]:
            assert record["untrainable"] and not record["rewards"]
            assert {failure["language"] for failure in record["failures"]} <= {"fr", None}


async def test_an_endpoint_that_is_down_for_a_moment(
    retriever: HybridRetriever, tmp_path: Path, port: int
) -> None:
    def answer(request: ChatRequest) -> Reply:
        searched = any(message["role"] == "assistant" for message in request.messages)
        return Say(ANSWER if searched else SEARCH)

    came_so_far = asyncio.Event()

    def watch(report: CollectionReport) -> None:
        if report.runs >= 10:
            came_so_far.set()

    policy = OpenAIPolicy("tiny", base_url=f"http://127.0.0.1:{port}/v1", api_key="none")
    recorder = RunRecorder(policy, retriever)
    with chat_server(answer=answer, port=port):
        collecting = asyncio.create_task(collect(questions(60), recorder, tmp_path, progress=watch))
        await came_so_far.wait()
    await asyncio.sleep(1.5)
    with chat_server(answer=answer, port=port):
        report = await collecting
    assert (report.runs, report.failed, report.found) == (60, 0, 60)
    assert len(records_in(tmp_path)) == 60


@pytest.mark.server
async def test_a_store_that_is_gone_from_the_start(tmp_path: Path, port: int) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with running_chroma(data, port):
        recorder = recorder_of(
            OneSearchPolicy(), open_retriever(served_corpus(tmp_path, port), "small")
        )
    with pytest.raises(StoreError, match="cannot be reached|does not answer"):
        await collect(questions(3), recorder, log)


async def test_a_log_whose_place_is_taken(retriever: HybridRetriever, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("no folder")
    with pytest.raises(LogError, match="cannot write to the trajectory log"):
        await collect(questions(3), recorder_of(OneSearchPolicy(), retriever), tmp_path / "log")


async def test_a_log_that_goes_away_meanwhile(retriever: HybridRetriever, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def watch(report: CollectionReport) -> None:
        if report.runs == 5:
            log.rename(tmp_path / "elsewhere")

    recorder = recorder_of(OneSearchPolicy(pause=0.002), retriever)
    report = await collect(questions(20), recorder, log, progress=watch)
    # The writer holds its file, wherever that is now.
    assert len(records_in(tmp_path / "elsewhere")) == report.runs == 20


@pytest.fixture
def many_questions(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "questions.jsonl"
    rows = [{"question": question.text, "language": "en"} for question in questions(200)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    yield path


def test_a_disk_that_is_full(tmp_path: Path, many_questions: Path) -> None:
    store, log = build_small_corpus(tmp_path), tmp_path / "log"
    arguments = ["collect", str(many_questions), "--out", str(log), "--corpus", "small"]
    command = [*COMMAND, *arguments, "--store", str(store)]

    def limit() -> None:
        # A file that may grow no further fails as one on a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    full = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=120)
    assert full.returncode == 1, full.stderr
    assert "Traceback" not in full.stderr
    last = full.stderr.splitlines()[-1]
    assert last.startswith("crosearch: cannot write to the trajectory log"), full.stderr
    kept = records_in(log)
    assert 0 < len(kept) < 200

    whole = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120)
    report = json.loads(whole.stdout)
    assert (report["resumed"], report["runs"]) == (len(kept), 200 - len(kept))
    assert kept.items() <= records_in(log).items()


def test_python_ends_no_process_over_a_file_that_is_too_large() -> None:
    # What the test of the full disk builds on.
    script = "import signal; print(signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.stdout == "True\n"
