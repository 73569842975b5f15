"""With a checkpointer, a record names the checkpoint that each of its turns began from."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from byte_policy import BytePolicy
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from recorder_parts import (
    ANSWER,
    QUESTION,
    SEARCH,
    FailingPolicy,
    record_run,
)
from scripted_policy import ScriptedPolicy
from small_corpus import build_small_corpus

from crosearch.graphs.search import build_search_graph
from crosearch.tools.errors import PolicyError
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.recorder import RunRecorder


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


@asynccontextmanager
async def saver(kind: str, folder: Path) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """Make a checkpointer that takes plain values only."""
    strict = JsonPlusSerializer(allowed_msgpack_modules=None)
    if kind == "memory":
        yield InMemorySaver(serde=strict)
        return
    async with AsyncSqliteSaver.from_conn_string(str(folder / "runs.sqlite")) as sqlite:
        sqlite.serde = strict
        yield sqlite


class TestCheckpoints:
    @pytest.mark.parametrize("kind", ["memory", "sqlite"])
    async def test_each_turn_names_the_one_that_it_began_from(
        self, kind: str, retriever: HybridRetriever, tmp_path: Path
    ) -> None:
        async with saver(kind, tmp_path) as checkpointer:
            policy = ScriptedPolicy([SEARCH, "Hm.", ANSWER])
            recorder = RunRecorder(policy, retriever, checkpointer=checkpointer)
            for attempt in (1, 2):
                policy.observations.clear()
                record = await recorder.run(QUESTION, 0, attempt=attempt, thread_id="night-shift")
                checkpoint = record["checkpoint"]
                assert checkpoint is not None
                assert checkpoint["thread_id"] == "night-shift"
                assert len(checkpoint["turns"]) == len(record["history"]) == 3
                graph = build_search_graph(policy, retriever).compile(checkpointer=checkpointer)
                for turn, identifier in enumerate(checkpoint["turns"]):
                    state = await graph.aget_state(
                        {
                            "configurable": {
                                "thread_id": checkpoint["thread_id"],
                                "checkpoint_id": identifier,
                            }
                        }
                    )
                    assert state.next == ("think",)
                    transcript = list(policy.observations[turn].transcript)
                    assert state.values["transcript"] == transcript
                    assert len(state.values["history"]) == turn

    async def test_runs_have_threads_of_their_own(self, retriever: HybridRetriever) -> None:
        recorder = RunRecorder(
            BytePolicy([SEARCH, ANSWER]), retriever, checkpointer=InMemorySaver()
        )
        records = await asyncio.gather(*(recorder.run(QUESTION, n) for n in range(3)))
        threads = {record["checkpoint"]["thread_id"] for record in records if record["checkpoint"]}
        assert threads == {f"{record['key']}-1" for record in records}

    async def test_a_failed_run_names_those_that_it_came_to(
        self, retriever: HybridRetriever
    ) -> None:
        record = await record_run(
            FailingPolicy(PolicyError("down")), retriever, checkpointer=InMemorySaver()
        )
        checkpoint = record["checkpoint"]
        assert checkpoint is not None
        assert len(checkpoint["turns"]) == 2

    async def test_without_a_checkpointer_there_are_none(self, retriever: HybridRetriever) -> None:
        record = await record_run(ScriptedPolicy([SEARCH, ANSWER]), retriever)
        assert record["checkpoint"] is None
