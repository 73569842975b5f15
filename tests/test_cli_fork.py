"""`crosearch fork`: a recorded run is run on from one of its turns."""

import asyncio
from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal
from scripted_policy import ScriptedPolicy
from small_corpus import build_small_corpus

from crosearch.agents.policy import Emission
from crosearch.graphs.context import SearchContext
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.checkpoints import open_checkpoints
from crosearch.training.forking import SearchEdit
from crosearch.training.forks import Fork, make_forks
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.shards import TrajectoryWriter, read_trajectories
from crosearch.training.trajectories import Trajectory

QUESTION = Question(text="When was the lighthouse of Cordouan completed?", answers={"en": ["1611"]})
SEARCH = Emission(
    text='<search lang="de">Cordouan</search>',
    token_ids=(5,),
    logprobs=(-0.5,),
    read=((1,), (2,)),
)
ANSWER = Emission(text="<answer>1611 [1]</answer>", token_ids=(6,), logprobs=(-0.5,), read=((3,),))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def retriever(store: Path) -> HybridRetriever:
    return open_retriever(str(store), "small")


def logged(store: Path, folder: Path, tmp_path: Path) -> Trajectory:
    """Collect one run of the extractive policy, and return its record."""
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "When was the lighthouse of Cordouan completed?"}\n')
    crosearch(
        "collect", str(questions), "--store", str(store), "--corpus", "small", "--out", str(folder)
    )
    (record,) = read_trajectories(folder)
    return record


def test_a_fork_searches_elsewhere_and_names_its_parent(store: Path, tmp_path: Path) -> None:
    record = logged(store, tmp_path / "log", tmp_path)
    place = ["--log", str(tmp_path / "log"), "--store", str(store), "--turn", "1"]
    fork = ["fork", record["key"][:8], *place, "--languages", "fr", "--json"]
    printed = printed_json(crosearch(*fork))
    (run,) = printed["runs"]
    assert run["searches"][0]["languages"] == ["fr"]
    assert run["parent"]["key"] == record["key"] and run["parent"]["turn"] == 1
    assert "French" in run["parent"]["change"]
    assert len(list(read_trajectories(tmp_path / "log"))) == 2
    again = printed_json(crosearch(*fork))  # what is durable is not run again
    assert again == printed
    assert len(list(read_trajectories(tmp_path / "log"))) == 2
    table = crosearch(*fork[:-1])
    assert "(parent)" in table.stdout


def test_what_cannot_be_forked_is_refused(store: Path, tmp_path: Path) -> None:
    record = logged(store, tmp_path / "log", tmp_path)
    place = ["--log", str(tmp_path / "log"), "--store", str(store)]
    assert "no turn 99" in refusal(crosearch("fork", record["key"], *place, "--turn", "99"))
    assert "there is no file" in refusal(
        crosearch("fork", record["key"], *place, "--turn", "1", "--checkpoints", "nowhere.sqlite")
    )
    last = str(len(record["history"]))
    answer = crosearch("fork", record["key"], *place, "--turn", last, "--query", "x")
    assert "was no search" in refusal(answer)


def test_a_question_that_was_asked_with_checkpoints_is_forked_from_one(
    store: Path, tmp_path: Path
) -> None:
    states, place = str(tmp_path / "states.sqlite"), ["--store", str(store), "--corpus", "small"]
    kept = ["--log", str(tmp_path / "log"), "--checkpoints", states]
    asked = printed_json(crosearch("ask", QUESTION.text, *place, *kept, "--json"))
    edit = ["--turn", "1", "--query", "phare de Cordouan", "--json"]
    forked = printed_json(crosearch("fork", asked["trajectory"][:10], *place, *kept, *edit))
    assert forked["runs"][0]["searches"][0]["query"] == "phare de Cordouan"
    threads = {record["checkpoint"]["thread_id"] for record in read_trajectories(tmp_path / "log")
               if record["checkpoint"]}  # fmt: skip
    assert len(threads) == 1
    assert "give both" in refusal(crosearch("ask", "Who?", *place, "--checkpoints", states))


