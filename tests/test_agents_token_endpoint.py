"""Runs over a server that speaks vLLM's dialect are token-exact, or say why they are not."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from observations import observe
from scripted_policy import ScriptedPolicy
from small_corpus import build_small_corpus
from taught_model import teach
from tiny_models import FAMILIES, Family, tiny_model_folder
from token_replies import Fault
from token_server import TokenServer, token_server
from transformers import AutoModelForCausalLM, PreTrainedModel

from crosearch.agents.endpoint import OpenAIPolicy
from crosearch.agents.policy import Emission, Observation, Policy
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.prompts import open_transcript
from crosearch.agents.transcript import Segment
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.graphs.state import SearchState
from crosearch.tools.errors import PolicyError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever, open_retriever

QUESTION = "When was the lighthouse of Cordouan completed?"
ANSWER = "<think>It is told.</think><answer>It was completed in 1611 [1]</answer>"
SEARCHES = [
    '<think>It is French.</think><search lang="fr">phare de Cordouan achevé</search>',
    '<think>A tower in France.</think><search lang="fr,en">Cordouan lighthouse</search>',
    '<think>Where is that?</think><search lang="fr">Cordouan Gironde</search>',
]


class Run:
    """A question that a policy is asked, over and over."""

    def __init__(
        self, policy: Policy, retriever: HybridRetriever, context: SearchContext | None = None
    ) -> None:
        self.graph = build_search_graph(policy, retriever).compile()
        self.context = context or SearchContext(max_turns=4)

    async def once(self, seed: int) -> SearchState:
        context = replace(self.context, seed=seed)
        return cast(SearchState, await self.graph.ainvoke({"question": QUESTION}, context=context))


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return open_retriever(str(build_small_corpus(tmp_path_factory.mktemp("corpus"))), "small")


@pytest.fixture(scope="module")
def taught(retriever: HybridRetriever, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has half learned to search for the question, in several ways."""

    async def show() -> list[Sequence[Segment]]:
        runs = [Run(ScriptedPolicy([search, ANSWER]), retriever).once(0) for search in SEARCHES]
        return [state["transcript"] for state in await asyncio.gather(*runs)]

    return teach(tmp_path_factory.mktemp("taught"), asyncio.run(show()), steps=30)


def policy(
    server: TokenServer, folder: Path, *, max_tokens: int = 80, retries: int = 3
) -> OpenAIPolicy:
    return OpenAIPolicy(
        "tiny",
        settings=PolicySettings(tokenizer=str(folder), max_tokens=max_tokens),
        base_url=server.url,
        retries=retries,
        backoff=0.01,
        timeout=60.0,
    )


def said(transcript: Sequence[Segment]) -> Sequence[Segment]:
    """Leave out what no turn came after: no model has read it."""
    last = max(place for place, segment in enumerate(transcript) if segment["kind"] == "policy")
    return transcript[: last + 1]


def recorded_ids(transcript: Sequence[Segment]) -> list[int]:
    return [i for segment in said(transcript) for i in segment.get("token_ids", [])]


def largest_difference(
    model: PreTrainedModel, transcript: Sequence[Segment], *, temperature: float = 1.0
) -> float:
    """Compare recorded log-probabilities with those of a forward pass over the recorded ids."""
    ids = torch.tensor(recorded_ids(transcript))
    with torch.inference_mode():
        logits = model(ids[None]).logits[0].float() / temperature
    values = logits[:-1].log_softmax(-1).gather(-1, ids[1:, None])[:, 0]
    place, worst = 0, 0.0
    for segment in said(transcript):
        length = len(segment.get("token_ids", []))
        if segment["kind"] == "policy":
            found = torch.tensor(segment.get("logprobs", []))
            assert len(found) == length
            worst = max(worst, float((values[place - 1 : place - 1 + length] - found).abs().max()))
        place += length
    assert place == len(ids)
    return worst


async def test_a_run_is_token_exact(taught: Path, retriever: HybridRetriever) -> None:
    model = AutoModelForCausalLM.from_pretrained(taught)
    with token_server(taught) as server:
        run = Run(policy(server, taught), retriever)
        states = await asyncio.gather(*(run.once(seed) for seed in range(6)))
        prompts = [list_of_ids(request["prompt"]) for request in server.requests]
    assert sum(state["found"] for state in states) >= 2
    assert len({str(state["transcript"]) for state in states}) > 1
    for state in states:
        assert not [turn["untrainable"] for turn in state["history"] if turn["untrainable"]]
        ids = recorded_ids(state["transcript"])
        assert sum(ids[: len(prompt)] == prompt for prompt in prompts) >= state["turns"]
        assert largest_difference(model, state["transcript"]) < 1e-3


