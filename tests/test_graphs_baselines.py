"""The baselines: the search graph's nodes, wired as others search."""

import importlib
import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from scripted_policy import ScriptedPolicy
from small_corpus import PASSAGES, build_small_corpus

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.agents.policy import Instructions, Policy
from crosearch.graphs.baselines import BASELINES, graph_name
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import SearchGraph, build_search_graph
from crosearch.graphs.state import SearchOutput
from crosearch.graphs.turns import machine_failures
from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import TranslationError, UsageError
from crosearch.tools.index import open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.languages import Language
from crosearch.tools.retriever import Retriever
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.tools.translate import LexiconTranslator, Translator

ROOT = Path(__file__).parent.parent
ENGLISH = "When was the lighthouse of Cordouan completed?"
FRENCH = "En quelle année fut achevé le phare de Cordouan ?"
SPANISH = "¿Cuándo se terminó el faro de Cordouan?"
"""In a language that the corpus has no passage in."""
SEARCH = '<search lang="fr">phare de Cordouan achevé</search>'
ANSWER = "<answer>It was completed in 1611 [1]</answer>"
REPONSE = "<answer>Il fut achevé en 1611 [1]</answer>"
ABSTENTION = '<answer found="no">It is not told.</answer>'

ONE_SEARCH = ["own-language", "english", "everywhere", "everywhere-translated"]


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


