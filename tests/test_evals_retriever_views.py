"""A corpus as it is seen without one of its languages, or always as a whole."""

from pathlib import Path

import pytest
from small_corpus import build_small_corpus

from crosearch.evals.retriever_views import EverywhereRetriever, WithoutLanguage
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever, open_retriever

EN, FR, DE, SW = map(Language, ("en", "fr", "de", "sw"))
QUESTION = "When was the lighthouse of Cordouan completed?"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    folder: Path = tmp_path_factory.mktemp("corpus")
    return open_retriever(str(build_small_corpus(folder)), "small")


def test_a_hidden_language_holds_nothing_and_others_are_as_they_were(
    whole: HybridRetriever,
) -> None:
    view = WithoutLanguage(whole, EN)
    assert EN in whole.languages and EN not in view.languages
    assert {**view.languages, EN: whole.languages[EN]} == dict(whole.languages)


async def test_a_search_finds_nothing_there_and_says_so(whole: HybridRetriever) -> None:
    view = WithoutLanguage(whole, EN)
    result = await view.search(QUESTION, [EN, FR], k=5, asked_in=EN)
    assert [(one.language, one.status) for one in result.outcomes] == [(EN, "missing"), (FR, "ok")]
    seen = await whole.search(QUESTION, [FR], k=5, asked_in=EN)
    assert [hit.passage.id for hit in result.hits] == [hit.passage.id for hit in seen.hits] != []
    alone = await view.search(QUESTION, [EN], k=5, asked_in=EN)
    assert alone.hits == () and [one.status for one in alone.outcomes] == ["missing"]


async def test_it_promises_nothing(whole: HybridRetriever) -> None:
    view = WithoutLanguage(whole, EN)
    promised = await view.promise(QUESTION, [EN, FR], asked_in=EN)
    assert promised[EN] == 0.0 and promised[FR] > 0
    assert await view.promise(QUESTION, [EN], asked_in=EN) == {EN: 0.0}


async def test_everywhere_is_searched_whatever_is_asked_for(whole: HybridRetriever) -> None:
    result = await EverywhereRetriever(whole).search(QUESTION, [SW, FR], k=5, asked_in=EN)
    searched = [one.language for one in result.outcomes]
    assert searched[:2] == [SW, FR] and set(searched) == {SW, *whole.languages}


def test_runs_on_each_view_are_others(whole: HybridRetriever) -> None:
    views = [WithoutLanguage(whole, EN), WithoutLanguage(whole, FR), EverywhereRetriever(whole)]
    assert len({whole.fingerprint, *(view.fingerprint for view in views)}) == 4
    assert WithoutLanguage(whole, EN).fingerprint == views[0].fingerprint