async def test_a_fork_goes_on_from_the_very_checkpoint(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    async with open_checkpoints(tmp_path / "states.sqlite") as saver:
        policy = ScriptedPolicy([SEARCH, ANSWER])
        recorder = RunRecorder(policy, retriever, checkpointer=saver)
        record = await recorder.run(QUESTION, 0)
        assert record["checkpoint"] is not None
        policy.observations.clear()
        policy.emissions = [
            Emission(text=ANSWER.text, token_ids=(7,), logprobs=(-0.1,), read=((3,),))
        ]
        fork = Fork(
            record=record, turn=2, edit=SearchEdit(), recorder=recorder, from_checkpoint=True
        )
        (forked,) = await make_forks(fork, tmp_path / "log")
    assert forked["parent"] == {"key": record["key"], "turn": 2, "change": ""}
    assert forked["checkpoint"] is not None
    assert forked["checkpoint"]["thread_id"] == record["checkpoint"]["thread_id"]
    assert forked["transcript"][:-1] == record["transcript"][:-1]
    assert forked["transcript"][-1].get("token_ids") == [7]
    assert len(forked["history"]) == 2
    assert forked["untrainable"] == ""


async def test_samples_differ_in_their_seeds_and_other_settings_end_trainability(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = ScriptedPolicy([SEARCH, ANSWER])
    record = await RunRecorder(policy, retriever).run(QUESTION, 0)
    assert record["untrainable"] == ""
    policy.emissions = [Emission(text=ANSWER.text, token_ids=(7,), logprobs=(-0.1,), read=((3,),))]
    policy.observations.clear()
    warmer = RunRecorder(policy, retriever, context=SearchContext(temperature=1.5))
    fork = Fork(record=record, turn=2, edit=SearchEdit(), recorder=warmer, from_checkpoint=False)
    forks = await make_forks(fork, tmp_path / "log", samples=3)
    assert len({observation.seed for observation in policy.observations}) == 3
    assert len({forked["key"] for forked in forks}) == 3
    assert all("temperature" in forked["untrainable"] for forked in forks)
    parents = [forked["parent"] for forked in forks]
    assert all(parent and "temperature 1.5" in parent["change"] for parent in parents)


async def test_a_run_without_checkpoints_is_not_forked_from_one(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    record = await RunRecorder(ScriptedPolicy([SEARCH, ANSWER]), retriever).run(QUESTION, 0)
    async with open_checkpoints(tmp_path / "states.sqlite") as saver:
        recorder = RunRecorder(ScriptedPolicy([ANSWER]), retriever, checkpointer=saver)
        edit = SearchEdit(languages=(Language("fr"),))
        fork = Fork(record=record, turn=1, edit=edit, recorder=recorder, from_checkpoint=True)
        with pytest.raises(UsageError, match="without checkpoints"):
            await make_forks(fork, tmp_path / "log")


def test_a_file_that_holds_no_checkpoints_is_refused(tmp_path: Path, store: Path) -> None:
    record = logged(store, tmp_path / "log", tmp_path)
    (tmp_path / "states.sqlite").write_text("no database" * 100)
    result = crosearch(
        "fork", record["key"], "--log", str(tmp_path / "log"), "--store", str(store),
        "--turn", "1", "--checkpoints", str(tmp_path / "states.sqlite"),
    )  # fmt: skip
    assert result.exit_code == 1 and "cannot be used" in result.stderr


def test_a_model_of_this_machine_has_to_be_named(
    retriever: HybridRetriever, tmp_path: Path
) -> None:
    policy = ScriptedPolicy([SEARCH, ANSWER])
    policy.name = "local:tiny"
    record = asyncio.run(RunRecorder(policy, retriever).run(QUESTION, 0))
    with TrajectoryWriter(tmp_path / "log") as writer:
        writer.append_now(record)
    result = crosearch("fork", record["key"], "--log", str(tmp_path / "log"), "--turn", "1")
    assert "give --policy" in refusal(result)
