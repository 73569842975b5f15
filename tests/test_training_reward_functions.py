"""Each reward measures what it says, and punishes nothing that cannot be told."""

import asyncio
from collections.abc import Sequence

import pytest
from reward_runs import (
    ABSTENTION,
    EN,
    EVERYWHERE,
    FR,
    GOLD,
    LAKE,
    MISS,
    SEARCH,
    WRONG,
    answered,
    run_of,
    with_golds,
)
from small_corpus import build_small_corpus

from crosearch.tools.ledger import Evidence
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training import reward_functions as rewards
from crosearch.training.gold_answers import wanted_golds
from crosearch.training.questions import Question
from crosearch.training.trajectories import Trajectory


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(build_small_corpus(tmp_path_factory.mktemp("corpus")), "small")


def run(
    retriever: HybridRetriever, turns: Sequence[str], *, question: Question = LAKE
) -> Trajectory:
    return asyncio.run(run_of(retriever, turns, question=question))


@pytest.fixture(scope="module")
def right(retriever: HybridRetriever) -> Trajectory:
    return run(retriever, [SEARCH, GOLD])


@pytest.fixture(scope="module")
def abstained(retriever: HybridRetriever) -> Trajectory:
    return run(retriever, [MISS, ABSTENTION])


@pytest.mark.parametrize(
    ("answer", "exact", "flexible"),
    [
        ("austria and hungary.", 1, 1),
        ("It lies between Austria and Hungary", 0, 1),
        ("Österreich und Ungarn", 0, 1),
        ("Austria", 0, 0),
        ("", 0, 0),
    ],
)
def test_exact_and_flexible_match(
    right: Trajectory, answer: str, exact: float, flexible: float
) -> None:
    record = answered(right, answer)
    assert (rewards.exact(record), rewards.flexible(record)) == (exact, flexible)
    assert rewards.answer_f1(record) >= exact
    assert rewards.bergen_recall(record) >= exact
    assert rewards.lcrl_recall(record) >= exact


def test_what_a_run_declined_to_say_is_no_answer(right: Trajectory) -> None:
    declined: Trajectory = {**right, "found": False}
    ended: Trajectory = {**right, "ending": "turns"}
    for record in (declined, ended):
        for measure in (
            rewards.exact, rewards.answer_f1, rewards.flexible, rewards.bergen_recall,
            rewards.lcrl_recall, rewards.right_answer, rewards.citations, rewards.length,
        ):  # fmt: skip
            assert measure(record) == 0


class TestAbstention:
    def test_it_is_worth_something_after_a_search_that_found_no_answer(
        self, abstained: Trajectory
    ) -> None:
        assert rewards.abstention(abstained) == 1.0
        assert rewards.right_answer(abstained) == rewards.answer_f1(abstained) == 0.0

    def test_it_is_worth_the_share_of_searches_that_were_real(
        self, retriever: HybridRetriever
    ) -> None:
        assert rewards.abstention(run(retriever, [MISS, MISS, ABSTENTION])) == 0.5

    def test_it_is_worth_nothing_before_the_answer_unless_that_stands_there_by_chance(
        self, retriever: HybridRetriever
    ) -> None:
        record = run(retriever, [SEARCH, ABSTENTION])
        assert rewards.abstention(record) == 0.0
        elsewhere: list[Evidence] = [{**e, "title": "Burgenland"} for e in record["evidence"]]
        assert rewards.abstention({**record, "evidence": elsewhere}) == 1.0

    def test_what_the_evidence_holds_is_known_by_its_text_or_translation(
        self, right: Trajectory
    ) -> None:
        [entry, *_] = right["evidence"]
        assert rewards.supports(entry, right) is True
        bare: Evidence = {**entry, "text": "Ein Steppensee."}
        assert rewards.supports(bare, right) is False
        glossed: Evidence = {**bare, "translation": "of Austria and Hungary", "translated_by": "x"}
        assert rewards.supports(glossed, right) is True
        persian: Evidence = {**bare, "language": FR}
        unknown: Trajectory = {**right, "answers": {"en": ["Austria and Hungary"]}}
        assert rewards.supports(persian, unknown) is None
        assert rewards.supports({**persian, "translation": "a lake"}, unknown) is False


