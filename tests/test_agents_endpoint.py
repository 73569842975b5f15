"""The endpoint policy speaks to a real server, and turns each of its failures into one line."""

import asyncio
from dataclasses import replace

import pytest
from chat_server import (
    ChatRequest,
    Garbage,
    Half,
    Hang,
    Refuse,
    Reply,
    Say,
    chat_server,
    refused_url,
)
from observations import observe

from crosearch.agents.actions import CLOSING_TAGS
from crosearch.agents.endpoint import OpenAIPolicy
from crosearch.agents.policy import Emission, Fingerprinted, Observation, Usage
from crosearch.agents.policy_settings import PolicySettings
from crosearch.agents.prompts import open_transcript
from crosearch.agents.transcript import Segment
from crosearch.tools.errors import PolicyError, UsageError
from crosearch.tools.languages import Language

KEY = "sk-very-secret-0123456789"
SEARCH = '<think>It is French.</think><search lang="fr">phare</search>'


def policy(
    url: str,
    *,
    timeout: float = 20.0,
    retries: int = 1,
    settings: PolicySettings | None = None,
) -> OpenAIPolicy:
    return OpenAIPolicy(
        "tiny",
        settings=settings,
        base_url=url,
        api_key=KEY,
        timeout=timeout,
        retries=retries,
        backoff=0.001,
    )


def at_start() -> Observation:
    transcript = open_transcript(
        "Who?", Language("en"), languages={Language("fr"): 3}, turns=4, searches=2
    )
    return observe(transcript=[*transcript, Segment(kind="policy", text="hm")])


def at_later_turn(observation: Observation) -> Observation:
    later = (Segment(kind="evidence", text="[1]"), Segment(kind="policy", text="hm"))
    return replace(observation, transcript=(*observation.transcript, *later))


async def act(url: str, *, timeout: float = 20.0) -> tuple[Emission, list[str]]:
    pieces: list[str] = []
    emission = await policy(url, timeout=timeout).act(at_start(), pieces.append)
    return emission, pieces


async def test_the_transcript_goes_out_as_a_chat_and_the_action_comes_back() -> None:
    with chat_server(Say(SEARCH)) as server:
        emission, pieces = await act(server.url)
    assert emission.text == SEARCH
    assert len(pieces) > 2 and "".join(pieces) == SEARCH
    [request] = server.requests
    assert [message["role"] for message in request.messages] == ["system", "user", "assistant"]
    assert request.messages[1]["content"] == "Question: Who?"
    assert request.body["stop"] == list(CLOSING_TAGS)
    assert request.stream


async def test_a_closing_tag_that_the_stop_sequence_swallowed_is_put_back() -> None:
    with chat_server(Say(SEARCH.removesuffix("</search>"))) as server:
        emission, pieces = await act(server.url)
    assert emission.text == "".join(pieces) == SEARCH


async def test_what_follows_the_action_is_not_taken() -> None:
    with chat_server(Say(f"{SEARCH}<information>made up</information>")) as server:
        emission, _ = await act(server.url)
    assert emission.text == SEARCH


async def test_a_turn_that_was_cut_off_stays_open() -> None:
    torn = SEARCH.removesuffix("</search>")
    with chat_server(Say(torn, finish_reason="length")) as server:
        emission, _ = await act(server.url)
    assert emission.text == torn
    assert emission.status == "length"


async def test_its_tokens_are_unknown_and_it_says_so() -> None:
    with chat_server(Say(SEARCH)) as server:
        emission, _ = await act(server.url)
    assert emission.untrainable == "text only: no tokenizer was given for openai:tiny"
    assert emission.token_ids is None and emission.logprobs is None and emission.read == ()


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_an_empty_reply_is_the_policys_mistake(text: str) -> None:
    with chat_server(Say(text)) as server:
        emission, _ = await act(server.url)
    assert emission.status == "empty"


async def test_a_reply_that_ran_out_of_tokens_in_thought_is_cut_and_not_empty() -> None:
    with chat_server(Say("", finish_reason="length")) as server:
        emission, _ = await act(server.url)
    assert emission.status == "length"


async def test_the_runs_and_the_policys_settings_go_along() -> None:
    settings = PolicySettings(top_p=0.9, top_k=20, max_tokens=300)
    observation = replace(at_start(), temperature=0.5, seed=7)
    with chat_server(Say(SEARCH), Say(SEARCH), Say(SEARCH)) as server:
        asked = policy(server.url, settings=settings)
        await asked.act(observation, print_nothing)
        await asked.act(observation, print_nothing)
        await asked.act(at_later_turn(observation), print_nothing)
    first, again, later = (request.body for request in server.requests)
    wanted = {"top_p": 0.9, "top_k": 20, "max_tokens": 300, "temperature": 0.5}
    assert {name: first[name] for name in wanted} == wanted
    assert first["seed"] == again["seed"] != later["seed"]


async def test_without_settings_the_endpoint_has_its_own() -> None:
    with chat_server(Say(SEARCH)) as server:
        await act(server.url)
    assert not {"top_p", "top_k", "temperature", "seed"} & server.requests[0].body.keys()


TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."