@pytest.fixture(scope="module")
def continental(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    """Open the same corpus without English."""
    folder = tmp_path_factory.mktemp("continental")
    source = folder / "passages.jsonl"
    kept = [passage for passage in PASSAGES if passage["language"] != "en"]
    source.write_text("".join(json.dumps(passage) + "\n" for passage in kept), encoding="utf-8")
    store = folder / "store"
    ingest([source], store=open_store(store), corpus="small", embedder=load_embedder())
    return open_retriever(str(store), "small")


async def run(
    name: str,
    policy: Policy,
    retriever: Retriever,
    *,
    question: str = ENGLISH,
    translator: Translator | None = None,
    **settings: Any,
) -> dict[str, Any]:
    graph = BASELINES[name](policy, retriever, translator).compile()
    return dict(await graph.ainvoke({"question": question}, context=SearchContext(**settings)))


def kinds(result: dict[str, Any]) -> list[str]:
    return [segment["kind"] for segment in result["transcript"]]


def statuses(result: dict[str, Any]) -> list[str]:
    return [turn["status"] for turn in result["history"]]


def searched(result: dict[str, Any]) -> list[tuple[set[str], str]]:
    return [(set(search["languages"]), search["query"]) for search in result["searches"]]


def failures(result: dict[str, Any]) -> list[str]:
    return [failure["status"] for failure in machine_failures(cast(SearchOutput, result))]


class Marking:
    """Translates by saying into what."""

    name = "marking"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def translate(
        self, texts: Sequence[str], source: Language, target: Language
    ) -> list[str | None]:
        self.asked.append((source, target))
        return [f"[{target}] {text}" for text in texts]


class Speechless(Marking):
    """Translates nothing."""

    async def translate(
        self, texts: Sequence[str], source: Language, target: Language
    ) -> list[str | None]:
        return [None] * len(texts)


class Down(Marking):
    """Fails."""

    async def translate(
        self, texts: Sequence[str], source: Language, target: Language
    ) -> list[str | None]:
        raise TranslationError("the translator is down")


class TestAll:
    @pytest.mark.parametrize("name", BASELINES)
    async def test_each_compiles_draws_and_answers(
        self, name: str, retriever: HybridRetriever
    ) -> None:
        graph = BASELINES[name](ExtractivePolicy(retriever.embedder), retriever).compile()
        assert "think" in graph.get_graph().draw_mermaid()
        result = await graph.ainvoke({"question": FRENCH}, context=SearchContext())
        assert result["ending"] == "answered"
        assert result["found"] is (name not in ("closed-book", "english"))
        assert result["turns"] == len(result["history"])
        assert json.loads(json.dumps(result)) == result

    @pytest.mark.parametrize("name", BASELINES)
    async def test_each_runs_without_a_context(self, name: str, retriever: HybridRetriever) -> None:
        graph = BASELINES[name](ScriptedPolicy([ABSTENTION]), retriever).compile()
        result = await graph.ainvoke({"question": ENGLISH})
        assert (result["ending"], result["found"]) == ("answered", False)

    @pytest.mark.parametrize(
        "name", [n for n in BASELINES if n not in ("closed-book", "reflective")]
    )
    async def test_a_language_that_the_index_lacks_is_no_error(
        self, name: str, retriever: HybridRetriever
    ) -> None:
        policy = ExtractivePolicy(retriever.embedder)
        result = await run(name, policy, retriever, question=SPANISH)
        assert (result["language"], result["ending"], failures(result)) == ("es", "answered", [])
        if name in ("own-language", "one-language-loop"):
            assert searched(result) == [({"es"}, SPANISH)]
            assert [o["status"] for o in result["searches"][0]["outcomes"]] == ["missing"]
            assert not result["evidence"]
            assert not result["found"]

    def test_each_says_what_it_is_and_where_it_comes_from(self) -> None:
        for name, baseline in BASELINES.items():
            assert baseline.name == name
            assert baseline.what.endswith(".") and baseline.source

    def test_studio_opens_each(self) -> None:
        named = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
        assert set(named) == {"search", *BASELINES} - {"crosearch"}
        for name, reference in named.items():
            module, _, function = reference.partition(":")
            make = getattr(importlib.import_module(module), function)
            assert not inspect.signature(make).parameters
            graph: SearchGraph = make()
            # An anonymous policy will do: the drawing shows the nodes alone.
            other = BASELINES["crosearch" if name == "search" else name].assemble(
                cast(Any, None), SearchContext
            )
            assert graph.compile().get_graph().draw_mermaid() == (
                other.compile().get_graph().draw_mermaid()
            )


class TestClosedBook:
    async def test_the_extractive_policy_knows_nothing(self, retriever: HybridRetriever) -> None:
        result = await run("closed-book", ExtractivePolicy(retriever.embedder), retriever)
        assert kinds(result) == ["prompt", "prompt", "policy"]
        assert (result["ending"], result["found"], result["searches"]) == ("answered", False, [])

    async def test_an_answer_counts_without_citations(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy(["<think>I know.</think><answer>It was in 1611 [3]</answer>"])
        result = await run("closed-book", policy, retriever)
        assert (result["answer"], result["found"]) == ("It was in 1611", True)
        assert (result["citations"], result["searchable"]) == ([], {})
        assert policy.observations[0].languages == {}
        told = result["transcript"][0]["text"]
        assert "from what you know" in told and "search lang" not in told

    async def test_a_search_is_sent_back(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([SEARCH, "<answer>It was in 1611</answer>"])
        result = await run("closed-book", policy, retriever)
        assert kinds(result) == ["prompt", "prompt", "policy", "feedback", "policy"]
        assert "nothing can be searched" in result["transcript"][3]["text"]
        assert result["found"] and not result["searches"]

    async def test_who_never_answers_spends_the_turns(self, retriever: HybridRetriever) -> None:
        result = await run("closed-book", ScriptedPolicy([SEARCH]), retriever, max_turns=2)
        assert (result["ending"], result["turns"], result["found"]) == ("turns", 2, False)

    async def test_a_policy_that_knows_the_protocol_is_told_less(
        self, retriever: HybridRetriever
    ) -> None:
        class Brief(ScriptedPolicy):
            instructions: Instructions = "brief"

        result = await run("closed-book", Brief([ABSTENTION]), retriever)
        assert result["transcript"][0]["text"] == "Answer in en from what you know. Turns: 8."


class TestOneSearch:
    @pytest.mark.parametrize(
        ("name", "languages"),
        [
            ("own-language", {"fr"}),
            ("english", {"en"}),
            ("everywhere", {"de", "en", "fr"}),
            ("everywhere-translated", {"de", "en", "fr"}),
        ],
    )
    async def test_the_graph_searches_once_and_the_policy_only_answers(
        self, name: str, languages: set[str], retriever: HybridRetriever
    ) -> None:
        policy = ScriptedPolicy([SEARCH, REPONSE])
        result = await run(name, policy, retriever, question=FRENCH)
        assert searched(result) == [(languages, FRENCH)]
        assert kinds(result) == ["prompt", "prompt", "evidence", "policy", "feedback", "policy"]
        assert statuses(result) == ["forced", "ok", "ok"]
        first = policy.observations[0]
        assert (first.searches_left, first.turns_left) == (0, 7)
        assert set(first.languages) == languages
        assert "1 searches" in first.transcript[0]["text"]
        assert first.transcript[2]["text"].endswith("Turns left: 7. Searches left: 0.")
        assert "no searches are left" in result["transcript"][4]["text"]
        assert result["found"]

    async def test_a_forced_turn_is_the_search_and_nothing_of_the_policys(
        self, retriever: HybridRetriever
    ) -> None:
        result = await run("own-language", ScriptedPolicy([REPONSE]), retriever, question=FRENCH)
        forced, answer = result["history"]
        assert forced["action"]["kind"] == "search" and forced["search"] == 0
        assert (forced["untrainable"], forced["completion_tokens"]) == ("", None)
        assert [hit["passage_id"] for hit in forced["hits"]] == [
            entry["passage_id"] for entry in result["evidence"]
        ]
        assert forced["ledger"] and not answer["ledger"]

    async def test_the_own_language_is_the_one_that_the_question_is_asked_in(
        self, retriever: HybridRetriever
    ) -> None:
        result = await run(
            "own-language", ScriptedPolicy([ABSTENTION]), retriever,
            question=FRENCH, language="en", asked_in="fr",
        )  # fmt: skip
        assert searched(result) == [({"fr"}, FRENCH)]
        assert result["language"] == "en"

    async def test_nothing_is_looked_up_ahead_of_a_choice_that_nobody_has(
        self, retriever: HybridRetriever
    ) -> None:
        class Looking(ScriptedPolicy):
            looks_ahead = True

        policy = Looking([ABSTENTION])
        await run("everywhere", policy, retriever)
        assert policy.observations[0].promise == {}

    @pytest.mark.parametrize("name", ONE_SEARCH)
    async def test_one_turn_is_too_few(self, name: str, retriever: HybridRetriever) -> None:
        with pytest.raises(UsageError, match="max_turns is 1"):
            await run(name, ScriptedPolicy([ANSWER]), retriever, max_turns=1)

    @pytest.mark.parametrize("name", ["own-language", "english", "one-language-loop"])
    async def test_settings_that_leave_its_language_out_are_refused(
        self, name: str, retriever: HybridRetriever
    ) -> None:
        with pytest.raises(UsageError, match="'en' alone, and search_languages is 'fr,de'"):
            await run(name, ScriptedPolicy([ANSWER]), retriever, search_languages="fr,de")

    async def test_everywhere_stays_where_it_may_search(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([ABSTENTION])
        result = await run("everywhere", policy, retriever, search_languages="fr,ja")
        assert searched(result) == [({"fr", "ja"}, ENGLISH)]
        assert failures(result) == []


class TestEnglish:
    async def test_the_question_is_put_into_english(self, retriever: HybridRetriever) -> None:
        translator = Marking()
        result = await run(
            "english", ScriptedPolicy([ABSTENTION]), retriever,
            question=SPANISH, translator=translator,
        )  # fmt: skip
        assert searched(result) == [({"en"}, f"[en] {SPANISH}")]
        assert translator.asked == [("es", "en")]  # and evidence stays as it was written
        assert {entry["language"] for entry in result["evidence"]} == {"en"}
        assert not any(entry["translation"] for entry in result["evidence"])

    async def test_the_lexicon_makes_a_query_word_by_word(self, retriever: HybridRetriever) -> None:
        result = await run(
            "english", ScriptedPolicy([ABSTENTION]), retriever,
            question=SPANISH, translator=LexiconTranslator(),
        )  # fmt: skip
        [(_, query)] = searched(result)
        assert query != SPANISH
        assert {"lighthouse", "Cordouan"} <= {word.strip("?.") for word in query.split()}

    async def test_a_question_in_english_is_not_translated(
        self, retriever: HybridRetriever
    ) -> None:
        translator = Marking()
        result = await run("english", ScriptedPolicy([ANSWER]), retriever, translator=translator)
        assert searched(result) == [({"en"}, ENGLISH)]
        assert translator.asked == []

    @pytest.mark.parametrize("translator", [None, Speechless()])
    async def test_without_a_translation_it_is_searched_as_it_was_asked(
        self, translator: Translator | None, retriever: HybridRetriever
    ) -> None:
        result = await run(
            "english", ScriptedPolicy([ABSTENTION]), retriever,
            question=SPANISH, translator=translator,
        )  # fmt: skip
        assert searched(result) == [({"en"}, SPANISH)]
        assert failures(result) == []

    async def test_a_translator_that_fails_is_the_machines_failure(
        self, retriever: HybridRetriever
    ) -> None:
        result = await run(
            "english", ScriptedPolicy([ABSTENTION]), retriever,
            question=SPANISH, translator=Down(),
        )  # fmt: skip
        assert searched(result) == [({"en"}, SPANISH)]
        assert failures(result) == ["translation"]

    async def test_an_index_without_english_holds_nothing(
        self, continental: HybridRetriever
    ) -> None:
        policy = ExtractivePolicy(continental.embedder)
        result = await run("english", policy, continental, question=FRENCH)
        assert [o["status"] for o in result["searches"][0]["outcomes"]] == ["missing"]
        assert (result["found"], result["evidence"], failures(result)) == (False, [], [])


class TestEverywhere:
    async def test_the_best_of_all_languages_stand_together_as_they_were_written(
        self, retriever: HybridRetriever
    ) -> None:
        translator = Marking()
        policy = ScriptedPolicy([ANSWER])
        result = await run("everywhere", policy, retriever, translator=translator)
        assert {entry["language"] for entry in result["evidence"]} == {"de", "en", "fr"}
        assert translator.asked == []
        assert len({entry["cluster"] for entry in result["evidence"]}) == len(result["evidence"])

    async def test_evidence_is_translated_first(self, retriever: HybridRetriever) -> None:
        translator = Marking()
        policy = ScriptedPolicy([ANSWER])
        result = await run("everywhere-translated", policy, retriever, translator=translator)
        shown = policy.observations[0].transcript[2]["text"]
        foreign = [entry for entry in result["evidence"] if entry["language"] != "en"]
        assert foreign and all(entry["translation"] for entry in foreign)
        assert shown.count("Translated by marking: [en]") == len(foreign)
        assert len({entry["cluster"] for entry in result["evidence"]}) == len(result["evidence"])


class TestOneLanguageLoop:
    async def test_the_policy_searches_as_it_likes_in_one_language(
        self, retriever: HybridRetriever
    ) -> None:
        policy = ScriptedPolicy(
            [
                '<search lang="fr">phare</search>',
                '<search lang="de">Leuchtturm</search>',
                '<search lang="fr">phare de Cordouan achevé</search>',
                REPONSE,
            ]
        )
        result = await run("one-language-loop", policy, retriever, question=FRENCH)
        assert searched(result) == [({"fr"}, "phare"), ({"fr"}, "phare de Cordouan achevé")]
        assert statuses(result) == ["ok"] * 4
        assert [dict(seen.languages) for seen in policy.observations] == [{"fr": 1}] * 4
        assert "'de' cannot be searched here; choose from fr" in result["transcript"][5]["text"]
        assert result["found"]


class TestReflective:
    async def test_a_draft_is_searched_for_everywhere_and_answered_again(
        self, retriever: HybridRetriever
    ) -> None:
        draft = "<answer>It was completed in 1584 [1]</answer>"
        policy = ScriptedPolicy([SEARCH, draft, ANSWER])
        result = await run("reflective", policy, retriever)
        assert kinds(result) == [
            "prompt", "prompt", "policy", "evidence", "policy", "feedback", "evidence", "policy",
        ]  # fmt: skip
        assert statuses(result) == ["ok", "ok", "forced", "ok"]
        assert searched(result) == [
            ({"fr"}, "phare de Cordouan achevé"),
            ({"de", "en", "fr"}, f"It was completed in 1584 {ENGLISH}"),
        ]
        assert "taken as a draft" in result["transcript"][5]["text"]
        assert result["answer"] == "It was completed in 1611"
        assert result["history"][1]["action"]["text"] == "It was completed in 1584"
        assert result["history"][2]["search"] == 1

    async def test_one_search_is_kept_back_for_it(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([SEARCH, SEARCH, ANSWER, SEARCH, ANSWER])
        result = await run("reflective", policy, retriever, max_searches=2)
        left = [observation.searches_left for observation in policy.observations]
        assert left == [1, 0, 0, 0, 0]
        assert len(result["searches"]) == 2
        assert "1 searches" in result["transcript"][0]["text"]

    async def test_what_is_left_can_be_searched_after_it(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([SEARCH, ANSWER, '<search lang="de">See</search>', ANSWER])
        result = await run("reflective", policy, retriever, max_searches=3)
        assert statuses(result) == ["ok", "ok", "forced", "ok", "ok"]
        assert [seen.searches_left for seen in policy.observations] == [2, 1, 1, 0]
        assert len(result["searches"]) == 3

    async def test_an_abstention_is_no_draft(self, retriever: HybridRetriever) -> None:
        result = await run("reflective", ScriptedPolicy([SEARCH, ABSTENTION]), retriever)
        assert statuses(result) == ["ok", "ok"]
        assert result["ending"] == "answered" and not result["found"]

    async def test_an_answer_in_the_last_turns_is_given_as_it_is(
        self, retriever: HybridRetriever
    ) -> None:
        policy = ScriptedPolicy([SEARCH, ANSWER])
        result = await run("reflective", policy, retriever, max_turns=3)
        assert statuses(result) == ["ok", "ok"]
        assert result["found"]

    @pytest.mark.parametrize("settings", [{"max_searches": 1}, {"max_turns": 2}])
    async def test_budgets_without_room_for_it_are_refused(
        self, settings: dict[str, Any], retriever: HybridRetriever
    ) -> None:
        with pytest.raises(UsageError, match="needs at least 2 and 3"):
            await run("reflective", ScriptedPolicy([ANSWER]), retriever, **settings)
        # It can be told before anything is run.
        with pytest.raises(UsageError, match="needs at least 2 and 3"):
            BASELINES["reflective"].check(SearchContext(**settings))
        BASELINES["crosearch"].check(SearchContext(**settings))

    async def test_the_extractive_policy_looks_again(self, retriever: HybridRetriever) -> None:
        result = await run(
            "reflective", ExtractivePolicy(retriever.embedder), retriever, question=FRENCH
        )
        assert statuses(result) == ["ok", "ok", "forced", "ok"]
        assert searched(result)[1][0] == {"de", "en", "fr"}
        assert result["citations"][0]["document_id"] == "cordouan-fr"

    async def test_the_extractive_policy_asked_in_a_language_without_passages(
        self, retriever: HybridRetriever
    ) -> None:
        policy = ExtractivePolicy(retriever.embedder)
        result = await run("reflective", policy, retriever, question=SPANISH)
        assert (result["ending"], failures(result)) == ("answered", [])
        assert set().union(*(languages for languages, _ in searched(result))) == {"de", "en", "fr"}


class TestCroSearch:
    async def test_it_is_the_search_graph(self, retriever: HybridRetriever) -> None:
        results: list[dict[str, Any]] = []
        for build in (BASELINES["crosearch"], build_search_graph):
            graph = build(ScriptedPolicy([SEARCH, ANSWER]), retriever).compile()
            results.append(dict(await graph.ainvoke({"question": ENGLISH})))
        for name in ("transcript", "evidence", "answer", "citations"):
            assert results[0][name] == results[1][name]

    def test_it_has_no_name_and_others_have_theirs(self) -> None:
        def build_mine(*parts: Any) -> SearchGraph:
            return build_search_graph(*parts)

        assert graph_name(build_search_graph) == graph_name(BASELINES["crosearch"]) == ""
        assert graph_name(BASELINES["english"]) == "english"
        assert graph_name(build_mine).endswith("build_mine")