@pytest.mark.parametrize(
    ("gold", "text", "held"),
    [
        ("Berlin", "Das ist Berlins Mitte.", True),
        ("42", "Es sind 42 Inseln.", True),
        ("42", "Es sind 1420 Inseln.", False),
        ("Bonn", "Il visita Bonn.", True),
        ("Ob", "Obdach", False),
        ("北京", "他住在北京市。", True),
        ("", "Alles", False),
    ],
)
def test_a_short_gold_answer_is_found_as_a_word_alone(
    right: Trajectory, gold: str, text: str, held: bool
) -> None:
    entry: Evidence = {**right["evidence"][0], "text": text, "title": ""}
    record: Trajectory = {**right, "answers": {"de": [gold]}}
    assert rewards.supports(entry, record) is held


@pytest.mark.parametrize(("gold", "text"), [("إيطاليا", "في إيطاليا"), ("القاهرة", "قاهرة")])
def test_an_arabic_article_may_be_there_or_not(right: Trajectory, gold: str, text: str) -> None:
    entry: Evidence = {**right["evidence"][0], "text": text, "title": ""}
    assert rewards.supports(entry, {**right, "answers": {"ar": [gold]}}) is True


class TestCitations:
    def test_the_share_that_holds_the_answer_counts(self, retriever: HybridRetriever) -> None:
        assert rewards.citations(run(retriever, [SEARCH, GOLD])) == 1.0
        both = run(retriever, [EVERYWHERE, GOLD.replace("[1]", "[1][2]")])
        assert rewards.citations(both) == 0.5 and not rewards.cites_at_random(both)
        missed = run(retriever, [EVERYWHERE, GOLD.replace("[1]", "[2]")])
        assert rewards.citations(missed) == 0.0 and rewards.right_answer(missed) == 1.0

    def test_citing_all_that_was_found_makes_an_answer_worthless(
        self, retriever: HybridRetriever
    ) -> None:
        record = run(retriever, [EVERYWHERE, GOLD.replace("[1]", "[1][2][3]")])
        assert rewards.exact(record) == 1.0 and rewards.cites_at_random(record)
        assert rewards.right_answer(record) == 0.0

    def test_what_cannot_be_told_of_a_citation_is_not_punished(
        self, retriever: HybridRetriever
    ) -> None:
        question = with_golds(en=["Austria and Hungary"])
        record = run(retriever, [SEARCH, GOLD], question=question)
        assert rewards.supports(record["evidence"][0], record) is None
        assert rewards.citations(record) == 1.0

    def test_one_entry_that_is_all_there_is_may_be_cited(self, retriever: HybridRetriever) -> None:
        record = run(retriever, [MISS, GOLD])
        assert not rewards.cites_at_random(record) and rewards.right_answer(record) == 1.0


class TestLanguage:
    def test_the_wrong_one_is_punished_and_what_cannot_be_told_is_not(
        self, right: Trajectory
    ) -> None:
        for answer, verdict in (
            ("Austria and Hungary", "right"),
            ("Österreich und Ungarn", "wrong"),
            ("Австрия и Венгрия", "wrong"),
            ("Burgenland", "unknown"),
        ):
            record = answered(right, answer)
            assert rewards.language_verdict(record) == verdict
            assert rewards.language(record) == -(verdict == "wrong")

    def test_an_abstention_is_to_be_in_it_as_well(self, retriever: HybridRetriever) -> None:
        german = '<answer found="no">Das steht in keinem der gefundenen Texte geschrieben.</answer>'
        # The graph sends it back once; the last turn is taken as it is.
        assert rewards.language(run(retriever, [MISS, german])) == -1.0

    def test_gold_answers_of_other_languages_alone_do_not_excuse_the_wrong_one(
        self, right: Trajectory
    ) -> None:
        record: Trajectory = {**right, "answers": {"ru": ["Австрия"]}, "answer": "Австрия"}
        assert rewards.exact(record) == 1.0 and rewards.right_answer(record) == 0.0
        record = {**right, "answers": {"de": ["Burgenland"]}, "answer": "Burgenland"}
        assert rewards.right_answer(record) == 1.0