def list_of_ids(value: object) -> list[int]:
    assert isinstance(value, list)
    return value


async def test_a_run_of_a_seed_is_the_same_again(taught: Path, retriever: HybridRetriever) -> None:
    with token_server(taught) as server:
        run = Run(policy(server, taught), retriever)
        first, again = await run.once(5), await run.once(5)
    assert first["transcript"] == again["transcript"]


async def test_the_servers_own_sampling_defaults_are_switched_off(taught: Path) -> None:
    with token_server(taught) as server:
        await act(server, taught)
    wanted = {
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
    }
    [request] = server.requests
    assert {name: request[name] for name in wanted} == wanted
    assert request["return_token_ids"] is request["include_stop_str_in_output"] is True
    assert request["skip_special_tokens"] is False


def at_start(*, temperature: float | None = None, seed: int | None = 1) -> Observation:
    transcript = open_transcript(
        "Wo liegt 東京?", Language("de"), languages={Language("fr"): 3}, turns=4, searches=2
    )
    return replace(observe(transcript=transcript), temperature=temperature, seed=seed)


async def act(
    server: TokenServer,
    folder: Path,
    observation: Observation | None = None,
    *,
    max_tokens: int = 16,
) -> Emission:
    pieces: list[str] = []
    asked = policy(server, folder, max_tokens=max_tokens)
    emission = await asked.act(observation or at_start(), pieces.append)
    assert "".join(pieces) == emission.text
    return emission


@pytest.mark.parametrize("family", FAMILIES)
async def test_whatever_the_tokenizer_the_ids_spell_the_text(family: Family) -> None:
    folder = tiny_model_folder("llama", family, "chatml")
    with token_server(folder) as server:
        asked = policy(server, folder, max_tokens=24)
        emissions = await asyncio.gather(
            *(asked.act(at_start(seed=seed), print_nothing) for seed in range(12))
        )
    for emission in emissions:
        assert emission.untrainable == ""
        assert emission.token_ids is not None and emission.logprobs is not None
        assert len(emission.token_ids) == len(emission.logprobs) > 0
        assert emission.status in ("ok", "length", "empty")
        assert len(emission.read) == 2


def print_nothing(piece: str) -> None:
    """Take a piece, and do nothing with it."""


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("no_ids", "text only: the server returned no token ids"),
        ("shifted_ids", "text only: the server's token ids do not spell the text it returned"),
        ("no_logprobs", "the server returned no log-probabilities"),
        ("other_prompt", "the model read other token ids than were sent"),
        ("no_prompt", "the server did not tell which token ids the model read"),
    ],
)
async def test_what_the_server_says_wrongly_is_not_trained_on_and_the_run_goes_on(
    fault: Fault, told: str, taught: Path, retriever: HybridRetriever
) -> None:
    with token_server(taught, fault) as server:
        state = await Run(policy(server, taught), retriever).once(3)
    assert [turn["untrainable"] for turn in state["history"]] == [told] + [""] * (
        state["turns"] - 1
    )
    assert state["ending"] in ("answered", "turns")
    assert all("token_ids" in segment for segment in said(state["transcript"]))


async def test_log_probabilities_that_are_no_numbers_fail_the_run(
    taught: Path, retriever: HybridRetriever
) -> None:
    with token_server(taught, "nan") as server:
        state = await Run(policy(server, taught), retriever).once(3)
    assert state["ending"] == "failed"
    assert [failure["status"] for failure in state["history"][0]["failures"]] == ["nan"]


async def test_failures_that_pass_are_tried_again_and_leave_no_trace(taught: Path) -> None:
    with token_server(taught, "busy", "crash", "half") as server:
        after = await act(server, taught)
        assert len(server.requests) == 4
        plain = await act(server, taught)
    assert after == plain


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        (("crash",) * 9, "HTTP 500: EngineCore encountered an issue"),
        (("busy",) * 9, "too many requests"),
        (("half",) * 9, "model tiny at"),
        (("aborted",) * 9, "broke off its reply"),
        (("garbage",), "gave no completion but: .html.Welcome"),
    ],
)
async def test_failures_that_stay_are_told(faults: tuple[Fault, ...], told: str) -> None:
    folder = tiny_model_folder()
    with token_server(folder, *faults) as server, pytest.raises(PolicyError, match=told):
        await policy(server, folder, retries=1).act(at_start(), print_nothing)


async def test_a_turn_that_hangs_can_be_cancelled() -> None:
    folder = tiny_model_folder()
    with token_server(folder, "hang") as server:
        turn = asyncio.create_task(policy(server, folder).act(at_start(), print_nothing))
        while not server.requests:
            await asyncio.sleep(0.01)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn


