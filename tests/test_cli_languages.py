"""`crosearch languages`: names, scripts and directions, and what a corpus holds of each."""

from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from small_corpus import build_small_corpus

from crosearch.tools.languages import EMBEDDED_LANGUAGES


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small_corpus(tmp_path_factory.mktemp("corpus"))


def test_without_a_corpus_the_embedders_languages_are_listed() -> None:
    listed = printed_json(crosearch("languages", "--json"))["languages"]
    assert [row["language"] for row in listed] == list(EMBEDDED_LANGUAGES)
    assert listed[0] == {
        "language": "ar",
        "english_name": "Arabic",
        "native_name": "العربية",
        "script": "Arab",
        "direction": "rtl",
    }


def test_all_lists_every_language_that_has_a_code() -> None:
    listed = printed_json(crosearch("languages", "--all", "--json"))["languages"]
    codes = {row["language"] for row in listed}
    assert {"haw", "yue", "eu"} < codes
    assert len(codes) > 400


def test_a_corpus_languages_come_with_their_passages_most_first(store: Path) -> None:
    rows = printed_json(
        crosearch("languages", "--corpus", "small", "--store", str(store), "--json")
    )["languages"]
    assert {row["language"]: row["passages"] for row in rows} == {"de": 2, "en": 1, "fr": 1}
    assert rows[0]["language"] == "de"


def test_a_person_gets_a_table(store: Path) -> None:
    result = crosearch("languages", "--corpus", "small", "--store", str(store))
    assert result.exit_code == 0
    (line,) = (line for line in result.stdout.splitlines() if "German" in line)
    assert line.split() == ["de", "German", "Deutsch", "Latn", "ltr", "2"]


def test_a_corpus_that_is_not_there_is_refused_with_those_that_are(store: Path) -> None:
    told = refusal(crosearch("languages", "--corpus", "large", "--store", str(store)))
    assert "'large'" in told and "small" in told
