"""`crosearch ingest`: documents in, a table of what came of them, and what was skipped."""

import json
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal

from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import open_store


def lake(number: int, language: str = "en", text: str = "") -> dict[str, object]:
    return {
        "id": f"lake-{number}",
        "title": f"Lake {number}",
        "text": text or f"Lake {number} is {number} metres deep. Herons live there.",
        "language": language,
    }


def write(path: Path, *documents: dict[str, object]) -> str:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), "utf-8")
    return str(path)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def ingest(*arguments: str, store: str) -> dict[str, object]:
    result = crosearch("ingest", *arguments, "--corpus", "lakes", "--store", store, "--json")
    return printed_json(result)


def test_files_and_folders_become_a_corpus(tmp_path: Path, store: str) -> None:
    write(tmp_path / "lakes.jsonl", lake(1), lake(2, "fr"))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "see.md").write_text("# Bodensee\n\nDer See ist tief.\n", "utf-8")
    report = ingest(str(tmp_path / "lakes.jsonl"), str(tmp_path / "notes"), store=store)
    assert report["documents"] == report["added"] == 3
    assert report["passages"] == 3
    assert report["corpus"] == "lakes"
    assert set(open_store(store).corpora()[0].passages) == {"en", "fr", "de"}


def test_again_changes_nothing_and_prune_removes_what_is_gone(tmp_path: Path, store: str) -> None:
    file = write(tmp_path / "lakes.jsonl", lake(1), lake(2), lake(3))
    ingest(file, store=store)
    write(tmp_path / "lakes.jsonl", lake(1), lake(2, text="It dried up."))
    again = ingest(file, store=store)
    assert (again["unchanged"], again["changed"], again["removed"]) == (1, 1, 0)
    pruned = ingest(file, "--prune", store=store)
    assert (pruned["unchanged"], pruned["removed"]) == (2, 1)
    assert pruned["passages"] == 2


def test_a_person_gets_a_table_and_at_most_twenty_reasons(tmp_path: Path, store: str) -> None:
    nameless: list[dict[str, object]] = [{"title": "no id"} for _ in range(25)]
    file = write(tmp_path / "lakes.jsonl", lake(1), lake(2, "fr"), *nameless)
    result = crosearch("ingest", file, "--corpus", "lakes", "--store", store)
    assert result.exit_code == 0
    assert result.stderr == ""
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["en", "English", "1", "1", "2"] in rows
    assert ["all", "2", "2", "4"] in rows
    assert "25 skipped:" in result.stdout
    assert result.stdout.count("lakes.jsonl:") == 20
    assert "and 5 more" in result.stdout


def test_documents_that_do_not_say_their_language_are_in_the_given_one(
    tmp_path: Path, store: str
) -> None:
    (tmp_path / "note.txt").write_text("Lake Trout. Heron. Pike.", "utf-8")
    report = ingest(str(tmp_path / "note.txt"), "--language", "sw-KE", store=store)
    assert set(json.loads(json.dumps(report["languages"]))) == {"sw"}


def test_nothing_that_could_be_read_is_a_failure_with_the_reasons(
    tmp_path: Path, store: str
) -> None:
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\xff")
    (tmp_path / "empty.txt").write_bytes(b"")
    result = crosearch("ingest", str(tmp_path), "--corpus", "lakes", "--store", store)
    assert result.exit_code == 1
    assert "picture.txt" in result.stdout and "empty.txt" in result.stdout
    assert result.stderr == "crosearch: none of it could be read\n"


@pytest.mark.parametrize(
    ("path", "options", "told"),
    [
        ("nowhere.jsonl", [], "nowhere.jsonl"),
        ("lakes.jsonl", ["--language", "klingon"], "'klingon'"),
        ("lakes.jsonl", ["--corpus", "../up"], "../up"),
        ("lakes.jsonl", ["--header", "s3cret"], "Name: value"),
    ],
)
def test_what_cannot_be_ingested_is_refused_and_nothing_made(
    tmp_path: Path, store: str, path: str, options: list[str], told: str
) -> None:
    write(tmp_path / "lakes.jsonl", lake(1))
    arguments = [str(tmp_path / path), "--corpus", "lakes", "--store", store, *options]
    assert told in refusal(crosearch("ingest", *arguments))
    assert not Path(store).exists()


def test_the_samples_own_store_is_left_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "lakes.jsonl", lake(1))
    assert "'sample'" in refusal(crosearch("ingest", file, "--corpus", "sample"))


def test_a_corpus_and_paths_have_to_be_named(tmp_path: Path, store: str) -> None:
    file = write(tmp_path / "lakes.jsonl", lake(1))
    assert crosearch("ingest", file, "--store", store).exit_code == 2
    assert crosearch("ingest", "--corpus", "lakes", "--store", store).exit_code == 2


def test_a_store_that_somebody_writes_to_is_named_with_who_does(tmp_path: Path, store: str) -> None:
    file = write(tmp_path / "lakes.jsonl", lake(1))
    with open_store(store).writer("lakes", load_embedder()):
        result = crosearch("ingest", file, "--corpus", "lakes", "--store", store)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("crosearch: ") and "process" in result.stderr
