"""Runs of baselines are trajectories: recorded under keys of their own, shown, and trained on."""

from dataclasses import asdict
from typing import Any, cast

import pytest
import torch
from byte_policy import BytePolicy
from langgraph.checkpoint.memory import InMemorySaver
from recorder_parts import ANSWER, QUESTION, SEARCH, FailingRetriever, record_run
from scripted_policy import ScriptedPolicy
from small_corpus import build_small_corpus
from tiny_models import speaking_model, tiny_tokenizer

from crosearch.agents.local import LocalPolicy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.rendering import TranscriptRenderer
from crosearch.agents.transcript import Segment, chat_messages
from crosearch.graphs.baselines import BASELINES
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.tools.errors import UsageError
from crosearch.tools.search import HybridRetriever, open_retriever
from crosearch.training.export_rows import prompt_part
from crosearch.training.forking import state_before
from crosearch.training.recorder import RunRecorder
from crosearch.training.rollouts import rollout_of
from crosearch.training.trajectories import fingerprint
from crosearch.training.viewer_runs import view_run

LAST = "<answer>It was completed in 1611 [1]</answer>"
TEXTS = {
    "closed-book": ["<answer>It was completed in 1611</answer>"],
    "own-language": [ANSWER],
    "english": [ANSWER],
    "everywhere": [ANSWER],
    "everywhere-translated": [ANSWER],
    "one-language-loop": ['<search lang="en">Cordouan</search>', ANSWER],
    "reflective": [SEARCH, ANSWER, LAST],
    "crosearch": [SEARCH, ANSWER],
}


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


class TestNames:
    def test_each_baseline_has_keys_of_its_own(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([ANSWER])
        keys = {
            name: RunRecorder(policy, retriever, build=build).key(QUESTION, 0)
            for name, build in BASELINES.items()
        }
        assert len(set(keys.values())) == len(BASELINES)
        assert keys["crosearch"] == RunRecorder(policy, retriever).key(QUESTION, 0)

    def test_crosearch_is_named_by_its_settings_alone(self, retriever: HybridRetriever) -> None:
        policy = ScriptedPolicy([ANSWER])
        settings = {**asdict(SearchContext()), "translator": "none"}
        for build in (build_search_graph, BASELINES["crosearch"]):
            made_by = RunRecorder(policy, retriever, build=build).made_by
            assert made_by.settings == settings
            assert made_by.settings_fingerprint == fingerprint(settings)

    async def test_the_record_names_the_baseline(self, retriever: HybridRetriever) -> None:
        record = await record_run(
            ScriptedPolicy([ANSWER]), retriever, build=BASELINES["everywhere"]
        )
        assert record["settings"]["graph"] == "everywhere"


class TestRecords:
    @pytest.mark.parametrize("name", BASELINES)
    async def test_the_ids_are_those_that_the_model_saw(
        self, name: str, retriever: HybridRetriever
    ) -> None:
        policy = BytePolicy(TEXTS[name])
        record = await record_run(policy, retriever, build=BASELINES[name])
        assert (record["untrainable"], record["failures"]) == ("", [])
        assert record["found"]
        said = [s["text"] for s in record["transcript"] if s["kind"] == "policy"]
        assert said == TEXTS[name]
        ids: list[int] = []
        at = 0
        for segment in record["transcript"]:
            if segment["kind"] == "policy":
                assert ids == policy.seen[at]
                at += 1
            ids += segment.get("token_ids", [])
        rollout = rollout_of(record)
        trained = [
            i for i, sampled in zip(rollout.completion_ids, rollout.mask, strict=True) if sampled
        ]
        assert bytes(trained).decode() == "".join(TEXTS[name])

    @pytest.mark.parametrize("name", ["own-language", "reflective"])
    async def test_each_turn_names_the_checkpoint_that_it_began_from(
        self, name: str, retriever: HybridRetriever
    ) -> None:
        saver = InMemorySaver()
        policy = ScriptedPolicy(TEXTS[name])
        record = await record_run(policy, retriever, build=BASELINES[name], checkpointer=saver)
        graph = BASELINES[name](policy, retriever).compile(checkpointer=saver)
        checkpoint = record["checkpoint"]
        assert checkpoint is not None
        assert len(checkpoint["turns"]) == len(record["history"])
        for turn, identifier in enumerate(checkpoint["turns"]):
            place = {"thread_id": checkpoint["thread_id"], "checkpoint_id": identifier}
            state = await graph.aget_state({"configurable": place})
            assert len(state.values["history"]) == turn

    async def test_a_store_that_fails_in_a_forced_search_fails_the_run(
        self, retriever: HybridRetriever
    ) -> None:
        for method, stage in (("search", "search"), ("sentence_vectors", "align")):
            broken = FailingRetriever(retriever, method, RuntimeError("gone"))
            record = await record_run(
                ScriptedPolicy([ANSWER]), broken, build=BASELINES["everywhere"]
            )
            assert record["ending"] is None
            assert [failure["stage"] for failure in record["failures"]] == [stage]

    async def test_the_viewer_shows_a_forced_turn_without_words(
        self, retriever: HybridRetriever
    ) -> None:
        record = await record_run(
            ScriptedPolicy(TEXTS["reflective"]), retriever, build=BASELINES["reflective"]
        )
        view = view_run(record)
        assert [turn.said for turn in view.turns] == [SEARCH, ANSWER, None, LAST]
        assert view.turns[2].search is not None
        forced = await record_run(
            ScriptedPolicy([ANSWER]), retriever, build=BASELINES["everywhere"]
        )
        assert [turn.said for turn in view_run(forced).turns] == [None, ANSWER]
        assert view_run(forced).turns[0].new

    async def test_what_the_graph_did_is_taken_up_by_nobody(
        self, retriever: HybridRetriever
    ) -> None:
        record = await record_run(
            ScriptedPolicy([ANSWER]), retriever, build=BASELINES["everywhere"]
        )
        with pytest.raises(UsageError, match="turn 1 .* made by its graph"):
            state_before(record, 1)
        state = state_before(record, 2)
        assert [segment["kind"] for segment in state["transcript"]][-1] == "evidence"
        assert (state["turns"], len(state["searches"])) == (1, 1)

    async def test_the_prompt_ends_where_the_policy_begins(
        self, retriever: HybridRetriever
    ) -> None:
        record = await record_run(
            ScriptedPolicy([ANSWER]), retriever, build=BASELINES["everywhere"]
        )
        prompt = prompt_part(record["transcript"])
        assert [segment["kind"] for segment in prompt] == ["prompt", "prompt", "evidence"]


_ASKED_ONCE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>"
    "{{ 'assistant' if messages | length < 3 else 'assistant again' }}\n{% endif %}"
)


