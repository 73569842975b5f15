"""A Chroma server serves as a store: the same calls, and clear errors when it fails."""

import dataclasses
import json
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import free_port, running_chroma
from store_samples import BRIDGE, EMBEDDER, EN, FR, PONT, QIAO, TOWER, put

from crosearch.tools import chroma
from crosearch.tools.errors import EmbedderMismatchError, StoreError, StoreLockedError
from crosearch.tools.index import open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.languages import Language
from crosearch.tools.settings import home

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with running_chroma(tmp_path_factory.mktemp("chroma") / "data", port):
        yield f"http://127.0.0.1:{port}"


def test_a_server_is_ingested_into_and_searched_like_a_folder(server: str, tmp_path: Path) -> None:
    rows = [
        {"id": d.id, "title": d.title, "text": d.text, "language": d.language}
        for d in (BRIDGE, TOWER, PONT, QIAO)
    ]
    source = tmp_path / "facts.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    store = open_store(server)

    first = ingest([source], store=store, corpus="facts", embedder=EMBEDDER)
    again = ingest([source], store=open_store(server), corpus="facts", embedder=EMBEDDER)

    assert (first.added, again.added, again.unchanged) == (4, 0, 4)
    corpus = store.open_corpus("facts", EMBEDDER)
    query = EMBEDDER.encode_queries(["The tower is made of iron."])[0]
    assert corpus.languages == {EN: 2, FR: 1, Language("zh"): 1}
    assert corpus.nearest_passages(EN, query, 1)[0][0] == "tower#0"
    assert corpus.nearest_sentences(EN, query, 1)[0][:2] == ("tower#0", 0)
    assert corpus.passages(EN, ["bridge#0"])[0].text == BRIDGE.text
    assert corpus.sentence_vectors(EN, {"tower#0": 2})["tower#0"].shape == (2, 32)
    lexical = corpus.lexical(FR)
    assert lexical is not None
    assert [found for found, _ in lexical.search("pont", 5)] == ["pont#0"]


def test_a_second_machine_makes_the_lexical_index_for_itself(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(server).writer("shared", EMBEDDER) as writer:
        put(writer, BRIDGE, TOWER)
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path / "second"))
    told: list[tuple[Language, int, int]] = []

    corpus = open_store(server).open_corpus(
        "shared", EMBEDDER, progress=lambda *step: told.append(step)
    )

    lexical = corpus.lexical(EN)
    assert lexical is not None
    assert [found for found, _ in lexical.search("iron", 5)] == ["tower#0"]
    assert told == [(EN, 2, 2)]


def test_a_second_machine_sees_and_changes_what_the_first_wrote(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(server).writer("both", EMBEDDER) as writer:
        put(writer, BRIDGE, TOWER)
    first = home()
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path / "second"))
    with open_store(server).writer("both", EMBEDDER) as writer:
        put(writer, dataclasses.replace(BRIDGE, text="It was torn down."))
    monkeypatch.setenv("CROSEARCH_HOME", str(first))

    lexical = open_store(server).open_corpus("both", EMBEDDER).lexical(EN)
    with open_store(server).writer("both", EMBEDDER) as writer:
        writer.remove(["tower"])

    assert lexical is not None
    assert lexical.search("harbour", 5) == []
    assert [found for found, _ in lexical.search("torn", 5)] == ["bridge#0"]
    assert open_store(server).open_corpus("both", EMBEDDER).languages == {EN: 1}


def test_a_server_has_one_writer_of_a_machine_and_one_embedder(server: str) -> None:
    from hashing_embedder import HashingEmbedder

    store = open_store(server)
    with store.writer("mine", EMBEDDER) as writer:
        put(writer, BRIDGE)
        with pytest.raises(StoreLockedError, match="is being written by process"):
            open_store(server).writer("other", EMBEDDER).__enter__()
    with pytest.raises(EmbedderMismatchError, match="'hashing'.*'another'"):
        store.open_corpus("mine", HashingEmbedder(name="another", dimension=32))


