"""Ways to answer are run, scored and compared: the whole evaluation on a small data set."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from retrieval_samples import DE, EN, FR, small_dataset

from crosearch.agents.policy_settings import PolicySettings
from crosearch.evals.answer_rows import AnswerRow
from crosearch.evals.answers import AnswerPlan, evaluate_answers
from crosearch.evals.answers_data import IndexChoice
from crosearch.evals.answers_entries import list_entries, parse_strategies
from crosearch.evals.answers_evaluation import AnswerEvaluation, write_evaluation
from crosearch.evals.answers_figures import EntryTitle, compare_rows, list_pairs
from crosearch.evals.answers_reports import compare_reports
from crosearch.evals.answers_runs import AnswerProgress
from crosearch.evals.answers_scoring import score_logs
from crosearch.evals.dataset_types import EvalDataset
from crosearch.graphs.baselines import BASELINES
from crosearch.graphs.context import SearchContext
from crosearch.tools.errors import UsageError
from crosearch.tools.translate import NoTranslator
from crosearch.training.shards import find_trajectory, read_index

ANSWERS = {
    "lighthouse": {EN: ["301"], DE: ["301"], FR: ["301"]},
    "lake": {EN: ["Herons"], DE: ["Reiher"], FR: ["Des hérons"]},
    "bridge": {EN: ["bricks"], DE: ["Ziegeln"], FR: ["briques"]},
}


def answered_dataset() -> EvalDataset:
    """Give the small data set gold answers."""
    dataset = small_dataset()
    questions = [replace(q, answers=ANSWERS[q.fact]) for q in dataset.questions]
    return replace(dataset, questions=questions)


def plan_of(
    strategies: str, *, policy: str = "extractive", index: IndexChoice = "both"
) -> AnswerPlan:
    return AnswerPlan(
        entries=list_entries({policy: policy}, parse_strategies(strategies), PolicySettings()),
        context=SearchContext(passages=5),
        translator=NoTranslator(),
        index=index,
    )


def evaluate(
    plan: AnswerPlan, out: Path, told: list[AnswerProgress] | None = None
) -> AnswerEvaluation:
    made = asyncio.run(
        evaluate_answers(
            answered_dataset(), plan, out, progress=told.append if told is not None else None
        )
    )
    assert made is not None
    write_evaluation(made, out, lambda key: find_trajectory(out / "runs", key))
    return made


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("eval") / "report"


@pytest.fixture(scope="module")
def evaluation(out: Path) -> AnswerEvaluation:
    return evaluate(plan_of("all"), out)


def rows_of(evaluation: AnswerEvaluation, entry: str) -> list[AnswerRow]:
    return [row for row in evaluation.rows if row.entry == entry]


def value(evaluation: AnswerEvaluation, entry: str, figure: str, indexed: str = "") -> float:
    [one] = [one for one in evaluation.comparison["entries"] if one["name"] == entry]
    return (one["indexed"][indexed] if indexed else one["all"])[figure]["value"]


def test_every_strategy_answers_every_question_once(evaluation: AnswerEvaluation) -> None:
    assert [entry["name"] for entry in evaluation.comparison["entries"]] == list(BASELINES)
    for name in BASELINES:
        rows = rows_of(evaluation, name)
        assert len({(row.language, row.question_id) for row in rows}) == len(rows) == 9
        assert not any(row.failed for row in rows)


def test_who_searches_one_language_finds_nothing_where_it_is_hidden(
    evaluation: AnswerEvaluation,
) -> None:
    for name in ("own-language", "one-language-loop"):
        hidden = [row for row in rows_of(evaluation, name) if row.indexed == "others"]
        assert len(hidden) == 6 and not any(row.retrieved for row in hidden)
        assert value(evaluation, name, "cited_gold", "others") == 0
    assert value(evaluation, "own-language", "cited_gold", "own") == 1


def test_a_hidden_language_is_in_no_evidence(evaluation: AnswerEvaluation) -> None:
    for row in evaluation.rows:
        if row.indexed == "others":
            assert row.language not in row.retrieved
    shown = [row for row in rows_of(evaluation, "crosearch") if row.retrieved]
    assert {row.indexed for row in shown} == {"own", "others"}


def test_crosearch_finds_in_other_languages_what_its_own_lacks(
    evaluation: AnswerEvaluation,
) -> None:
    assert value(evaluation, "crosearch", "cited_gold", "own") == 1
    assert value(evaluation, "crosearch", "cited_gold", "others") >= 0.5
    assert value(evaluation, "closed-book", "answered") == 0


def test_the_folder_says_what_it_was_made_of(out: Path, evaluation: AnswerEvaluation) -> None:
    assert {path.name for path in out.iterdir()} == {
        "evaluation", "manifest.json", "report.html", "report.md", "results.json",
        "results.parquet", "runs", "store",
    }  # fmt: skip
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == json.loads(json.dumps(evaluation.manifest))
    assert manifest["asked"] == {"de": 3, "en": 3, "fr": 3}
    assert set(manifest["entries"]) == set(BASELINES)
    assert manifest["entries"]["own-language"]["settings"]["graph"] == "own-language"
    assert set(manifest["prompts"]) >= {"full", "brief"}
    assert manifest["measures"]["chrF"] and manifest["versions"]["langgraph"]


def test_a_further_strategy_costs_its_own_runs_alone(tmp_path: Path) -> None:
    report = tmp_path / "report"
    first = evaluate(plan_of("own-language"), report)
    before = {entry.key for entry in read_index(report / "runs")}
    told: list[AnswerProgress] = []
    both = evaluate(plan_of("own-language,crosearch"), report, told)
    after = [entry.key for entry in read_index(report / "runs")]
    assert len(before) == 9 and before < set(after) and len(after) == 18
    assert rows_of(both, "own-language") == list(first.rows)
    assert [one.done for one in told if one.entry == "own-language"][0] == 0
    assert [one.done for one in told if one.entry == "crosearch"][-1] == 9


def test_an_evaluation_that_was_stopped_goes_on(tmp_path: Path) -> None:
    report = tmp_path / "report"

    async def stopped() -> AnswerEvaluation | None:
        stop = asyncio.Event()

        def tell(progress: AnswerProgress) -> None:
            if progress.entry == "crosearch" and progress.done >= 2:
                stop.set()

        plan = replace(plan_of("own-language,crosearch"), concurrency=1)
        return await evaluate_answers(answered_dataset(), plan, report, progress=tell, stop=stop)

    assert asyncio.run(stopped()) is None
    kept = len(list(read_index(report / "runs")))
    assert 11 <= kept < 18 and not (report / "results.json").exists()
    whole = evaluate(plan_of("own-language,crosearch"), report)
    assert len(whole.rows) == len(list(read_index(report / "runs"))) == 18


def test_another_evaluation_is_not_mixed_in(out: Path, evaluation: AnswerEvaluation) -> None:
    before = (out / "results.json").read_bytes()
    with pytest.raises(UsageError, match="holds another evaluation: index both there, own here"):
        evaluate(plan_of("crosearch", index="own"), out)
    assert (out / "results.json").read_bytes() == before


def test_a_foreign_folder_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else"):
        evaluate(plan_of("crosearch"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_data_set_without_documents_wants_a_corpus(tmp_path: Path) -> None:
    bare = replace(answered_dataset(), documents=())
    with pytest.raises(UsageError, match="comes without documents: name a corpus"):
        asyncio.run(evaluate_answers(bare, plan_of("crosearch"), tmp_path / "report"))
    assert not (tmp_path / "report").exists()


def test_collected_runs_are_scored_alike(out: Path, evaluation: AnswerEvaluation) -> None:
    scored = score_logs([out / "runs"], answered_dataset())
    assert scored.left_out == 0 and len(scored.rows) == len(evaluation.rows)
    figures = {row.key: row.figures for row in evaluation.rows}
    assert {row.key: row.figures for row in scored.rows} == figures
    indexed = {row.key: row.indexed for row in evaluation.rows}
    assert {row.key: row.indexed for row in scored.rows} == indexed


def test_runs_know_their_gold_answers(out: Path, evaluation: AnswerEvaluation) -> None:
    own = score_logs([out / "runs"])
    exact = {row.key: row.figures["exact_match"] for row in evaluation.rows}
    assert {row.key: row.figures["exact_match"] for row in own.rows} == exact
    # Parallel questions are known by their translations; these have none, and gold documents no one
    # told.
    assert not any("cited_gold" in row.figures for row in own.rows)


def test_reports_on_the_same_questions_are_compared(
    out: Path, evaluation: AnswerEvaluation, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    plan = replace(plan_of("own-language,crosearch"), context=SearchContext(passages=1))
    evaluate(plan, again)
    found = compare_reports(out, again)
    names = [entry["name"] for entry in found.comparison["entries"]]
    assert names == [
        "own-language, before", "own-language, after", "crosearch, before", "crosearch, after",
    ]  # fmt: skip
    assert all(
        one["one"].replace("after", "before") == one["other"]
        for one in found.comparison["differences"]
    )
    assert "crosearch: settings passages 5 in the one, 1 in the other" in found.differing
    assert set(found.only["before"]) == set(BASELINES) - {"own-language", "crosearch"}


def test_reports_on_other_questions_are_not(
    out: Path, evaluation: AnswerEvaluation, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    evaluate(plan_of("crosearch", index="own"), other)
    with pytest.raises(UsageError, match="cannot be compared: index both in the one, own in the"):
        compare_reports(out, other)
    with pytest.raises(UsageError, match=r"holds no report .* it has no manifest.json"):
        compare_reports(out, tmp_path / "gone")


def test_differences_are_paired_and_corrected(evaluation: AnswerEvaluation) -> None:
    told = evaluation.comparison["differences"]
    assert {one["one"] for one in told} == {"crosearch"}
    assert {one["other"] for one in told} == set(BASELINES) - {"crosearch"}
    assert all(one["p_holm"] >= one["p"] for one in told)
    assert {one["indexed"] for one in told} == {"", "own", "others"}


def test_whom_an_entry_is_compared_with() -> None:
    def titles(*pairs: str) -> Sequence[EntryTitle]:
        return [
            EntryTitle(name=pair, policy=pair.partition("/")[0], strategy=pair.partition("/")[2])
            for pair in pairs
        ]

    assert list(list_pairs(titles("a/own-language", "a/crosearch"))) == [
        ("a/crosearch", ["a/own-language"])
    ]
    several = titles("a/everywhere", "a/crosearch", "b/everywhere", "b/crosearch")
    assert list(list_pairs(several)) == [
        ("a/crosearch", ["a/everywhere"]),
        ("b/crosearch", ["a/crosearch", "b/everywhere"]),
    ]
    # Without CroSearch, the last is looked at.
    assert list(list_pairs(titles("a/closed-book", "a/english"))) == [
        ("a/english", ["a/closed-book"])
    ]
    assert list(list_pairs([])) == []


def test_failed_runs_are_counted_and_in_no_figure() -> None:
    def row(number: int, *, failed: bool) -> AnswerRow:
        return AnswerRow(
            entry="a", key=str(number), question_id=str(number), question="?", fact=str(number),
            language="en", sample=0, indexed=None, failed=failed, ending="answered", answer="",
            meaning="", figures={} if failed else {"exact_match": 1.0},
        )  # fmt: skip

    title = EntryTitle(name="a", policy="p", strategy="s")
    compared = compare_rows("d", [title], [row(1, failed=False), row(2, failed=True)])
    [entry] = compared["entries"]
    assert (entry["runs"], entry["failed"]) == (1, 1)
    assert entry["all"]["exact_match"]["n"] == 1
    assert entry["indexed"] == {} and compared["differences"] == []
    nothing = compare_rows("d", [title], [row(1, failed=True)])
    assert nothing["entries"][0]["all"] == {}
