"""An ingestion may be killed at any moment; run again, it leaves what one run would have left."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from store_samples import EMBEDDER

from crosearch.tools.errors import StoreError
from crosearch.tools.index import Corpus, open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.languages import Language

PROGRAM = Path(__file__).with_name("killed_ingestion.py")
WORDS = [f"{a}{b}" for a in ("ba", "do", "ki", "lu", "me") for b in ("ra", "so", "ti", "nu", "pe")]


def write_source(path: Path, *, documents: int, sentences: int, seed: int = 0) -> Path:
    """Write documents in two languages, some of several passages."""
    choose = random.Random(seed)
    with path.open("w", encoding="utf-8") as lines:
        for number in range(documents):
            length = 30 * sentences if number % 50 == 0 else choose.randint(1, sentences)
            text = " ".join(
                f"{number} {' '.join(choose.choices(WORDS, k=6))}.".capitalize()
                for _ in range(length)
            )
            language = ("en", "fr")[number % 2]
            row = {"id": f"d{number}", "title": f"T{number}", "text": text, "language": language}
            lines.write(json.dumps(row) + "\n")
    return path


def start(source: Path, store: Path, calls: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(PROGRAM), str(source), str(store), str(calls)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def contents(corpus: Corpus, ids: list[str]) -> dict[str, object]:
    """Read everything that a corpus holds of the documents, vectors and lexical ranks included."""
    held: dict[str, object] = {}
    for language in (Language("en"), Language("fr")):
        passages = corpus.passages(language, ids)
        vectors = corpus.sentence_vectors(language, {p.id: len(p.sentences) for p in passages})
        lexical = corpus.lexical(language)
        assert lexical is not None
        held[language] = (corpus.languages[language], len(lexical))
        for passage in passages:
            rows = np.round(vectors[passage.id], 4).tolist()
            own = EMBEDDER.encode_passages([f"{passage.title}\n{passage.text}"])[0]
            # Chroma's index is approximate, and another one each time that it is built: asked for
            # one alone, it may miss a vector that it has.
            near = [passage_id for passage_id, _ in corpus.nearest_passages(language, own, 20)]
            best = lexical.search(passage.text, 1)[0][0]
            held[passage.id] = (passage, rows, passage.id in near, best)
    return held


def all_passages(documents: int) -> list[str]:
    return [f"d{number}#{part}" for number in range(documents) for part in range(40)]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("unbroken")
    source = write_source(folder / "source.jsonl", documents=260, sentences=12)
    store = open_store(folder / "store")
    ingest([source], store=store, corpus="facts", embedder=EMBEDDER)
    return contents(store.open_corpus("facts", EMBEDDER), all_passages(260))


@pytest.mark.slow
@pytest.mark.parametrize("kills", [(1,), (3, 2), (4,)])
def test_killed_between_any_two_batches_it_ends_like_an_unbroken_run(
    tmp_path: Path, unbroken: dict[str, object], kills: tuple[int, ...]
) -> None:
    source = write_source(tmp_path / "source.jsonl", documents=260, sentences=12)
    for calls in kills:
        assert start(source, tmp_path / "store", calls).wait() == -9

    store = open_store(tmp_path / "store")
    report = ingest([source], store=store, corpus="facts", embedder=EMBEDDER)

    assert (report.documents, report.changed, report.skipped_count) == (260, 0, 0)
    assert contents(store.open_corpus("facts", EMBEDDER), all_passages(260)) == unbroken
    assert ingest([source], store=store, corpus="facts", embedder=EMBEDDER).unchanged == 260


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_a_random_moment_it_ends_like_an_unbroken_run(
    tmp_path: Path, unbroken: dict[str, object], seed: int
) -> None:
    source = write_source(tmp_path / "source.jsonl", documents=260, sentences=12)
    process = start(source, tmp_path / "store", 0)
    while not (tmp_path / "store" / "stamp").exists() and process.poll() is None:
        time.sleep(0.001)
    time.sleep(random.Random(seed).uniform(0, 1.5))
    process.kill()
    process.wait()

    store = open_store(tmp_path / "store")
    ingest([source], store=store, corpus="facts", embedder=EMBEDDER)

    assert contents(store.open_corpus("facts", EMBEDDER), all_passages(260)) == unbroken


def is_being_written(store: Path) -> bool:
    """Tell whether Chroma is in the middle of replacing a collection's vector files."""
    for table in store.glob("chroma/*/index_metadata.pickle"):
        try:
            written = table.stat().st_mtime_ns
            if any(file.stat().st_mtime_ns > written for file in table.parent.glob("*.bin")):
                return True
        except FileNotFoundError:
            continue
    return False


@pytest.mark.slow
def test_killed_while_chroma_writes_its_vector_files_it_is_repaired(
    tmp_path: Path, unbroken: dict[str, object]
) -> None:
    source = write_source(tmp_path / "source.jsonl", documents=260, sentences=12)
    process = start(source, tmp_path / "store", 0)
    while process.poll() is None and not is_being_written(tmp_path / "store"):
        time.sleep(0.0002)
    process.kill()
    if process.wait() == 0:
        pytest.skip("the ingestion was over before the files were seen being written")
    store = open_store(tmp_path / "store")
    if is_being_written(tmp_path / "store"):
        with pytest.raises(StoreError, match="an ingestion was killed .* run it again"):
            contents(store.open_corpus("facts", EMBEDDER), all_passages(260))

    ingest([source], store=store, corpus="facts", embedder=EMBEDDER)

    assert contents(store.open_corpus("facts", EMBEDDER), all_passages(260)) == unbroken


@pytest.mark.slow
def test_a_changed_document_that_was_half_replaced_is_replaced_whole(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source.jsonl", documents=60, sentences=6)
    start(source, tmp_path / "store", 0).wait()
    write_source(tmp_path / "source.jsonl", documents=60, sentences=4, seed=1)
    whole = open_store(tmp_path / "whole")
    ingest([source], store=whole, corpus="facts", embedder=EMBEDDER)

    assert start(source, tmp_path / "store", 2).wait() == -9
    store = open_store(tmp_path / "store")
    ingest([source], store=store, corpus="facts", embedder=EMBEDDER)

    ids = all_passages(60)
    assert contents(store.open_corpus("facts", EMBEDDER), ids) == contents(
        whole.open_corpus("facts", EMBEDDER), ids
    )


@pytest.mark.slow
def test_another_process_reads_while_one_writes(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source.jsonl", documents=40, sentences=6)
    store = open_store(tmp_path / "store")
    ingest([source], store=store, corpus="facts", embedder=EMBEDDER)
    corpus = store.open_corpus("facts", EMBEDDER)
    write_source(tmp_path / "source.jsonl", documents=600, sentences=12)
    query = EMBEDDER.encode_queries(["1 bara doti."])[0]

    process = start(source, tmp_path / "store", 0)
    while process.poll() is None:
        for language in corpus.languages:
            found = [name for name, _ in corpus.nearest_passages(language, query, 10)]
            assert len(corpus.nearest_sentences(language, query, 10)) == 10
            assert len(corpus.passages(language, found)) == len(found) == 10
            lexical = corpus.lexical(language)
            assert lexical is not None
            assert len(lexical.search("bara", 10)) == 10

    assert process.wait() == 0
    ids = all_passages(600)
    held = contents(corpus, ids)
    assert {passage.split("#")[0] for passage in held if "#" in passage} == {
        f"d{number}" for number in range(600)
    }
