"""Runs of the real graph with a local model: what is recorded is what the model saw and sampled."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
import torch
from small_corpus import build_small_corpus
from tiny_models import speaking_model

from crosearch.agents.local import LocalPolicy
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.graphs.state import SearchState
from crosearch.graphs.turns import machine_failures
from crosearch.tools.search import HybridRetriever, open_retriever

QUESTIONS = [
    "When was the lighthouse of Cordouan completed?",
    "Wie tief ist der Neusiedler See?",
    "Quand le phare fut-il achevé ?",
    "Where is the lake?",
]
TEMPERATURES = (0.7, 1.0)


class RecordingPolicy:
    """A local policy that remembers what its model was asked to go on from."""

    def __init__(self, policy: LocalPolicy) -> None:
        self.policy = policy
        self.name = policy.name
        self.inputs: dict[tuple[str, int | None], list[list[int]]] = {}

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        emission = await self.policy.act(observation, emit)
        read = iter(emission.read)
        ids: list[int] = []
        for segment in observation.transcript:
            ids += segment["token_ids"] if "token_ids" in segment else next(read)
        run = (observation.question, observation.seed)
        self.inputs.setdefault(run, []).append([*ids, *(emission.token_ids or ())])
        return emission


@dataclass(frozen=True, kw_only=True)
class Runs:
    """Runs that went on at the same time, with the model that made them."""

    policy: LocalPolicy
    results: list[SearchState]
    inputs: list[list[list[int]]]
    """For each run and turn, the ids that the model went on from, and those it sampled."""


@pytest.fixture(scope="module", params=[("llama", 100), ("qwen", 20)], ids=["llama", "qwen"])
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runs]:
    kind, count = request.param
    store = build_small_corpus(tmp_path_factory.mktemp("corpus"))
    model, tokenizer = speaking_model(kind)
    policy = LocalPolicy(model, tokenizer=tokenizer, settings=PolicySettings(max_tokens=40))
    recording = RecordingPolicy(policy)
    results = asyncio.run(run_all(recording, open_retriever(str(store), "small"), count))
    inputs = [recording.inputs[(question_of(number), number)] for number in range(count)]
    yield Runs(policy=policy, results=results, inputs=inputs)
    policy.close()


async def run_all(
    policy: RecordingPolicy, retriever: HybridRetriever, count: int
) -> list[SearchState]:
    graph = build_search_graph(policy, retriever).compile()

    async def run(number: int) -> SearchState:
        context = SearchContext(temperature=temperature_of(number), seed=number, max_turns=5)
        result = await graph.ainvoke({"question": question_of(number)}, context=context)
        return cast(SearchState, result)

    return list(await asyncio.gather(*map(run, range(count))))


def question_of(number: int) -> str:
    return QUESTIONS[number % len(QUESTIONS)]


def temperature_of(number: int) -> float:
    return TEMPERATURES[number // len(QUESTIONS) % len(TEMPERATURES)]


def token_ids(result: SearchState) -> list[int]:
    return [i for segment in result["transcript"] for i in segment.get("token_ids", [])]


def gradient_mask(result: SearchState) -> list[bool]:
    kinds = [s["kind"] for s in result["transcript"] for _ in s.get("token_ids", [])]
    return [kind == "policy" for kind in kinds]


def test_the_runs_hold_all_that_can_happen(runs: Runs) -> None:
    kinds = {segment["kind"] for result in runs.results for segment in result["transcript"]}
    assert kinds == {"prompt", "policy", "evidence", "feedback"}
    assert "answered" in {result["ending"] for result in runs.results}


def test_a_fresh_forward_pass_gives_the_recorded_log_probabilities(runs: Runs) -> None:
    for number, result in enumerate(runs.results):
        ids, mask = token_ids(result), gradient_mask(result)
        with torch.no_grad():
            logits = runs.policy.model(input_ids=torch.tensor([ids])).logits[0, :-1].float()
        logprobs = (logits / temperature_of(number)).log_softmax(-1)
        fresh = logprobs.gather(-1, torch.tensor(ids[1:])[:, None])[:, 0]
        kept = [p for segment in result["transcript"] for p in segment.get("logprobs", [])]
        assert len(kept) == sum(mask) > 0
        assert torch.allclose(fresh[torch.tensor(mask[1:])], torch.tensor(kept), atol=1e-3, rtol=0)


def test_each_turn_goes_on_from_what_the_model_had_seen(runs: Runs) -> None:
    for result, inputs in zip(runs.results, runs.inputs, strict=True):
        ids = token_ids(result)
        for seen, after in zip(inputs, [*inputs[1:], ids], strict=True):
            assert after[: len(seen)] == seen


def test_the_mask_is_what_was_sampled(runs: Runs) -> None:
    for result in runs.results:
        mask = gradient_mask(result)
        sampled = [s.get("token_ids", []) for s in result["transcript"] if s["kind"] == "policy"]
        assert [i for i, made in zip(token_ids(result), mask, strict=True) if made] == [
            i for ids in sampled for i in ids
        ]
        assert sum(mask) == sum(turn["completion_tokens"] or 0 for turn in result["history"])


def test_each_turns_text_is_that_of_its_ids(runs: Runs) -> None:
    tokenizer = runs.policy.tokenizer
    ends = tokenizer.convert_tokens_to_ids(["</s>", "<|im_end|>"])
    assert isinstance(ends, list)
    for result in runs.results:
        for segment in result["transcript"]:
            if segment["kind"] == "policy":
                ids = [i for i in segment.get("token_ids", []) if i not in ends]
                assert tokenizer.decode(ids) == segment["text"]


def test_nothing_makes_the_runs_untrainable(runs: Runs) -> None:
    for result in runs.results:
        assert machine_failures(result) == []
        assert not any(turn["untrainable"] for turn in result["history"])
