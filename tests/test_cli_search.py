"""`crosearch search`: the passages, as a table or as JSON, and what failed."""

from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from small_corpus import build_small_corpus


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    store = build_small_corpus(tmp_path_factory.mktemp("corpus"))
    return ["--corpus", "small", "--store", str(store)]


def test_a_query_in_one_language_finds_a_passage_in_another(at: list[str]) -> None:
    query = "when was the Cordouan lighthouse built"
    found = printed_json(crosearch("search", query, *at, "--json"))
    assert set(found) == {"query", "asked_in", "languages", "hits", "outcomes", "seconds"}
    assert (found["query"], found["asked_in"]) == (query, "en")
    assert sorted(found["languages"]) == ["de", "en", "fr"]
    assert [outcome["status"] for outcome in found["outcomes"]] == ["ok"] * 3
    (best,) = (hit for hit in found["hits"] if hit["document_id"] == "cordouan-fr")
    assert best["language"] == "fr"
    assert best["title"] == "Phare de Cordouan"
    assert best["url"] == "https://example.org/cordouan"
    assert best["sentence"] in best["text"]
    assert best["passage_id"].startswith("cordouan-fr#")
    assert set(best["signals"]) == {"dense", "lexical", "sound", "pieces"}
    assert best["score"] > 0
    assert all(0 < outcome["promise"] < 1 for outcome in found["outcomes"])


def test_only_the_languages_asked_for_are_searched_and_only_so_many_passages_shown(
    at: list[str],
) -> None:
    found = printed_json(
        crosearch("search", "lighthouse", "--languages", "fr,DE", "-k", "2", *at, "--json")
    )
    assert found["languages"] == ["fr", "de"]
    assert len(found["hits"]) == 2
    assert {hit["language"] for hit in found["hits"]} <= {"fr", "de"}


def test_the_querys_language_can_be_told(at: list[str]) -> None:
    found = printed_json(crosearch("search", "ponte", "--asked-in", "IT", *at, "--json"))
    assert found["asked_in"] == "it"
    assert "unknown language 'xx'" in refusal(crosearch("search", "ponte", "--asked-in", "xx", *at))


def test_a_person_gets_a_table(at: list[str]) -> None:
    result = crosearch("search", "phare de Cordouan", *at)
    assert result.exit_code == 0
    assert result.stderr == ""
    (line,) = (line for line in result.stdout.splitlines() if "Phare de Cordouan" in line)
    assert line.split()[0] == "1"
    assert "fr" in line.split()
    assert "\x1b" not in result.stdout
    assert "asked in fr; likely to hold an answer: " in result.stdout


def test_a_language_without_passages_is_a_status_beside_what_the_others_found(
    at: list[str],
) -> None:
    result = crosearch("search", "phare", "--languages", "fr,ja", *at)
    assert result.exit_code == 0
    assert "Phare de Cordouan" in result.stdout
    assert result.stderr == "ja: 'small' holds no passages in Japanese\n"


def test_it_fails_where_every_language_did(at: list[str]) -> None:
    result = crosearch("search", "phare", "--languages", "ja,ko", *at, "--json")
    assert result.exit_code == 1
    assert '"missing"' in result.stdout


def test_the_query_can_come_from_standard_input(at: list[str]) -> None:
    found = printed_json(crosearch("search", "-", *at, "--json", input="Steppensee\n"))
    assert found["hits"][0]["document_id"] == "neusiedl-de"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["  "], "blank"),
        (["x" * 100_000], "100,000"),
        (["phare", "--languages", "klingon"], "'klingon'"),
        (["phare", "--corpus", "large"], "'large'; it holds small"),
        (["phare", "--header", "no-colon"], "Name: value"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(
    at: list[str], arguments: list[str], told: str
) -> None:
    query, *rest = arguments
    assert told in refusal(crosearch("search", query, *at, *rest))


def test_a_store_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    store = tmp_path / "nowhere"
    told = refusal(crosearch("search", "phare", "--corpus", "small", "--store", str(store)))
    assert str(store) in told
    assert not store.exists()


def test_no_passages_at_all_cannot_be_asked_for(at: list[str]) -> None:
    assert crosearch("search", "phare", "-k", "0", *at).exit_code == 2
