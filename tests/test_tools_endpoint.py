"""An endpoint keeps its connections, is waited for while it is down, and is not flooded."""

import asyncio
import gc
import threading
import time
import warnings

import pytest
from chat_server import ChatRequest, Refuse, Reply, Say, chat_server
from servers import free_port

from crosearch.tools.errors import UsageError
from crosearch.tools.openai_client import ChatEndpoint, EndpointError, Message

HELLO: list[Message] = [{"role": "user", "content": "Say hello in French"}]


def ignore(piece: str) -> None:
    """Take a piece of a stream, and do nothing with it."""


@pytest.mark.parametrize("emit", [None, ignore], ids=["whole", "streamed"])
async def test_calls_one_after_the_other_go_over_one_connection(emit: object) -> None:
    with chat_server(answer=lambda request: Say("Bonjour")) as server:
        model = ChatEndpoint("tiny", base_url=server.url)
        for _ in range(4):
            await model.complete(HELLO, emit=ignore if emit else None)
        assert len({request.connection for request in server.requests}) == 1


async def test_no_more_calls_are_under_way_than_allowed() -> None:
    under_way, most = 0, 0
    counting = threading.Lock()

    def answer(request: ChatRequest) -> Reply:
        nonlocal under_way, most
        with counting:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with counting:
            under_way -= 1
        return Say("Bonjour")

    with chat_server(answer=answer) as server:
        model = ChatEndpoint("tiny", base_url=server.url, concurrency=3)
        await asyncio.gather(*(model.complete(HELLO) for _ in range(12)))
    assert most == 3


async def test_the_time_spent_waiting_for_a_place_is_not_the_calls() -> None:
    def answer(request: ChatRequest) -> Reply:
        time.sleep(0.25)
        return Say("Bonjour")

    with chat_server(answer=answer) as server:
        model = ChatEndpoint("tiny", base_url=server.url, concurrency=1, timeout=1.0)
        replies = await asyncio.gather(*(model.complete(HELLO) for _ in range(6)))
    assert len(replies) == 6


def test_a_loop_closes_its_connections_when_it_ends() -> None:
    async def call() -> None:
        model = ChatEndpoint("tiny", base_url=server.url)
        await asyncio.gather(*(model.complete(HELLO) for _ in range(3)))

    with warnings.catch_warnings(), chat_server(answer=lambda request: Say("x")) as server:
        warnings.simplefilter("error", ResourceWarning)
        asyncio.run(call())
        gc.collect()


def test_an_endpoint_that_answered_before_is_waited_for_while_it_is_down() -> None:
    port = free_port()

    async def call_again(model: ChatEndpoint) -> list[str]:
        replies = await asyncio.gather(*(model.complete(HELLO) for _ in range(4)))
        return [reply.text for reply in replies]

    async def story() -> list[str]:
        model = ChatEndpoint(
            "tiny", base_url=f"http://127.0.0.1:{port}/v1", retries=1, backoff=0.05
        )
        with chat_server(answer=lambda request: Say("before"), port=port):
            await model.complete(HELLO)
        later = asyncio.create_task(call_again(model))
        await asyncio.sleep(2)
        with chat_server(answer=lambda request: Say("after"), port=port):
            return await later

    assert asyncio.run(story()) == ["after"] * 4


async def test_an_endpoint_that_never_answered_is_given_up_soon() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    model = ChatEndpoint("tiny", base_url=url, retries=2, backoff=0.01)
    with pytest.raises(EndpointError, match="cannot be reached") as raised:
        await model.complete(HELLO)
    assert raised.value.down


async def test_a_server_that_answers_with_errors_is_not_waited_for_longer() -> None:
    replies: list[Reply] = [Say("Bonjour"), *[Refuse(500)] * 9]
    with chat_server(*replies) as server:
        model = ChatEndpoint("tiny", base_url=server.url, retries=2, backoff=0.001)
        await model.complete(HELLO)
        with pytest.raises(EndpointError, match="HTTP 500"):
            await model.complete(HELLO)
    assert len(server.requests) == 4


def test_a_concurrency_that_allows_no_call_is_refused() -> None:
    with pytest.raises(UsageError, match="concurrency is 0; it must be at least 1"):
        ChatEndpoint("tiny", base_url="http://host/v1", concurrency=0)