def test_forced_evidence_stands_in_the_message_of_the_question() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = _ASKED_ONCE
    transcript = [
        Segment(kind="prompt", text="Answer."),
        Segment(kind="prompt", text="Who?"),
        Segment(kind="evidence", text="Searched fr: 1 new."),
    ]
    renderer = TranscriptRenderer(tokenizer)
    messages: Any = chat_messages(transcript)
    assert [message["role"] for message in messages] == ["system", "user"]
    wanted = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    first = renderer.render(transcript)
    assert renderer.tokenizer.decode(list(first.ids)) == wanted
    read = [
        Segment(kind=s["kind"], text=s["text"], token_ids=list(ids))
        for s, ids in zip(transcript, first.read, strict=True)
    ]
    later = [
        *read,
        Segment(kind="policy", text="Hm.", token_ids=[5]),
        Segment(kind="feedback", text="No action."),
    ]
    assert "assistant again" in renderer.tokenizer.decode(list(renderer.render(later).ids))


@pytest.mark.parametrize("name", ["closed-book", "everywhere", "reflective"])
async def test_a_local_models_log_probabilities_are_those_of_what_it_read(
    name: str, retriever: HybridRetriever
) -> None:
    model, tokenizer = speaking_model("llama")
    policy = LocalPolicy(model, tokenizer=tokenizer, settings=PolicySettings(max_tokens=40))
    context = SearchContext(temperature=1.0, max_turns=5, max_seconds=3_600)
    recorder = RunRecorder(policy, retriever, context=context, build=BASELINES[name])
    try:
        for sample in range(6):
            rollout = rollout_of(await recorder.run(QUESTION, sample))
            ids = [*rollout.prompt_ids, *rollout.completion_ids]
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].float()
            fresh = logits.log_softmax(-1).gather(-1, torch.tensor(ids[1:])[:, None])[:, 0]
            mask = torch.tensor(rollout.mask)
            told = torch.tensor(rollout.logprobs)[mask]
            completion = fresh[len(rollout.prompt_ids) - 1 :]
            assert mask.any()
            assert torch.allclose(completion[mask], told, atol=1e-3, rtol=0)
    finally:
        policy.close()
    assert cast(Any, recorder.made_by.settings)["graph"] == name
