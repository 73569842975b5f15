"""`crosearch info`: what is installed, and what lies where."""

from importlib.metadata import version
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json
from servers import free_port
from small_corpus import build_small_corpus


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small_corpus(tmp_path_factory.mktemp("corpus"))


def test_versions_and_corpora_are_told(store: Path) -> None:
    told = printed_json(crosearch("info", "--store", str(store), "--json"))
    assert told["versions"]["crosearch"] == version("crosearch")
    assert {"langgraph", "chromadb", "python"} < set(told["versions"])
    (place,) = told["stores"]
    assert place["store"] == str(store)
    (corpus,) = place["corpora"]
    assert corpus["name"] == "small"
    assert corpus["embedder"] == "default"
    assert corpus["passages"] == 4
    assert corpus["languages"] == {"de": 2, "en": 1, "fr": 1}


def test_the_home_directory_is_written_short(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(store.parent))
    result = crosearch("info", "--store", str(store))
    assert result.exit_code == 0
    assert "~/store\n" in result.stdout
    assert str(store) not in result.stdout


def test_without_a_store_the_users_own_and_the_samples_are_told() -> None:
    result = crosearch("info")
    assert result.exit_code == 0
    assert result.stdout.count("holds no corpus yet") >= 1


def test_a_server_that_is_down_is_named_and_the_rest_is_told() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    result = crosearch("info", "--store", address)
    assert result.exit_code == 1
    assert "crosearch " in result.stdout
    assert result.stdout.count(address) == 2


def test_the_version_alone() -> None:
    assert crosearch("--version").stdout == f"crosearch {version('crosearch')}\n"
