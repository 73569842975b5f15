"""A store keeps corpora of vectors, texts and terms, and gives them back."""

import dataclasses
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import tantivy
from hashing_embedder import HashingEmbedder
from numpy.typing import NDArray
from store_samples import BRIDGE, EMBEDDER, EN, FR, PONT, QIAO, TOWER, ZH, filled_store, put

from crosearch.tools.errors import (
    CorpusNotFoundError,
    EmbedderMismatchError,
    StoreError,
    StoreLockedError,
    UsageError,
)
from crosearch.tools.index import open_store
from crosearch.tools.languages import Language


def test_what_was_written_is_found_by_vector_by_sentence_and_by_word(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE, TOWER, PONT).open_corpus("facts", EMBEDDER)
    query = EMBEDDER.encode_queries(["The tower is made of iron."])[0]

    assert corpus.nearest_passages(EN, query, 1)[0][0] == "tower#0"
    assert corpus.nearest_sentences(EN, query, 1)[0][:2] == ("tower#0", 0)
    assert corpus.nearest_sentences(EN, query, 1)[0][2] == pytest.approx(1.0, abs=1e-5)
    lexical = corpus.lexical(EN)
    assert lexical is not None
    assert [found for found, _ in lexical.search("iron", 5)] == ["tower#0"]


def test_passages_come_back_as_they_were_in_the_order_asked_for(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE, TOWER).open_corpus("facts", EMBEDDER)

    tower, bridge = corpus.passages(EN, ["tower#0", "nowhere#7", "bridge#0"])

    assert (tower.document_id, tower.title) == ("tower", "A tower")
    assert (bridge.text, bridge.url, bridge.metadata) == (BRIDGE.text, BRIDGE.url, {"year": 1932})
    assert [bridge.text[start:end] for start, end in bridge.sentences] == [
        "The bridge was opened in 1932.",
        "It spans the harbour.",
    ]


def test_stored_sentence_vectors_are_the_embedders(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE, TOWER).open_corpus("facts", EMBEDDER)

    vectors = corpus.sentence_vectors(EN, {"bridge#0": 2, "nowhere#0": 1})

    expected = EMBEDDER.encode_passages(["The bridge was opened in 1932.", "It spans the harbour."])
    assert list(vectors) == ["bridge#0"]
    np.testing.assert_allclose(vectors["bridge#0"], expected, atol=1e-5)


def test_a_language_without_passages_gives_nothing(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE).open_corpus("facts", EMBEDDER)
    vector = EMBEDDER.encode_queries(["pont"])[0]

    assert corpus.nearest_passages(FR, vector, 5) == []
    assert corpus.nearest_sentences(FR, vector, 5) == []
    assert corpus.passages(FR, ["pont#0"]) == []
    assert corpus.lexical(FR) is None


def test_a_text_without_a_known_word_has_no_direction_and_does_no_harm(tmp_path: Path) -> None:
    silent = dataclasses.replace(BRIDGE, id="silent", title="", text="…!")
    corpus = filled_store(tmp_path, BRIDGE, silent).open_corpus("facts", EMBEDDER)

    found = dict(corpus.nearest_passages(EN, EMBEDDER.encode_queries(["bridge"])[0], 5))

    assert found["silent#0"] == pytest.approx(0.0, abs=1e-5)
    assert found["bridge#0"] > 0


def test_corpora_are_listed_with_their_embedder_and_languages(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER, PONT)

    (info,) = store.corpora()

    assert (info.name, info.complete) == ("facts", True)
    assert (info.embedder, info.dimension) == ("hashing", 32)
    assert info.fingerprint == EMBEDDER.fingerprint
    assert list(info.passages.items()) == [(EN, 2), (FR, 1)]
    assert info.documents == {EN: 2, FR: 1}


def test_a_changed_document_replaces_its_passages(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER)
    changed = dataclasses.replace(BRIDGE, text="It was torn down.")
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, changed)
    corpus = store.open_corpus("facts", EMBEDDER)

    assert [passage.text for passage in corpus.passages(EN, ["bridge#0"])] == ["It was torn down."]
    assert corpus.sentence_vectors(EN, {"bridge#0": 1})["bridge#0"].shape == (1, 32)
    lexical = corpus.lexical(EN)
    assert lexical is not None
    assert lexical.search("harbour", 5) == []
    assert len(lexical) == 2


def test_a_document_that_changes_its_language_leaves_the_old_one(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER)
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, dataclasses.replace(PONT, id="bridge"))
    corpus = store.open_corpus("facts", EMBEDDER)

    assert corpus.languages == {EN: 1, FR: 1}
    assert corpus.passages(EN, ["bridge#0"]) == []


def test_a_language_goes_with_its_last_document(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, PONT)
    with store.writer("facts", EMBEDDER) as writer:
        assert writer.remove(["pont", "never there"]) == 1

    assert store.open_corpus("facts", EMBEDDER).languages == {EN: 1}
    assert [path.name[:8] for path in (tmp_path / "lexical").iterdir()] == ["facts.en"]


