"""A run becomes a record that holds all that it held, under a key that is known before."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from byte_policy import BytePolicy
from recorder_parts import (
    ANSWER,
    EN,
    QUESTION,
    SEARCH,
    FailingPolicy,
    FailingRetriever,
    record_run,
)
from scripted_policy import ScriptedPolicy
from small_corpus import build_small_corpus

from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.tools.errors import PolicyError, QuestionError, StoreError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.kept_runs import run_and_keep
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.run_names import index_fingerprint, run_seed
from crosearch.training.shards import TrajectoryWriter, read_trajectories
from crosearch.training.trajectories import question_group


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


async def test_a_record_holds_what_the_run_held(retriever: HybridRetriever) -> None:
    record = await record_run(ScriptedPolicy([SEARCH, ANSWER]), retriever)
    graph = build_search_graph(ScriptedPolicy([SEARCH, ANSWER]), retriever).compile()
    state = await graph.ainvoke({"question": QUESTION.text}, context=SearchContext())
    for name in ("language", "answer", "answer_language", "found", "ending", "searchable"):
        assert record[name] == state[name]
    assert record["transcript"] == state["transcript"]
    assert record["evidence"] == state["evidence"]
    assert record["citations"] == [1]
    assert [turn["action"] for turn in record["history"]] == [
        turn["action"] for turn in state["history"]
    ]
    assert record["failures"] == []
    assert record["seconds"] > 0


async def test_a_record_holds_the_question_and_what_is_known_about_it(
    retriever: HybridRetriever,
) -> None:
    record = await record_run(ScriptedPolicy([SEARCH, ANSWER]), retriever)
    assert record["question_id"] == "q7"
    assert record["answers"] == {"en": ["1611"]}
    assert list(record["translations"]) == ["fr"]
    assert record["group"] == question_group(QUESTION.text, EN)
    assert record["index"]["corpus"] == "small"
    assert record["policy"]["name"] == "scripted"
    assert record["settings"]["translator"] == "none"


async def test_the_ids_of_a_record_are_those_that_the_model_saw(
    retriever: HybridRetriever,
) -> None:
    policy = BytePolicy([SEARCH, "What now?", ANSWER])
    record = await record_run(policy, retriever)
    assert record["untrainable"] == ""
    at = 0
    ids: list[int] = []
    for segment in record["transcript"]:
        if segment["kind"] == "policy":
            assert ids == policy.seen[at]
            assert len(segment.get("logprobs", [])) == len(segment.get("token_ids", []))
            at += 1
        ids += segment.get("token_ids", [])
    assert at == 3


async def test_tokens_are_stored_once_however_many_turns_there_are(
    retriever: HybridRetriever,
) -> None:
    sizes = []
    for turns in (4, 8, 16, 32):
        record = await record_run(
            BytePolicy(["Hm. " * 100]), retriever, context=SearchContext(max_turns=turns)
        )
        assert len(record["history"]) == turns
        sizes.append(len(orjson.dumps(record)))
    steps = [(after - before) for before, after in zip(sizes, sizes[1:], strict=False)]
    for step, twice in zip(steps, steps[1:], strict=False):
        assert twice == pytest.approx(2 * step, rel=0.05)


async def test_each_sample_is_drawn_from_a_seed_of_its_own(retriever: HybridRetriever) -> None:
    policy = ScriptedPolicy([ANSWER, '<answer found="no">Nothing.</answer>'])
    recorder = RunRecorder(policy, retriever, context=SearchContext(seed=3, max_turns=1))
    for sample in (0, 1, 0):
        await recorder.run(QUESTION, sample)
    first, other, again = (observation.seed for observation in policy.observations)
    assert first == again == run_seed(3, question_group(QUESTION.text, EN), 0)
    assert first != other
    assert run_seed(None, "g", 0) == run_seed(0, "g", 0) != run_seed(1, "g", 0)


def test_a_key_is_known_before_the_run(retriever: HybridRetriever) -> None:
    recorder = RunRecorder(ScriptedPolicy([SEARCH, ANSWER]), retriever)
    record = asyncio.run(recorder.run(QUESTION, 4))
    assert record["key"] == recorder.key(QUESTION, 4)
    assert (record["sample"], record["attempt"]) == (4, 1)
    policy, index, settings = recorder.fingerprints
    assert record["policy"]["fingerprint"] == policy
    assert record["index"]["fingerprint"] == index
    assert record["settings_fingerprint"] == settings


class TestKey:
    def test_it_changes_with_what_can_change_a_run(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([ANSWER])
        german = replace(QUESTION, language=Language("de"))
        keys = [
            RunRecorder(policy, retriever).key(QUESTION, 0),
            RunRecorder(policy, retriever).key(QUESTION, 1),
            RunRecorder(policy, retriever).key(german, 0),
            RunRecorder(BytePolicy([ANSWER]), retriever).key(QUESTION, 0),
            RunRecorder(policy, retriever, context=SearchContext(passages=3)).key(QUESTION, 0),
            RunRecorder(policy, retriever, context=SearchContext(seed=1)).key(QUESTION, 0),
            RunRecorder(policy, retriever, settings=PolicySettings(top_p=0.5)).key(QUESTION, 0),
        ]
        assert len(set(keys)) == len(keys)

    def test_it_does_not_change_with_what_cannot(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([ANSWER])
        same = replace(QUESTION, language=EN, id="other", answers={})
        keys = {
            RunRecorder(policy, retriever).key(QUESTION, 0),
            RunRecorder(policy, retriever).key(same, 0),
            RunRecorder(policy, retriever, settings=PolicySettings(device="cpu")).key(QUESTION, 0),
        }
        assert len(keys) == 1

    def test_a_question_that_cannot_be_asked_has_none(self, retriever: HybridRetriever) -> None:
        with pytest.raises(QuestionError):
            RunRecorder(ScriptedPolicy([ANSWER]), retriever).key(Question(text=" "), 0)

    def test_a_seed_that_no_record_holds_is_refused(self, retriever: HybridRetriever) -> None:
        with pytest.raises(UsageError, match="seed"):
            RunRecorder(ScriptedPolicy([ANSWER]), retriever, context=SearchContext(seed=2**64))


async def test_the_questions_language_is_the_one_to_answer_in(
    retriever: HybridRetriever,
) -> None:
    policy = ScriptedPolicy(['<answer found="no">Nichts.</answer>'])
    recorder = RunRecorder(policy, retriever, context=SearchContext(language="fr"))
    german = replace(QUESTION, language=Language("de"))
    assert (await recorder.run(german, 0))["language"] == "de"
    assert (await recorder.run(QUESTION, 0))["language"] == "fr"


def test_settings_name_no_folder(retriever: HybridRetriever, tmp_path: Path) -> None:
    recorder = RunRecorder(
        ScriptedPolicy([ANSWER]),
        retriever,
        settings=PolicySettings(adapter=str(tmp_path / "adapters" / "best"), tokenizer="org/tiny"),
    )
    assert recorder.made_by.settings["adapter"] == "best"
    assert recorder.made_by.settings["tokenizer"] == "tiny"


def test_a_retriever_without_a_fingerprint_is_told_by_what_it_holds(
    retriever: HybridRetriever,
) -> None:
    plain = FailingRetriever(retriever, "none", StoreError(""))
    assert index_fingerprint(plain) != index_fingerprint(retriever) == retriever.fingerprint
    assert index_fingerprint(plain) == index_fingerprint(plain)
    plain.corpus = "large"
    assert index_fingerprint(plain) != index_fingerprint(
        FailingRetriever(retriever, "none", StoreError(""))
    )


async def test_what_happens_can_be_watched(retriever: HybridRetriever) -> None:
    seen: list[tuple[str, Any]] = []
    recorder = RunRecorder(ScriptedPolicy([SEARCH, ANSWER]), retriever)
    await recorder.run(QUESTION, 0, watch=lambda mode, chunk: seen.append((mode, chunk)))
    events = [chunk["event"] for mode, chunk in seen if mode == "custom"]
    assert events == ["policy", "search", "evidence", "policy"]
    assert seen[-1][1]["ending"] == "answered"


class TestKeptRun:
    async def test_each_time_a_question_is_asked_it_is_another_sample(
        self, retriever: HybridRetriever, tmp_path: Path
    ) -> None:
        recorder = RunRecorder(BytePolicy([SEARCH, ANSWER]), retriever)
        with TrajectoryWriter(tmp_path) as writer:
            for sample in range(3):
                record = await run_and_keep(recorder, writer, QUESTION)
                assert record["sample"] == sample
        assert len(list(read_trajectories(tmp_path))) == 3

    async def test_an_error_is_raised_once_its_record_is_kept_and_the_run_can_be_made_again(
        self, retriever: HybridRetriever, tmp_path: Path
    ) -> None:
        policy = FailingPolicy(PolicyError("down"))
        recorder = RunRecorder(policy, retriever)
        with TrajectoryWriter(tmp_path) as writer:
            for attempt in (1, 2):
                with pytest.raises(PolicyError, match="down"):
                    await run_and_keep(recorder, writer, QUESTION)
                records = list(read_trajectories(tmp_path))
                assert (records[-1]["sample"], records[-1]["attempt"]) == (0, attempt)
