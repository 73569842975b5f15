"""Ingestion, search and a question, from the command line, through a Chroma server."""

import json
from collections.abc import Iterator

import pytest
from cli_runs import crosearch, printed_json
from servers import free_port, running_chroma
from small_corpus import PASSAGES

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """Run a Chroma server with the small corpus in it, and give the options that name it."""
    folder = tmp_path_factory.mktemp("server")
    source = folder / "passages.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in PASSAGES), encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = ("--corpus", "small", "--store", address)
    with running_chroma(folder / "data", port):
        report = printed_json(crosearch("ingest", str(source), *options, "--json"))
        assert report["added"] == len(PASSAGES)
        yield options


def test_a_search_finds_what_the_server_holds(place: tuple[str, ...]) -> None:
    found = printed_json(
        crosearch("search", "phare de Cordouan", "--languages", "fr,de", *place, "--json")
    )
    assert found["hits"][0]["document_id"] == "cordouan-fr"
    assert [outcome["status"] for outcome in found["outcomes"]] == ["ok", "ok"]


def test_a_question_is_answered_through_the_server(place: tuple[str, ...]) -> None:
    question = "When was the lighthouse of Cordouan completed?"
    run = printed_json(crosearch("ask", question, *place, "--json"))
    assert run["found"]
    assert "1611" in run["answer"]
    assert [citation["language"] for citation in run["citations"]] == ["fr"]
