"""The sample corpus' store is made once, whole, and anew when what it is made from changes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import StoreError
from crosearch.tools.index import open_store
from crosearch.tools.sample import sample_passages_path
from crosearch.tools.sample_store import sample_folder, sample_store

MAKE = "from crosearch.tools.sample_store import sample_store; print(sample_store())"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path))
    yield tmp_path


def make() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAKE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def passages(store: Path) -> int:
    (corpus,) = open_store(store).corpora()
    assert corpus.name == "sample" and corpus.complete
    return sum(corpus.passages.values())


def test_it_is_made_on_first_use_and_found_after_that(home: Path) -> None:
    announced: list[str] = []
    assert not sample_folder().exists()
    store = sample_store(lambda: announced.append("now"))
    assert store == sample_folder() and store.is_relative_to(home)
    assert passages(store) >= len(sample_passages_path().read_text("utf-8").splitlines())
    assert sample_store(lambda: announced.append("again")) == store
    assert announced == ["now"]


def test_processes_that_want_it_at_once_share_one(home: Path) -> None:
    makers = [make() for _ in range(2)]
    told = {maker.communicate(timeout=60)[0].strip() for maker in makers}
    assert [maker.returncode for maker in makers] == [0, 0]
    assert told == {str(sample_folder())}
    assert passages(sample_folder())
    stores = {path for path in (home / "sample").iterdir() if path.is_dir()}
    assert stores == {sample_folder()}


def test_a_maker_that_is_killed_leaves_nothing_that_is_taken_for_it(home: Path) -> None:
    maker = make()
    while not (home / "sample" / "unfinished" / "chroma").exists():
        assert maker.poll() is None
        time.sleep(0.01)
    os.kill(maker.pid, signal.SIGKILL)
    maker.communicate()
    assert not sample_folder().exists()
    assert passages(sample_store())


def test_another_embedder_gets_a_store_of_its_own() -> None:
    class Other:
        name = "default"
        dimension = load_embedder().dimension
        fingerprint = "0" * 16
        encode_queries = encode_passages = load_embedder().encode_passages

    assert sample_folder(Other()) != sample_folder()


def test_a_home_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CROSEARCH_HOME", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="CROSEARCH_HOME"):
        sample_store()