@pytest.mark.parametrize(
    "refusal",
    [
        Refuse(400, TOO_LONG),
        Refuse(400, "no", code="context_length_exceeded"),
        Refuse(400, "However, the model's context length is only 4096 tokens, resulting in …"),
        Refuse(413, "The decoder prompt is longer than the maximum model length of 4096."),
    ],
)
async def test_a_prompt_without_room_ends_the_run_and_is_no_failure(refusal: Refuse) -> None:
    with chat_server(answer=lambda request: refusal) as server:
        emission, pieces = await act(server.url)
    assert (emission.status, emission.text, pieces) == ("context", "", [])


async def test_a_turn_that_is_too_long_to_fit_is_asked_for_as_long_as_it_can_be() -> None:
    def answer(request: ChatRequest) -> Reply:
        return Refuse(400, TOO_LONG) if "max_tokens" in request.body else Say(SEARCH)

    with chat_server(answer=answer) as server:
        emission, _ = await act(server.url)
    assert (emission.status, emission.text) == ("ok", SEARCH)
    assert len(server.requests) == 2


async def test_tokens_are_counted_for_each_turn_and_for_all() -> None:
    with chat_server(Say("one two three"), Say("four")) as server:
        asked = policy(server.url)
        first = await asked.act(at_start(), print_nothing)
        second = await asked.act(at_start(), print_nothing)
    assert (first.usage.completion_tokens, second.usage.completion_tokens) == (3, 1)
    assert first.usage.cost is None
    assert first.usage.prompt_tokens
    assert asked.usage == Usage(
        prompt_tokens=2 * first.usage.prompt_tokens, completion_tokens=4, cost=None
    )


async def test_tokens_have_the_price_that_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSEARCH_PRICE_PROMPT", "0.5")
    monkeypatch.setenv("CROSEARCH_PRICE_COMPLETION", "100")
    with chat_server(Say("one two three")) as server:
        asked = policy(server.url)
        emission = await asked.act(at_start(), print_nothing)
    prompt = emission.usage.prompt_tokens
    assert prompt
    assert emission.usage.cost == pytest.approx((0.5 * prompt + 300) / 1e6)
    assert asked.usage.cost == emission.usage.cost


def test_its_fingerprint_tells_models_and_settings_apart_but_not_places_nor_keys() -> None:
    def fingerprint(
        model: str = "tiny", url: str = "http://host/v1", **settings: float | None
    ) -> str:
        chosen = PolicySettings(top_p=settings.get("top_p"))
        return OpenAIPolicy(model, settings=chosen, base_url=url, api_key=KEY).fingerprint

    assert isinstance(policy("http://host/v1"), Fingerprinted)
    assert fingerprint() == fingerprint() == fingerprint(url="http://me:password@host/v1?key=s")
    assert fingerprint() == fingerprint(url="http://other/v1")
    assert len({fingerprint(), fingerprint("big"), fingerprint(top_p=0.9)}) == 3


def test_settings_of_local_models_are_refused() -> None:
    for settings in (PolicySettings(adapter="lora"), PolicySettings(device="cpu")):
        with pytest.raises(UsageError, match="is a setting of local models"):
            policy("http://host/v1", settings=settings)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Refuse(401, f"Incorrect API key provided: {KEY}"), "refused the API key"),
        (Refuse(429, "slow down"), "too many requests"),
        (Refuse(500, "boom"), "HTTP 500"),
        (Garbage(), "tiny"),
        (Half(), "broke off"),
    ],
    ids=["401", "429", "500", "garbage", "half a stream"],
)
async def test_a_failure_is_one_clear_line_without_the_key(reply: Reply, said: str) -> None:
    with chat_server(reply, reply) as server, pytest.raises(PolicyError) as raised:
        await act(server.url)
    message = str(raised.value)
    assert said in message and "tiny" in message
    assert KEY not in message and "\n" not in message


async def test_a_server_that_is_down_is_told() -> None:
    with pytest.raises(PolicyError, match="cannot be reached"):
        await act(refused_url())


async def test_a_server_that_never_replies_is_given_up() -> None:
    with chat_server(Hang()) as server, pytest.raises(PolicyError, match="within 0.3 s|in time"):
        await act(server.url, timeout=0.3)


async def test_a_failure_that_passes_is_tried_again() -> None:
    with chat_server(Refuse(429, retry_after="0"), Say(SEARCH)) as server:
        emission, _ = await act(server.url)
    assert emission.text == SEARCH
    assert len(server.requests) == 2


async def test_cancelling_the_turn_cancels_the_request() -> None:
    with chat_server(Hang()) as server:
        task = asyncio.create_task(policy(server.url).act(at_start(), print_nothing))
        while not server.requests:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def print_nothing(piece: str) -> None:
    """Take a piece, and do nothing with it."""


def test_a_policy_without_a_model_or_an_address_is_refused() -> None:
    with pytest.raises(UsageError):
        OpenAIPolicy("", base_url="http://127.0.0.1:1/v1")
    with pytest.raises(UsageError):
        OpenAIPolicy("tiny", base_url="nowhere")


def test_its_name_tells_the_model() -> None:
    assert policy("http://127.0.0.1:1/v1").name == "openai:tiny"