def test_a_server_that_dies_between_two_reads_is_an_error_until_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    store = open_store(f"http://127.0.0.1:{port}")
    query = EMBEDDER.encode_queries(["made of iron"])[0]
    with running_chroma(tmp_path / "data", port):
        with store.writer("facts", EMBEDDER) as writer:
            put(writer, TOWER)
        corpus = store.open_corpus("facts", EMBEDDER)
        assert corpus.nearest_passages(EN, query, 1)[0][0] == "tower#0"

    with pytest.raises(StoreError, match=f"http://127.0.0.1:{port} failed: .*running"):
        corpus.nearest_passages(EN, query, 1)

    with running_chroma(tmp_path / "data", port):
        assert corpus.nearest_passages(EN, query, 1)[0][0] == "tower#0"
        assert corpus.languages == {EN: 1}


def test_a_server_that_dies_while_it_is_written_to_is_repaired_by_the_next_run(
    tmp_path: Path,
) -> None:
    port = free_port()
    store = open_store(f"http://127.0.0.1:{port}")
    with pytest.raises(StoreError, match="failed: .*running"):
        with running_chroma(tmp_path / "data", port):
            session = store.writer("facts", EMBEDDER)
            writer = session.__enter__()
            put(writer, TOWER)
            writer.flush()
            put(writer, PONT)
        session.__exit__(None, None, None)

    with running_chroma(tmp_path / "data", port):
        with store.writer("facts", EMBEDDER) as writer:
            put(writer, TOWER, PONT)
        assert store.open_corpus("facts", EMBEDDER).languages == {EN: 1, FR: 1}


def test_a_server_that_is_down_is_named_and_nothing_else() -> None:
    port = free_port()
    store = open_store(f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer secret"})

    with pytest.raises(StoreError, match=f"http://127.0.0.1:{port} failed: .*running") as caught:
        store.corpora()
    assert "secret" not in str(caught.value)


def test_a_server_that_hangs_between_two_reads_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "REQUEST_SECONDS", 1.0)
    port = free_port()
    with running_chroma(tmp_path / "data", port) as process:
        store = open_store(f"http://127.0.0.1:{port}")
        with store.writer("facts", EMBEDDER) as writer:
            put(writer, TOWER)
        corpus = store.open_corpus("facts", EMBEDDER)
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(StoreError, match=f"{port} failed: it did not answer in time"):
                corpus.passages(EN, ["tower#0"])
        finally:
            process.send_signal(signal.SIGCONT)
        assert len(corpus.passages(EN, ["tower#0"])) == 1


@contextmanager
def listening(answer: bytes, received: list[bytes] | None = None) -> Iterator[int]:
    """Accept connections and give one answer to each; an empty one is silence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                held.append(client)
                if answer:
                    request = client.recv(65536)
                    if received is not None:
                        received.append(request)
                    client.sendall(answer)
                    client.close()

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        for client in held:
            client.close()


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma, "CONNECT_SECONDS", 0.2)
    with listening(b"") as port:
        with pytest.raises(StoreError, match=f"127.0.0.1:{port} failed: it did not answer in time"):
            open_store(f"http://127.0.0.1:{port}").corpora()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "answers 500"),
        (b"garbage\r\n\r\n", "failed"),
    ],
)
def test_something_else_at_the_address_is_an_error(answer: bytes, said: str) -> None:
    with listening(answer) as port, pytest.raises(StoreError, match=said):
        open_store(f"http://127.0.0.1:{port}").corpora()


def test_a_proxy_gets_the_token_and_the_message_about_it_does_not() -> None:
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    received: list[bytes] = []
    with listening(refusal, received) as port:
        store = open_store(f"http://127.0.0.1:{port}", headers={"X-Token": "secret"})
        with pytest.raises(StoreError, match="refused the credentials") as caught:
            store.corpora()

    assert b"x-token: secret" in received[0].lower()
    assert "secret" not in str(caught.value) + repr(vars(store))


def test_nothing_of_a_servers_store_is_lost_with_this_machines_folder(server: str) -> None:
    with open_store(server).writer("kept", EMBEDDER) as writer:
        put(writer, BRIDGE, TOWER)
    shutil.rmtree(home() / "servers")

    with open_store(server).writer("kept", EMBEDDER) as writer:
        assert writer.hash_of("bridge") is not None
        writer.remove(["bridge"])
    assert open_store(server).open_corpus("kept", EMBEDDER).languages == {EN: 1}