def test_an_open_corpus_follows_what_is_written_later(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE)
    corpus = store.open_corpus("facts", EMBEDDER)
    assert corpus.languages == {EN: 1}
    with open_store(tmp_path).writer("facts", EMBEDDER) as writer:
        put(writer, TOWER, QIAO)

    assert corpus.languages == {EN: 2, ZH: 1}
    query = EMBEDDER.encode_queries(["made of iron"])[0]
    assert corpus.nearest_passages(EN, query, 1)[0][0] == "tower#0"
    lexical = corpus.lexical(ZH)
    assert lexical is not None
    assert [found for found, _ in lexical.search("桥", 5)] == ["qiao#0"]


def test_a_corpus_can_be_read_while_it_is_being_written(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE)
    corpus = store.open_corpus("facts", EMBEDDER)
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, TOWER)
        writer.flush()
        query = EMBEDDER.encode_queries(["made of iron"])[0]
        assert corpus.nearest_passages(EN, query, 1)[0][0] == "tower#0"
        assert corpus.lexical(EN) is not None
        assert not store.corpora()[0].complete


def test_an_error_in_a_session_drops_what_waits_and_keeps_the_rest(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE)
    with pytest.raises(KeyboardInterrupt), store.writer("facts", EMBEDDER) as writer:
        put(writer, TOWER)
        writer.flush()
        put(writer, PONT)
        raise KeyboardInterrupt

    assert store.open_corpus("facts", EMBEDDER).languages == {EN: 2}
    assert store.corpora()[0].complete


def test_an_interrupt_in_the_middle_of_a_batch_is_repaired_by_the_next_writer(
    tmp_path: Path,
) -> None:
    class Interrupted(HashingEmbedder):
        def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if any("iron" in text for text in texts):
                raise KeyboardInterrupt
            return super().encode_passages(texts)

    store = filled_store(tmp_path, BRIDGE, TOWER)
    changed = dataclasses.replace(TOWER, text="It is made of iron and rust.")
    with pytest.raises(KeyboardInterrupt):
        with store.writer("facts", Interrupted(dimension=32)) as writer:
            put(writer, changed)
    assert not store.corpora()[0].complete
    assert store.open_corpus("facts", EMBEDDER).languages == {EN: 2}

    with store.writer("facts", EMBEDDER) as writer:
        put(writer, changed)

    corpus = store.open_corpus("facts", EMBEDDER)
    assert [passage.text for passage in corpus.passages(EN, ["tower#0"])] == [changed.text]
    assert store.corpora()[0].complete


def test_a_missing_corpus_is_an_error_that_lists_those_there_are(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE)

    with pytest.raises(CorpusNotFoundError, match="no corpus 'fact'; it holds facts"):
        store.open_corpus("fact", EMBEDDER)


def test_reading_does_not_make_a_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / "nowhere")

    assert store.corpora() == ()
    with pytest.raises(CorpusNotFoundError, match="there is no store at .*nowhere"):
        store.open_corpus("facts", EMBEDDER)
    assert list(tmp_path.iterdir()) == []


def test_another_embedder_is_refused_and_both_are_named(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE)
    other = HashingEmbedder(name="other", dimension=16)

    with pytest.raises(EmbedderMismatchError, match=r"'hashing' \(32 .*'other' \(16 "):
        store.open_corpus("facts", other)
    with pytest.raises(EmbedderMismatchError, match=r"'hashing' \(32 .*'other' \(16 "):
        store.writer("facts", other).__enter__()
    assert store.open_corpus("facts", EMBEDDER).languages == {EN: 1}


def test_two_corpora_of_one_store_know_nothing_of_each_other(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE)
    other = HashingEmbedder(name="other", dimension=16)
    with store.writer("news", other) as writer:
        put(writer, TOWER)

    assert [info.name for info in store.corpora()] == ["facts", "news"]
    assert store.open_corpus("facts", EMBEDDER).passages(EN, ["tower#0"]) == []
    assert store.open_corpus("news", other).languages == {EN: 1}


@pytest.mark.parametrize("name", ["", "a b", "../up", "ä", "a.b", "-a", "x" * 101])
def test_a_corpus_name_is_checked(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a corpus"):
        open_store(tmp_path).writer(name, EMBEDDER).__enter__()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["http://", "http://host:99999", "http://host:8000/path", "https://user:pw@host"]
)
def test_a_server_address_is_checked_and_no_password_repeated(url: str) -> None:
    with pytest.raises(UsageError, match=r"http\(s\)://host:port") as caught:
        open_store(url)
    assert "pw" not in str(caught.value)


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.writer("facts", EMBEDDER):
        with pytest.raises(StoreLockedError) as caught:
            open_store(tmp_path).writer("news", EMBEDDER).__enter__()
    message = str(caught.value)
    assert f"process {os.getpid()} on {socket.gethostname()}, since 2" in message
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, BRIDGE)


