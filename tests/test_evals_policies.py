"""Policies compared on held-out questions: what is counted, and what of it can be trusted."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_runs import DE, EN, FR, recorded_run
from small_corpus import build_small_corpus
from tuning_runs import TEXTS, parallel_question, save_speaking_model

from crosearch.agents.policy_settings import PolicySettings
from crosearch.evals.log_runs import Setting
from crosearch.evals.policies import PolicyComparison, compare_runs, evaluate_policies
from crosearch.evals.policies_arms import PolicyEntry
from crosearch.evals.policies_bootstrap import Bootstrap, Estimate
from crosearch.evals.policies_figures import ScoredRun
from crosearch.evals.policies_questions import HeldOutQuestion, Kind, read_held_out
from crosearch.evals.policies_report import markdown_report, write_report
from crosearch.evals.policies_runs import EntryRuns
from crosearch.graphs.context import SearchContext
from crosearch.tools.errors import DocumentError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.search import open_retriever
from crosearch.tools.translate import LexiconTranslator, NoTranslator
from crosearch.training.questions import Question
from crosearch.training.rewards import with_rewards
from crosearch.training.several_logs import latest_runs
from crosearch.training.trajectories import Trajectory

CITY = {"en": ["Vienna"], "de": ["Wien"], "fr": ["Vienne"]}
LAKE = {"en": ["Lake Neusiedl"], "de": ["Neusiedler See"]}


def asked(
    fact: str, language: Language, answers: dict[str, list[str]], kind: Kind | None = "own"
) -> HeldOutQuestion:
    question = Question(text=f"{fact}? ({language})", language=language, answers=answers)
    return HeldOutQuestion(question=question, fact=fact, kind=kind)


def answered(
    question: HeldOutQuestion, answer: str, *, found: bool = True, sample: int = 0
) -> ScoredRun:
    """Make the run of a question that is answered so."""
    language = question.question.language
    assert language is not None
    run = recorded_run(question.question.text, sample, answer=answer, language=language)
    answers = {code: list(golds) for code, golds in question.question.answers.items()}
    record = with_rewards({**run, "answers": answers, "found": found})
    return ScoredRun(fact=question.fact, kind=question.kind, sample=sample, record=record)


def compared(questions: Sequence[HeldOutQuestion], *arms: Sequence[ScoredRun]) -> PolicyComparison:
    entries = [PolicyEntry(policy="p", name=f"arm {number}") for number in range(len(arms))]
    runs = [EntryRuns(runs=list(arm), failed=0) for arm in arms]
    return compare_runs(entries, runs, questions, "small", resamples=200)


def value_of(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate["value"]


def test_a_policy_is_right_in_its_own_language_and_in_others() -> None:
    questions = [
        asked("city", EN, CITY),
        asked("city", DE, CITY, "other"),
        asked("lake", EN, LAKE),
        asked("tower", EN, {"en": ["Eddystone"]}, "nowhere"),
    ]
    runs = [
        answered(questions[0], "Vienna"),
        answered(questions[1], "Graz"),
        answered(questions[2], "no such thing", found=False),
        answered(questions[3], "nothing tells", found=False),
    ]
    (figures,) = compared(questions, runs)["policies"]
    assert value_of(figures["exact_match"]) == 0.3333  # What is told nowhere cannot be answered.
    assert value_of(figures["own_language"]) == 0.5
    assert value_of(figures["other_language"]) == 0
    assert figures["by_language"]["en"]["value"] == 0.5
    assert figures["by_kind"]["other"]["value"] == 0
    assert list(figures["by_kind"]) == ["own", "other", "nowhere"]
    assert value_of(figures["abstentions"]["right"]) == 1
    assert value_of(figures["abstentions"]["wrong"]) == 0.3333
    assert value_of(figures["answered"]) == 0.5


def test_answers_to_one_fact_agree_by_what_they_mean_in_each_language() -> None:
    questions = [asked("city", code, CITY) for code in (EN, DE, FR)]
    alike = [answered(q, a) for q, a in zip(questions, ("Vienna", "Wien", "Vienne"), strict=True)]
    wrong_alike = [answered(q, "Graz") for q in questions]
    apart = [answered(q, a) for q, a in zip(questions, ("Vienna", "Wien", "Lyon"), strict=True)]
    silent = [answered(q, "unknown", found=False) for q in questions]
    found = compared(questions, alike, wrong_alike, apart, silent)["policies"]
    agreed = [one["consistency"] for one in found]
    assert [value_of(one["same_answer"]) for one in agreed] == [1, 1, 0.3333, 0]
    assert [value_of(one["right_in_all"]) for one in agreed] == [1, 0, 0, 0]


def test_samples_are_compared_with_those_of_their_number() -> None:
    questions = [asked("city", code, CITY) for code in (EN, DE)]
    runs = [
        answered(questions[0], "Vienna", sample=0),
        answered(questions[1], "Wien", sample=0),
        answered(questions[0], "Graz", sample=1),
        answered(questions[1], "Wien", sample=1),
    ]
    (figures,) = compared(questions, runs)["policies"]
    assert value_of(figures["consistency"]["same_answer"]) == 0.5


def test_searches_are_counted_and_second_ones_after_hits_and_misses_apart() -> None:
    question = asked("Rhine", EN, {"de": ["1233 km"]})
    hit, miss = answered(question, "1233 km"), answered(question, "2 km", sample=1)
    for run in (hit, miss):
        run.record["history"][0]["hits"][0]["passage_id"] = "rhein#1"
    twice: Trajectory = {**miss.record, "searches": miss.record["searches"] * 2}
    twice["evidence"] = [{**entry, "text": "Nothing."} for entry in twice["evidence"]]
    (figures,) = compared([question], [hit, replace(miss, record=twice)])["policies"]
    second = figures["second_search"]
    assert value_of(second["after_hit"]) == 0
    assert value_of(second["after_miss"]) == 1
    assert value_of(figures["searches"]) == 1.5
    assert value_of(figures["languages_searched"]) == 1
    assert figures["tokens"] == {"read": 40.0, "generated": 10.0}


def test_two_policies_differ_as_they_do_on_the_same_facts() -> None:
    questions = [asked(f"fact {n}", EN, {"en": [str(n)]}) for n in range(40)]
    weak = [
        answered(q, q.question.answers["en"][0] if n % 2 else "?!") for n, q in enumerate(questions)
    ]
    strong = [
        answered(q, q.question.answers["en"][0] if n % 20 else "?!")
        for n, q in enumerate(questions)
    ]
    comparison = compared(questions, weak, strong)
    (difference,) = [one for one in comparison["differences"] if one["figure"] == "exact_match"]
    assert (difference["one"], difference["other"]) == ("arm 1", "arm 0")
    found = difference["difference"]
    assert found["value"] == 0.45 and found["low"] > 0
    both = [one["exact_match"] for one in comparison["policies"]]
    widths = [one["high"] - one["low"] for one in both if one is not None]
    # On the same facts the difference is surer than the two figures are.
    assert found["high"] - found["low"] < sum(widths)


def test_policies_of_one_title_are_told_of_together_and_each_alone() -> None:
    questions = [asked("city", code, CITY) for code in (EN, DE)]
    alike = [answered(q, a) for q, a in zip(questions, ("Vienna", "Wien"), strict=True)]
    wrong = [answered(q, "Graz") for q in questions]
    half = [answered(q, a) for q, a in zip(questions, ("Vienna", "Graz"), strict=True)]
    entries = [
        PolicyEntry(policy=policy, name=name)
        for policy, name in (("one", "trained"), ("start", ""), ("two", "trained"))
    ]
    runs = [
        EntryRuns(runs=made, failed=failed) for made, failed in ((alike, 0), (wrong, 0), (half, 2))
    ]
    comparison = compare_runs(entries, runs, questions, "small", resamples=100)
    trained, start = comparison["policies"]
    assert (trained["name"], trained["runs"], trained["failed"]) == ("trained", 4, 2)
    assert {name: one["value"] for name, one in trained["by_policy"].items()} == {
        "one": 1,
        "two": 0.5,
    }
    assert value_of(trained["exact_match"]) == 0.75
    # An answer of one policy is not held against one of another.
    assert value_of(trained["consistency"]["same_answer"]) == 0.5
    assert value_of(start["exact_match"]) == 0 and list(start["by_policy"]) == ["start"]
    (difference,) = [one for one in comparison["differences"] if one["figure"] == "exact_match"]
    assert (difference["one"], difference["other"]) == ("start", "trained")
    report = markdown_report(comparison)
    assert "| trained | two | 0.500" in report and "| start | start" not in report


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([0.0, 1.0])), min_size=1),
    st.integers(0, 5),
)
def test_an_interval_is_one_and_a_policy_does_not_differ_from_itself(
    observed: list[tuple[str, float]], seed: int
) -> None:
    bootstrap = Bootstrap(list("abcd"), resamples=100, seed=seed)
    ratio = bootstrap.ratio((fact, value, 1) for fact, value in observed)
    estimate = bootstrap.estimate(ratio)
    assert estimate is not None
    assert 0 <= estimate["low"] <= estimate["high"] <= 1
    assert estimate["value"] == round(sum(value for _, value in observed) / len(observed), 4)
    itself = bootstrap.difference(ratio, ratio)
    assert itself is not None
    assert (itself["value"], itself["low"], itself["high"]) == (0, 0, 0)


def test_the_interval_of_a_share_is_as_wide_as_it_should_be() -> None:
    facts = [str(number) for number in range(400)]
    bootstrap = Bootstrap(facts, resamples=2_000)
    draws = np.random.default_rng(1).random(400) < 0.3
    estimate = bootstrap.estimate(
        bootstrap.ratio((fact, float(hit), 1) for fact, hit in zip(facts, draws, strict=True))
    )
    assert estimate is not None
    share = draws.mean()
    wide = 1.96 * np.sqrt(share * (1 - share) / 400)
    assert estimate["high"] - estimate["low"] == pytest.approx(2 * wide, rel=0.1)


@pytest.mark.parametrize(("gain", "below", "above"), [(0.0, 1.0, 0.05), (0.2, 0.01, 0.0)])
def test_a_difference_is_as_likely_by_chance_as_it_should_be(
    gain: float, below: float, above: float
) -> None:
    facts = [str(number) for number in range(300)]
    bootstrap = Bootstrap(facts, resamples=2_000)
    draw = np.random.default_rng(2)
    one, other = (draw.random(300) < 0.4 + gain, draw.random(300) < 0.4)
    ratios = [
        bootstrap.ratio((fact, float(hit), 1) for fact, hit in zip(facts, hits, strict=True))
        for hits in (one, other)
    ]
    tested = bootstrap.test(*ratios)
    assert tested is not None
    difference, p = tested
    assert above <= p <= below
    assert difference == bootstrap.difference(*ratios)
    # An interval that leaves 0 out is significant, and the other way round.
    assert (p < 0.05) == (not difference["low"] <= 0 <= difference["high"])
    same = bootstrap.test(ratios[0], ratios[0])
    assert same is not None and same[1] == 1


def test_what_was_not_observed_has_no_figure() -> None:
    for facts in (["a"], []):
        bootstrap = Bootstrap(facts, resamples=100)
        nothing = bootstrap.ratio([])
        assert bootstrap.estimate(nothing) is None
        assert bootstrap.difference(nothing, nothing) is None


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def test_rows_say_what_they_ask_for_or_it_is_told_by_their_translations(tmp_path: Path) -> None:
    file = write_rows(
        tmp_path / "q.jsonl",
        {"question": "Which city?", "language": "en", "fact": "Q1.P36", "kind": "conflict"},
        {
            "question": "How deep?",
            "language": "en",
            "translations": {"de": "Wie tief?"},
            "told_in": ["de"],
        },
        {"question": "Wie tief?", "language": "de", "told_in": ["de"]},
        {"question": "Wie weit?", "language": "de"},
    )
    first, second, third, fourth = read_held_out(file)
    assert (first.fact, first.kind) == ("Q1.P36", "conflict")
    assert second.fact == third.fact != fourth.fact
    assert (second.kind, third.kind, fourth.kind) == ("other", "own", None)
    assert len(read_held_out(file, limit=2)) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"kind": "often"}, "'kind' is 'often'; it has to be one of own, other"),
        ({"fact": 7}, "'fact' is 7; it has to be a text"),
        ({"question": ""}, "q.jsonl:1"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    file = write_rows(tmp_path / "q.jsonl", {"question": "What?", "language": "en"} | row)
    with pytest.raises(DocumentError, match=message):
        read_held_out(file)


def test_no_questions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="holds no questions"):
        read_held_out(write_rows(tmp_path / "q.jsonl"))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "there is no policy to evaluate"),
        ([PolicyEntry(policy="a"), PolicyEntry(policy="a")], "'a' is given twice"),
    ],
)
async def test_what_is_given_twice_or_unknown_is_refused(
    entries: list[PolicyEntry], message: str, setting: Setting
) -> None:
    with pytest.raises(UsageError, match=message):
        await evaluate_policies(entries, [], setting)
    with pytest.raises(UsageError, match="strategy 'nowhere' is unknown"):
        PolicyEntry(policy="a", strategy="nowhere")  # type: ignore[arg-type]  # the point of it


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def setting(store: Path, tmp_path: Path) -> Setting:
    return Setting(
        retriever=open_retriever(store, "small"),
        translator=NoTranslator(),
        context=SearchContext(passages=3, max_searches=2, max_turns=4, search_timeout=60.0),
        folder=tmp_path / "out" / "runs",
    )


def held_out() -> list[HeldOutQuestion]:
    return [
        HeldOutQuestion(question=parallel_question(language), fact="cordouan", kind=None)
        for language in TEXTS
    ]


def runs_of(setting: Setting) -> list[Trajectory]:
    return list(latest_runs([setting.folder]))


async def test_strategies_search_as_they_are_told(setting: Setting) -> None:
    entries = [PolicyEntry(policy="extractive", strategy=s) for s in ("own", "everywhere")]
    comparison = await evaluate_policies(entries, held_out(), setting)
    assert comparison is not None
    own = [run for run in runs_of(setting) if run["settings"]["search_languages"]]
    everywhere = [run for run in runs_of(setting) if not run["settings"]["search_languages"]]
    assert len(own) == len(everywhere) == len(TEXTS)
    for run in own:
        assert all(search["languages"] == [run["language"]] for search in run["searches"])
    for run in everywhere:
        assert run["searches"]
        for search in run["searches"]:
            assert set(search["languages"]) == {EN, DE, FR}
    figures = comparison["policies"]
    assert [one["languages_searched"] for one in figures] != [None, None]
    assert figures[1]["name"] == "extractive, everywhere"
    # Nobody has to make up what nobody told.
    assert figures[0]["own_language"] is None and figures[0]["by_kind"] == {}


async def test_evidence_may_stay_as_it_was_written_and_unaligned(setting: Setting) -> None:
    setting = replace(setting, translator=LexiconTranslator())
    entries = [
        PolicyEntry(policy="extractive", strategy=s) for s in ("free", "untranslated", "unaligned")
    ]
    assert await evaluate_policies(entries, held_out(), setting)
    by_setting: dict[tuple[object, object], list[Trajectory]] = {}
    for run in runs_of(setting):
        key = run["settings"]["translator"], run["settings"]["alignment"]
        by_setting.setdefault(key, []).append(run)
    assert set(by_setting) == {("lexicon", "on"), ("none", "on"), ("lexicon", "off")}
    plain = [entry for run in by_setting["none", "on"] for entry in run["evidence"]]
    assert plain and all(entry["translation"] is None for entry in plain)
    alone = [entry for run in by_setting["lexicon", "off"] for entry in run["evidence"]]
    assert alone and all(entry["cluster"] == entry["number"] for entry in alone)
    assert {entry["stance"] for entry in alone} == {"adds"}


def test_alignment_is_on_or_off() -> None:
    with pytest.raises(UsageError, match="alignment is 'maybe'; known are on, off"):
        SearchContext(alignment="maybe")  # type: ignore[arg-type]  # the point of it


async def test_models_are_compared_greedy_and_sampled_and_runs_are_made_once(
    setting: Setting, tmp_path: Path
) -> None:
    model = save_speaking_model(tmp_path / "speaking")
    short = PolicySettings(max_tokens=30)
    entries = [
        PolicyEntry(policy=str(model), name="greedy", settings=short),
        PolicyEntry(policy=str(model), name="sampled", temperature=0.7, samples=2, settings=short),
    ]
    told: list[tuple[str, int, int]] = []

    def tell(entry: PolicyEntry, done: int, expected: int) -> None:
        told.append((entry.title, done, expected))

    first = await evaluate_policies(entries, held_out(), setting, resamples=100, progress=tell)
    assert first is not None
    count = len(TEXTS)
    assert told[-1] == ("sampled, T=0.7", 2 * count, 2 * count)
    assert [one["runs"] + one["failed"] for one in first["policies"]] == [count, 2 * count]
    tokens = first["policies"][0]["tokens"]["generated"]
    assert tokens is not None and tokens > 0
    records = {(run["key"], run["attempt"]) for run in runs_of(setting)}
    again = await evaluate_policies(entries, held_out(), setting, resamples=100)
    assert again == first
    assert {(run["key"], run["attempt"]) for run in runs_of(setting)} == records


async def test_a_report_holds_tables_and_a_plot(setting: Setting, tmp_path: Path) -> None:
    entries = [PolicyEntry(policy="extractive"), PolicyEntry(policy="extractive", strategy="own")]
    comparison = await evaluate_policies(entries, held_out(), setting, resamples=100)
    assert comparison is not None
    write_report(comparison, tmp_path / "report")
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"comparison.json", "comparison.md", "comparison.png"}
    assert json.loads((tmp_path / "report" / "comparison.json").read_text()) == comparison
    assert (tmp_path / "report" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    text = markdown_report(comparison)
    assert "| extractive, own |" in text and "## By the asker's language" in text
    assert "## Differences" in text and "## By where the answer is told" not in text
