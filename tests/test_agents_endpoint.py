"""The endpoint policy speaks to a real server, and turns each of its failures into one line."""

import asyncio

import pytest
from chat_server import Garbage, Half, Hang, Refuse, Reply, Say, chat_server, refused_url
from observations import observe

from crosearch.agents.actions import CLOSING_TAGS
from crosearch.agents.endpoint import OpenAIPolicy
from crosearch.agents.policy import Emission, Observation
from crosearch.agents.prompts import open_transcript
from crosearch.agents.transcript import Segment
from crosearch.tools.errors import PolicyError, UsageError
from crosearch.tools.languages import Language

KEY = "sk-very-secret-0123456789"
SEARCH = '<think>It is French.</think><search lang="fr">phare</search>'


def policy(url: str, *, timeout: float = 20.0, retries: int = 1) -> OpenAIPolicy:
    return OpenAIPolicy(
        "tiny", base_url=url, api_key=KEY, timeout=timeout, retries=retries, backoff=0.001
    )


def at_start() -> Observation:
    transcript = open_transcript(
        "Who?", Language("en"), languages={Language("fr"): 3}, turns=4, searches=2
    )
    return observe(transcript=[*transcript, Segment(kind="policy", text="hm")])


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


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Refuse(401, f"Incorrect API key provided: {KEY}"), "refused the API key"),
        (Refuse(429, "slow down"), "too many requests"),
        (Refuse(500, "boom"), "HTTP 500"),
        (Garbage(), "tiny"),
        (Half(), "broke off"),
        (Say(""), "empty reply"),
        (Say("  \n"), "empty reply"),
    ],
    ids=["401", "429", "500", "garbage", "half a stream", "nothing", "blank"],
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
