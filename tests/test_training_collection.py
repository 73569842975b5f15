"""A collection runs every question once per sample, whatever fails, and resumes by itself."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from collection_parts import (
    FailingRetriever,
    OneSearchPolicy,
    collect_quickly,
    questions,
    recorder_of,
    records_in,
)
from small_corpus import build_small_corpus

from crosearch.graphs.baselines import BASELINES
from crosearch.graphs.context import SearchContext
from crosearch.tools.errors import CollectionError, DocumentError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.collection import collect
from crosearch.training.collection_report import CollectionReport, OtherRuns
from crosearch.training.questions import Question, read_questions
from crosearch.training.recorder import RunRecorder

FR = Language("fr")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(build_small_corpus(tmp_path_factory.mktemp("corpus")), "small")


async def test_every_question_is_run_once_per_sample(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = OneSearchPolicy(pause=0.005)
    told: list[CollectionReport] = []

    report = await collect(
        questions(10), recorder_of(policy, retriever), tmp_path, samples=2, concurrency=3,
        expected=10, progress=told.append,
    )  # fmt: skip

    records = records_in(tmp_path).values()
    assert {(record["question_id"], record["sample"]) for record in records} == {
        (f"q{n}", sample) for n in range(10) for sample in (0, 1)
    }
    assert {record["attempt"] for record in records} == {1}
    assert policy.most_under_way == 3
    assert (report.questions, report.runs, report.failed, report.resumed) == (10, 20, 0, 0)
    assert (report.found, report.turns, report.searches) == (20, 40, 20)
    assert report.stage_seconds["policy"] >= 20 * 2 * 0.005
    assert all(seconds > 0 for seconds in report.stage_seconds.values())
    assert [report.runs for report in told] == list(range(21))
    assert told[-1].expected == 20


async def test_what_is_durable_is_not_run_again(retriever: HybridRetriever, tmp_path: Path) -> None:
    policy = OneSearchPolicy()
    recorder = recorder_of(policy, retriever)
    await collect(questions(4), recorder, tmp_path, samples=2)
    before, policy.turns = records_in(tmp_path), 0

    report = await collect(questions(6), recorder, tmp_path, samples=3)

    assert (report.resumed, report.runs) == (8, 10)
    assert policy.turns == 2 * 10
    after = records_in(tmp_path)
    assert len(after) == 18
    assert {place: after[place] for place in before} == before


async def test_a_question_that_comes_twice_is_run_once(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    asked = [*questions(2), *questions(2), Question(text=f"  {next(questions(1)).text} ")]
    recorder = recorder_of(OneSearchPolicy(), retriever)
    report = await collect(asked, recorder, tmp_path, samples=2, expected=5)
    assert (report.questions, report.duplicates, report.runs) == (2, 3, 4)
    assert report.expected == 4
    again = await collect(asked, recorder, tmp_path, samples=2)
    assert (again.duplicates, again.resumed, again.runs) == (3, 4, 0)


async def test_a_changed_setting_makes_new_runs_and_is_told(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    class OtherPolicy(OneSearchPolicy):
        name = "other"

    await collect(questions(3), recorder_of(OneSearchPolicy(), retriever), tmp_path)
    fewer = SearchContext(passages=3)
    changed = await collect(
        questions(3), recorder_of(OneSearchPolicy(), retriever, fewer), tmp_path
    )
    both = await collect(questions(3), recorder_of(OtherPolicy(), retriever, fewer), tmp_path)

    assert (changed.resumed, changed.runs) == (0, 3)
    assert changed.other_runs == (OtherRuns(differs=("settings",), runs=3),)
    assert set(both.other_runs) == {
        OtherRuns(differs=("policy", "settings"), runs=3),
        OtherRuns(differs=("policy",), runs=3),
    }
    assert len(records_in(tmp_path)) == 9


async def test_gold_answers_become_rewards(retriever: HybridRetriever, tmp_path: Path) -> None:
    asked = [
        Question(text="Completed when?", language=Language("en"), answers={"en": ["in 1611"]}),
        Question(text="Completed then?", language=Language("en"), answers={"fr": ["1611"]}),
        Question(text="Finished when?", language=Language("en"), answers={"und": ["1700"]}),
        Question(text="Finished then?", language=Language("en")),
    ]
    report = await collect(asked, recorder_of(OneSearchPolicy(), retriever), tmp_path)
    rewards = {record["question"]: record["rewards"] for record in records_in(tmp_path).values()}
    assert rewards == {
        "Completed when?": {"answer_f1": pytest.approx(2 / 3), "exact_match": 0.0},
        "Completed then?": {"answer_f1": 1.0, "exact_match": 1.0},
        "Finished when?": {"answer_f1": 0.0, "exact_match": 0.0},
        "Finished then?": {},
    }
    assert report.scored == 3
    assert report.rewards["exact_match"] == pytest.approx(1 / 3)


async def test_runs_that_declined_score_nothing_and_failed_ones_are_not_scored(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = OneSearchPolicy(fails=lambda seen: " 1?" in seen.question)
    await collect_quickly(
        questions(2), recorder_of(policy, retriever, SearchContext(max_turns=1)), tmp_path
    )
    by_id = {record["question_id"]: record for record in records_in(tmp_path).values()}
    assert by_id["q0"]["ending"] == "turns"
    assert by_id["q0"]["rewards"] == {"answer_f1": 0.0, "exact_match": 0.0}
    assert by_id["q1"]["failures"] and by_id["q1"]["rewards"] == {}


async def test_one_runs_failure_does_not_stop_the_others(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = OneSearchPolicy(fails=lambda seen: " 3?" in seen.question or " 5?" in seen.question)
    recorder = recorder_of(policy, retriever)

    report = await collect_quickly(questions(8), recorder, tmp_path)

    assert (report.runs, report.failed, report.retries) == (8, 2, 4)
    failed = {r["question_id"]: r for r in records_in(tmp_path).values() if r["failures"]}
    assert set(failed) == {"q3", "q5"}
    assert {record["attempt"] for record in failed.values()} == {3}
    assert failed["q3"]["ending"] is None and failed["q3"]["untrainable"]

    again = await collect_quickly(questions(8), recorder, tmp_path)
    assert (again.resumed, again.resumed_failed, again.runs) == (8, 2, 0)

    policy.fails = lambda seen: False
    retried = await collect_quickly(questions(8), recorder, tmp_path, retry_failed=True)
    assert (retried.resumed, retried.runs, retried.failed) == (6, 2, 0)
    assert {key[1] for key in records_in(tmp_path)} == {1, 3, 4}
    last = await collect_quickly(questions(8), recorder, tmp_path, retry_failed=True)
    assert (last.resumed, last.resumed_failed, last.runs) == (8, 0, 0)


async def test_a_language_that_fails_once_and_recovers(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    failing = FailingRetriever(retriever, FR, failures=2)
    report = await collect_quickly(questions(6), recorder_of(OneSearchPolicy(), failing), tmp_path)
    assert (report.runs, report.failed, report.retries) == (6, 0, 2)
    records = records_in(tmp_path).values()
    assert sum(record["attempt"] == 2 for record in records) >= 1
    assert all(record["found"] and not record["failures"] for record in records)


async def test_a_collection_in_which_everything_fails_stops(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = OneSearchPolicy(fails=lambda seen: int(seen.question.split()[-1][:-1]) >= 10)
    recorder = recorder_of(policy, retriever)
    with pytest.raises(CollectionError) as stopped:
        # One after the other: a good run that ends late would begin the count anew.
        await collect_quickly(questions(500), recorder, tmp_path, retries=0, concurrency=1)
    assert str(stopped.value).startswith(
        "20 runs in a row failed, the last with: policy: the model one-search cannot be reached."
    )
    kept = len(records_in(tmp_path))
    assert 30 <= kept < 40

    policy.fails = lambda seen: False
    report = await collect_quickly(questions(50), recorder, tmp_path, retry_failed=True)
    assert (report.resumed, report.runs, report.failed) == (10, 40, 0)


@pytest.mark.parametrize("name", ["closed-book", "own-language", "english", "everywhere"])
async def test_a_baseline_that_searches_less_has_the_same_corpus(
    name: str, retriever: HybridRetriever, tmp_path: Path
) -> None:
    recorder = RunRecorder(OneSearchPolicy(), retriever, build=BASELINES[name])
    report = await collect_quickly(questions(3), recorder, tmp_path)
    assert (report.runs, report.failed) == (3, 0)


async def test_a_corpus_that_changes_meanwhile_is_no_longer_the_one_that_records_name(
    tmp_path: Path,
) -> None:
    store = build_small_corpus(tmp_path)
    recorder = recorder_of(OneSearchPolicy(), open_retriever(store, "small"))
    assert open_retriever(store, "small").fingerprint == recorder.fingerprints[1]

    def asked() -> Iterator[Question]:
        yield from questions(5)
        (tmp_path / "more.jsonl").write_text(
            json.dumps({"id": "new", "title": "Phare", "language": "fr", "text": "Un phare neuf."})
        )
        from crosearch.tools.embedder import load_embedder
        from crosearch.tools.index import open_store
        from crosearch.tools.ingestion import ingest

        ingest([tmp_path / "more.jsonl"], store=open_store(store), corpus="small",
               embedder=load_embedder())  # fmt: skip
        yield from questions(100, first=5)

    log = tmp_path / "log"
    with pytest.raises(CollectionError, match="search in fr: the corpus was changed: when the"):
        await collect_quickly(asked(), recorder, log, concurrency=1)
    assert open_retriever(store, "small").fingerprint != recorder.fingerprints[1]
    records = list(records_in(log).values())
    good = [record for record in records if not record["failures"]]
    assert 1 <= len(good) <= 5 and len(records) - len(good) == 20
    assert all(record["untrainable"] and not record["rewards"] for record in records[len(good) :])


async def test_questions_are_read_only_as_they_are_needed(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    read = 0
    most_ahead = 0

    def endless() -> Iterator[Question]:
        nonlocal read
        for question in questions(1_000_000):
            read += 1
            yield question

    def watch(report: CollectionReport) -> None:
        nonlocal most_ahead
        most_ahead = max(most_ahead, read - report.runs)
        if report.runs >= 60:
            stop.set()

    stop = asyncio.Event()
    report = await collect(
        endless(), recorder_of(OneSearchPolicy(), retriever), tmp_path, concurrency=4,
        progress=watch, stop=stop,
    )  # fmt: skip
    assert report.interrupted
    assert most_ahead <= 2 * 4 + 1
    assert len(records_in(tmp_path)) == report.runs <= 60 + 4


async def test_a_wrong_question_stops_a_stream_and_what_was_begun_is_finished(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    source = tmp_path / "questions.jsonl"
    rows = [{"question": question.text} for question in questions(3)]
    source.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"question": 7}]))
    log = tmp_path / "log"
    recorder = recorder_of(OneSearchPolicy(), retriever)
    with pytest.raises(
        DocumentError, match=r"questions.jsonl:4: 'question' is 7.* 3 runs before it are kept$"
    ):
        await collect(read_questions(source), recorder, log)
    assert len(records_in(log)) == 3


async def test_two_collections_do_not_write_to_one_folder(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    recorder = recorder_of(OneSearchPolicy(pause=0.05), retriever)
    first = asyncio.create_task(collect(questions(8), recorder, tmp_path))
    await asyncio.sleep(0.05)
    with pytest.raises(CollectionError, match="another collection writes to .* by process"):
        await collect(questions(8), recorder, tmp_path)
    assert (await first).runs == 8
    assert (await collect(questions(8), recorder, tmp_path)).resumed == 8


async def test_a_stop_finishes_what_is_under_way(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = OneSearchPolicy(pause=0.02)
    stop = asyncio.Event()
    recorder = recorder_of(policy, retriever)

    def watch(report: CollectionReport) -> None:
        if report.runs == 5:
            stop.set()

    report = await collect(
        questions(50), recorder, tmp_path, concurrency=4, progress=watch, stop=stop
    )
    assert report.interrupted and 5 <= report.runs <= 5 + 4
    assert policy.turns == 2 * report.runs
    rest = await collect(questions(50), recorder, tmp_path)
    assert (rest.resumed, rest.runs) == (report.runs, 50 - report.runs)


async def test_a_run_that_waits_for_its_next_try_is_left_when_a_collection_stops(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    policy = OneSearchPolicy(fails=lambda seen: True)
    collecting = asyncio.create_task(
        collect(questions(3), recorder_of(policy, retriever), tmp_path, stop=stop)
    )
    while policy.turns < 3:
        await asyncio.sleep(0.01)
    stop.set()
    report = await asyncio.wait_for(collecting, 5)
    assert report.runs == 0 and report.interrupted
    assert records_in(tmp_path) == {}


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"concurrency": 0}, {"retries": -1}])
async def test_numbers_that_cannot_be(
    retriever: HybridRetriever, tmp_path: Path, wrong: dict[str, int]
) -> None:
    recorder = recorder_of(OneSearchPolicy(), retriever)
    folder = tmp_path / "log"
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} is .* it must be at least"):
        await collect(
            questions(1), recorder, folder, samples=wrong.get("samples", 1),
            concurrency=wrong.get("concurrency", 1), retries=wrong.get("retries", 0),
        )  # fmt: skip
    assert not folder.exists()