def test_a_lexical_index_that_is_gone_is_made_again_from_the_passages(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER)
    shutil.rmtree(tmp_path / "lexical")
    told: list[tuple[Language, int, int]] = []

    corpus = store.open_corpus("facts", EMBEDDER, progress=lambda *step: told.append(step))

    lexical = corpus.lexical(EN)
    assert lexical is not None
    assert [found for found, _ in lexical.search("iron", 5)] == ["tower#0"]
    assert told == [(EN, 2, 2)]


def make_old(folder: Path) -> None:
    """Leave the lexical indexes of a store as an older version would have made them."""
    for index in (folder / "lexical").iterdir():
        shutil.rmtree(index)
        index.mkdir()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        tantivy.Index(builder.build(), path=str(index))
        (index / "stamp").write_text("2 0123456789abcdef")


def test_a_lexical_index_of_an_older_version_is_made_again_when_it_is_read(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER)
    make_old(tmp_path)
    lexical = store.open_corpus("facts", EMBEDDER).lexical(EN)
    assert lexical is not None
    assert [found for found, _ in lexical.search("iron", 5)] == ["tower#0"]


@pytest.mark.parametrize("left", ["old", "nothing"])
def test_who_writes_makes_a_lexical_index_whole_before_adding_to_it(
    tmp_path: Path, left: str
) -> None:
    store = filled_store(tmp_path, TOWER)
    make_old(tmp_path)
    if left == "nothing":
        shutil.rmtree(tmp_path / "lexical")
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, BRIDGE)
    lexical = store.open_corpus("facts", EMBEDDER).lexical(EN)
    assert lexical is not None
    assert len(lexical) == 2


def test_an_old_lexical_index_is_told_of_while_somebody_writes(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER)
    corpus = store.open_corpus("facts", EMBEDDER)
    with store.writer("other", EMBEDDER):
        make_old(tmp_path)
        with pytest.raises(StoreError, match="older than its passages.*try again"):
            open_store(tmp_path).open_corpus("facts", EMBEDDER)
    assert corpus.lexical(EN) is not None


@pytest.mark.parametrize("left", [None, b"", b"no database" * 500])
def test_a_lost_or_damaged_catalog_is_made_again_from_the_passages(
    tmp_path: Path, left: bytes | None
) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER, PONT)
    catalog = tmp_path / "facts.catalog.sqlite3"
    catalog.unlink()
    if left is not None:
        catalog.write_bytes(left)

    with store.writer("facts", EMBEDDER) as writer:
        hashes = [writer.hash_of(name) for name in ("bridge", "tower", "pont", "other")]
        assert writer.remove(["bridge"]) == 1

    assert all(hashes[:3]) and hashes[3] is None
    assert store.open_corpus("facts", EMBEDDER).languages == {EN: 1, FR: 1}


def test_a_damaged_database_is_an_error_that_names_the_store(tmp_path: Path) -> None:
    filled_store(tmp_path, BRIDGE)
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"no database" * 500)

    with pytest.raises(StoreError, match=str(tmp_path)):
        open_store(tmp_path).open_corpus("facts", EMBEDDER)


def test_a_store_cannot_be_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="cannot write to the store"):
        open_store(tmp_path / "file").writer("facts", EMBEDDER).__enter__()


def mount(*arguments: str | Path) -> None:
    command = ["mount", *map(str, arguments)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder to mount something on."""
    folder = tmp_path / "disk"
    folder.mkdir()
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def test_a_full_disk_is_said_to_be_full_and_what_was_there_stays(disk: Path) -> None:
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", disk)
    store = filled_store(disk, BRIDGE)
    long = [dataclasses.replace(TOWER, id=f"d{i}", text=f"{i} " * 700) for i in range(400)]

    with pytest.raises(StoreError, match="full|No space left"):
        with store.writer("facts", EMBEDDER) as writer:
            put(writer, *long)

    corpus = open_store(disk).open_corpus("facts", EMBEDDER)
    assert corpus.passages(EN, ["bridge#0"])[0].text == BRIDGE.text
    mount("-o", "remount,size=64m", disk)
    with open_store(disk).writer("facts", EMBEDDER) as writer:
        put(writer, *long)
    assert open_store(disk).corpora()[0].documents == {EN: 401}


def test_a_read_only_disk_is_said_to_be_read_only(tmp_path: Path, disk: Path) -> None:
    filled_store(tmp_path / "store", BRIDGE)
    mount("--bind", tmp_path / "store", disk)
    mount("-o", "remount,ro,bind", disk)

    with pytest.raises(StoreError, match="(?i)read-only"):
        open_store(disk).writer("facts", EMBEDDER).__enter__()
    with pytest.raises(StoreError, match="read-only"):
        open_store(disk).open_corpus("facts", EMBEDDER)
