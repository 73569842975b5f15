"""What an open corpus has read it keeps, as long as nobody ingests anything."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from store_samples import BRIDGE, EMBEDDER, EN, PONT, TOWER, filled_store, put

from crosearch.tools import corpus as corpora
from crosearch.tools.index import open_store

CLOSED = dataclasses.replace(BRIDGE, text="The bridge was closed in 1999. It is gone. Rust it is.")


def test_what_was_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = filled_store(tmp_path, BRIDGE, TOWER).open_corpus("facts", EMBEDDER)
    passages = corpus.passages(EN, ["bridge#0"])
    vectors = corpus.sentence_vectors(EN, {"bridge#0": 2})

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(corpora, "get_passages", refuse)
    monkeypatch.setattr(corpora, "_get_vectors", refuse)
    assert corpus.passages(EN, ["bridge#0"]) == passages
    assert corpus.sentence_vectors(EN, {"bridge#0": 2})["bridge#0"] is vectors["bridge#0"]
    assert not vectors["bridge#0"].flags.writeable


def test_what_is_ingested_later_is_read_anew(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE, PONT).open_corpus("facts", EMBEDDER)
    assert corpus.passages(EN, ["bridge#0"])[0].text == BRIDGE.text
    corpus.sentence_vectors(EN, {"bridge#0": 2})

    with open_store(tmp_path).writer("facts", EMBEDDER) as writer:
        put(writer, CLOSED)

    [passage] = corpus.passages(EN, ["bridge#0"])
    sentences = [CLOSED.text[start:end] for start, end in passage.sentences]
    assert (passage.text, len(sentences)) == (CLOSED.text, 3)
    vectors = corpus.sentence_vectors(EN, {"bridge#0": 3})["bridge#0"]
    np.testing.assert_allclose(vectors, EMBEDDER.encode_passages(sentences), atol=1e-5)


def test_what_another_process_ingests_is_read_anew(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE, TOWER).open_corpus("facts", EMBEDDER)
    assert corpus.passages(EN, ["bridge#0"])[0].text == BRIDGE.text
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from test_tools_corpus import CLOSED\n"
        "from store_samples import EMBEDDER, put\n"
        "from crosearch.tools.index import open_store\n"
        "with open_store(Path(sys.argv[1])).writer('facts', EMBEDDER) as writer:\n"
        "    put(writer, CLOSED)\n"
    )
    here = str(Path(__file__).parent)
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, cwd=here, timeout=120
    )
    assert corpus.passages(EN, ["bridge#0"])[0].text == CLOSED.text


def test_nothing_is_kept_while_somebody_ingests(tmp_path: Path) -> None:
    store = filled_store(tmp_path, BRIDGE, TOWER)
    corpus = store.open_corpus("facts", EMBEDDER)
    with store.writer("facts", EMBEDDER) as writer:
        put(writer, CLOSED)
        writer.flush()
        assert corpus.passages(EN, ["bridge#0"])[0].text == CLOSED.text
        put(writer, BRIDGE)
        writer.flush()
        assert corpus.passages(EN, ["bridge#0"])[0].text == BRIDGE.text


def test_vectors_are_asked_for_by_how_many_sentences_there_should_be(tmp_path: Path) -> None:
    corpus = filled_store(tmp_path, BRIDGE).open_corpus("facts", EMBEDDER)
    for count in (2, 1, 2):
        assert len(corpus.sentence_vectors(EN, {"bridge#0": count})["bridge#0"]) == count
    assert corpus.sentence_vectors(EN, {"bridge#0": 3}) == {}