class TestFormat:
    def test_mistaken_turns_count(self, retriever: HybridRetriever, right: Trajectory) -> None:
        assert rewards.format_kept(right) == 0.0
        assert rewards.format_kept(run(retriever, ["hm", SEARCH, "hm", GOLD])) == -0.5

    def test_a_run_without_an_end_loses_all(self, retriever: HybridRetriever) -> None:
        assert rewards.format_kept(run(retriever, ["hm", "hm"])) == -1.0


@pytest.mark.parametrize(
    ("words", "value"), [(0, 0), (3, 0), (8, 0), (12, -0.5), (16, -1), (99, -1)]
)
def test_an_answer_may_be_somewhat_longer_than_the_gold_one(
    right: Trajectory, words: int, value: float
) -> None:
    record = answered(right, " ".join(f"word{n}" for n in range(words)))
    assert rewards.length(record) == pytest.approx(value)


class TestSearches:
    @pytest.mark.parametrize(
        ("searches", "real"),
        [
            ([SEARCH], 1),
            ([SEARCH, SEARCH], 1),
            ([SEARCH, SEARCH.replace("Neusiedler", "NEUSIEDLER")], 1),
            ([SEARCH, SEARCH.replace('"de"', '"de,en"')], 2),
            ([SEARCH, MISS], 2),
            (['<search lang="de">x</search>'], 0),
            (['<search lang="de">??</search>'], 0),
            (['<search lang="en">football results</search>'], 0),
            # It is not known in French, and nobody can tell.
            (['<search lang="fr">lac de Neusiedl</search>'], 1),
            (['<search lang="fr">resultats de rugby</search>'], 1),
        ],
    )
    def test_a_search_is_real_when_it_is_new_and_about_the_question(
        self, retriever: HybridRetriever, searches: list[str], real: int
    ) -> None:
        record = run(retriever, [*searches, ABSTENTION])
        assert len(record["searches"]) == len(searches)
        assert rewards.real_searches(record) == real

    @pytest.mark.parametrize(
        ("searches", "repeated"),
        [
            ([SEARCH, MISS], 0),
            ([SEARCH, SEARCH, SEARCH], 2),
            # In one more language, or with other words, it may bring something.
            ([SEARCH, SEARCH.replace('"de"', '"de,en"')], 0),
            ([SEARCH, SEARCH.replace("Grenze", "grenzt an")], 0),
            ([SEARCH.replace('"de"', '"de,en"'), SEARCH], 1),
        ],
    )
    def test_a_search_that_was_made_before_is_a_repeat(
        self, retriever: HybridRetriever, searches: list[str], repeated: int
    ) -> None:
        assert rewards.repeats(run(retriever, [*searches, ABSTENTION])) == -repeated

    def test_each_language_but_one_is_counted_once(self, retriever: HybridRetriever) -> None:
        assert rewards.languages_beyond_the_first(run(retriever, [ABSTENTION])) == 0
        assert rewards.languages_beyond_the_first(run(retriever, [SEARCH, SEARCH, GOLD])) == 0
        assert rewards.languages_beyond_the_first(run(retriever, [SEARCH, MISS, WRONG])) == 1
        assert rewards.languages_beyond_the_first(run(retriever, [EVERYWHERE, SEARCH, GOLD])) == 2


def test_gold_answers_are_those_of_the_asker_else_of_any_language(right: Trajectory) -> None:
    assert wanted_golds(right) == [("en", ["Austria and Hungary"])]
    record: Trajectory = {**right, "answers": {"und": ["x"], "de": ["y"]}}
    assert wanted_golds(record) == [("en", ["x"])]
    assert wanted_golds({**right, "answers": {"de": ["y"], "fr": []}}) == [("de", ["y"])]
    assert right["language"] == EN