async def test_a_server_that_is_down_for_a_while_costs_nothing_but_time(
    taught: Path, retriever: HybridRetriever
) -> None:
    with token_server(taught) as server:
        run = Run(policy(server, taught), retriever)
        before = await run.once(2)
        server.stop()
        again = [asyncio.create_task(run.once(2)) for _ in range(3)]
        await asyncio.sleep(2)
        server.start()
        assert [state["transcript"] for state in await asyncio.gather(*again)] == (
            [before["transcript"]] * 3
        )


async def test_at_another_temperature_processed_log_probabilities_are_the_trainers(
    taught: Path, retriever: HybridRetriever
) -> None:
    context = SearchContext(temperature=0.6)
    model = AutoModelForCausalLM.from_pretrained(taught)
    with token_server(taught, logprobs_mode="processed_logprobs") as server:
        state = await Run(policy(server, taught), retriever, context).once(1)
    assert not any(turn["untrainable"] for turn in state["history"])
    assert largest_difference(model, state["transcript"], temperature=0.6) < 1e-3


async def test_at_another_temperature_raw_log_probabilities_are_not_trained_on(
    taught: Path,
) -> None:
    with token_server(taught) as server:
        emission = await act(server, taught, at_start(temperature=0.6))
        assert "--logprobs-mode processed_logprobs" in emission.untrainable
        exact = await act(server, taught, at_start(temperature=1.0))
    assert exact.untrainable == ""


async def test_without_a_tokenizer_the_same_server_is_spoken_to_in_chats(
    taught: Path, retriever: HybridRetriever
) -> None:
    with token_server(taught) as server:
        asked = OpenAIPolicy(
            "tiny", settings=PolicySettings(max_tokens=60), base_url=server.url, retries=1
        )
        state = await Run(asked, retriever).once(3)
    assert {turn["untrainable"] for turn in state["history"]} == {
        "text only: no tokenizer was given for openai:tiny"
    }
    assert state["ending"] in ("answered", "turns")
    assert not any("token_ids" in segment for segment in state["transcript"])
    assert asked.usage.completion_tokens == sum(
        turn["completion_tokens"] or 0 for turn in state["history"]
    )


async def test_a_greedy_turn_is_not_trained_on(taught: Path) -> None:
    with token_server(taught) as server:
        emission = await act(server, taught, at_start(temperature=0.0))
    assert "temperature 0" in emission.untrainable


async def test_a_turn_is_as_long_as_the_models_context_leaves_room() -> None:
    folder = tiny_model_folder()
    with token_server(folder) as server:
        prompt = (await act(server, folder)).usage.prompt_tokens
    assert prompt
    with token_server(folder, context=prompt + 5) as server:
        asked = policy(server, folder, max_tokens=200)
        first = await asked.act(at_start(), print_nothing)
        again = await asked.act(at_start(), print_nothing)
    assert (first.status, first.usage.completion_tokens) == ("length", 5)
    assert first == again
    assert [request["max_tokens"] for request in server.requests] == [200, 5, 5]


async def test_a_prompt_without_room_ends_the_run() -> None:
    folder = tiny_model_folder()
    with token_server(folder, context=50) as server:
        emission = await act(server, folder)
    assert (emission.status, emission.text, emission.token_ids) == ("context", "", ())
    assert len(emission.read) == 2


def test_its_fingerprint_knows_the_tokenizer_and_not_its_place(tmp_path: Path) -> None:
    def fingerprint(folder: Path | None) -> str:
        settings = PolicySettings(tokenizer=str(folder) if folder else None)
        return OpenAIPolicy("tiny", settings=settings, base_url="http://host/v1").fingerprint

    folder = tiny_model_folder()
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.glob("*token*"):
        (copy / path.name).write_bytes(path.read_bytes())
    for path in folder.glob("*.jinja"):
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "config.json").write_bytes((folder / "config.json").read_bytes())
    other = tiny_model_folder("llama", "unigram", "chatml")
    assert fingerprint(folder) == fingerprint(copy)
    assert len({fingerprint(folder), fingerprint(other), fingerprint(None)}) == 3


def test_a_tokenizer_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSEARCH_TOKENIZER", str(tiny_model_folder()))
    given = OpenAIPolicy("tiny", base_url="http://host/v1")
    monkeypatch.delenv("CROSEARCH_TOKENIZER")
    assert given.fingerprint != OpenAIPolicy("tiny", base_url="http://host/v1").fingerprint


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
    with pytest.raises(UsageError, match="is no tokenizer"):
        OpenAIPolicy(
            "tiny", settings=PolicySettings(tokenizer=str(tmp_path)), base_url="http://host/v1"
        )
