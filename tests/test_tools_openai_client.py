"""A chat endpoint replies, or says in one line why not; no failure tells a secret."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from chat_server import (
    ChatServer,
    Garbage,
    Half,
    Hang,
    Refuse,
    Reply,
    Say,
    chat_server,
    refused_url,
)
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from crosearch.tools.completions import StreamedReply, cut_at_stop
from crosearch.tools.errors import UsageError
from crosearch.tools.openai_client import ChatEndpoint, EndpointError, Message

KEY = "sk-very-secret-0123456789"
HELLO: list[Message] = [{"role": "user", "content": "Say hello in French"}]


def endpoint(url: str, *, timeout: float = 20.0, retries: int = 2) -> ChatEndpoint:
    return ChatEndpoint(
        "tiny", base_url=url, api_key=KEY, timeout=timeout, retries=retries, backoff=0.001
    )


def ignore(piece: str) -> None:
    """Take a piece of a stream, and do nothing with it."""


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def fail(server_url: str, *, streamed: bool, timeout: float = 20.0) -> str:
    """Ask, expect a failure, and give what it says."""
    with pytest.raises(EndpointError) as raised:
        await endpoint(server_url, timeout=timeout).complete(
            HELLO, emit=ignore if streamed else None
        )
    message = str(raised.value)
    assert KEY not in message and "\n" not in message
    return message


async def test_a_reply_comes_with_its_reason_and_counts() -> None:
    with chat_server(Say("Bonjour le monde")) as server:
        completion = await endpoint(server.url).complete(HELLO, max_tokens=50, temperature=0.5)
    assert completion.text == "Bonjour le monde"
    assert completion.finish_reason == "stop"
    assert (completion.prompt_tokens, completion.completion_tokens) == (4, 3)
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    body = {name: request.body[name] for name in ("model", "messages", "max_tokens", "temperature")}
    assert body == {"model": "tiny", "messages": HELLO, "max_tokens": 50, "temperature": 0.5}
    assert "stop" not in request.body and "stream" not in request.body


async def test_a_streamed_reply_is_emitted_as_it_comes_and_is_the_same() -> None:
    pieces: list[str] = []
    with chat_server(Say("Bonjour à tous, 世界", finish_reason="length")) as server:
        completion = await endpoint(server.url).complete(HELLO, emit=pieces.append)
    assert len(pieces) > 1
    assert "".join(pieces) == completion.text == "Bonjour à tous, 世界"
    assert completion.finish_reason == "length"
    assert (completion.prompt_tokens, completion.completion_tokens) == (4, 4)


async def test_a_stop_string_ends_the_reply_even_where_the_server_goes_on(streamed: bool) -> None:
    pieces: list[str] = []
    with chat_server(Say("<answer>Oui</answer> and more")) as server:
        completion = await endpoint(server.url).complete(
            HELLO, stop=["</answer>"], emit=pieces.append if streamed else None
        )
    assert completion.text == "<answer>Oui"
    assert server.requests[0].body["stop"] == ["</answer>"]
    assert not streamed or "".join(pieces).startswith("<answer>Oui")


async def test_no_part_of_a_stop_string_is_emitted() -> None:
    pieces: list[str] = []
    with chat_server(Say("a < b </an <answer>Oui</answer> more")) as server:
        completion = await endpoint(server.url).complete(
            HELLO, stop=["</answer>", "</search>"], emit=pieces.append
        )
    assert "".join(pieces) == completion.text == "a < b </an <answer>Oui"
    assert len(pieces) > 2


async def test_what_looked_like_a_stop_string_is_emitted_in_the_end() -> None:
    pieces: list[str] = []
    with chat_server(Say("<answer>Oui</ans")) as server:
        completion = await endpoint(server.url).complete(
            HELLO, stop=["</answer>"], emit=pieces.append
        )
    assert "".join(pieces) == completion.text == "<answer>Oui</ans"


@given(
    text=st.lists(st.sampled_from(["</ab>", "</", "ab", "b", "<", "x", ">"])).map("".join),
    cuts=st.lists(st.integers(0, 40)),
    stops=st.sets(st.sampled_from(["</ab>", "</xb>", "b<"])),
)
def test_however_a_reply_is_cut_its_pieces_are_what_stands_before_the_first_stop_string(
    text: str, cuts: list[int], stops: set[str]
) -> None:
    emitted: list[str] = []
    reply = StreamedReply(stop=sorted(stops), emit=emitted.append)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    for start, end in pairwise(places):
        reply.add(chunk(text[start:end]))
        assert cut_at_stop(text, sorted(stops)).startswith("".join(emitted))
        if reply.stopped:
            break
    assert reply.completion().text == "".join(emitted) == cut_at_stop(text, sorted(stops))


def chunk(text: str) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return ChatCompletionChunk.model_validate(
        {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "tiny",
            "choices": [choice],
        }
    )


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Refuse(400, "context length exceeded"), "refused the request (HTTP 400: context length"),
        (Refuse(401, f"Incorrect API key provided: {KEY}"), "refused the API key: check OPENAI"),
        (Refuse(403, "not for you"), "does not allow this to the API key"),
        (Refuse(404, "model not found"), "knows no such model or address"),
        (Refuse(429, "used up", code="insufficient_quota"), "a quota is used up"),
        (Garbage(), "gave no chat completion but: (html)"),
        (Garbage("{]", "application/json"), "not JSON"),
        (Garbage('{"choices": []}', "application/json"), "gave no chat completion but"),
        (Garbage('{"choices": null}', "application/json"), "gave no chat completion but"),
        (Garbage("[1, 2]", "application/json"), "gave no chat completion but"),
    ],
)
async def test_what_no_retry_can_help_is_told_at_once(reply: Reply, says: str) -> None:
    with chat_server(reply, Say("too late")) as server:
        message = await fail(server.url, streamed=False)
    assert message.startswith(f"model tiny at {server.url} ")
    assert says in message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        "data: {nonsense\n\n",
        "data: [1, 2]\n\n",
        'data: {"error": {"message": "the model crashed"}}\n\n',
    ],
)
async def test_a_garbled_stream_is_told(body: str) -> None:
    def answer(request: object) -> Reply:
        return Garbage(body, "text/event-stream")

    with chat_server(answer=answer) as server:
        message = await fail(server.url, streamed=True)
    assert message.startswith(f"model tiny at {server.url} ")


@pytest.mark.parametrize("failure", [Refuse(500), Refuse(503), Refuse(429), Refuse(408)])
async def test_what_may_pass_is_tried_again(failure: Refuse, streamed: bool) -> None:
    with chat_server(failure, failure, Say("Bonjour")) as server:
        completion = await endpoint(server.url).complete(HELLO, emit=ignore if streamed else None)
    assert completion.text == "Bonjour"
    assert len(server.requests) == 3


async def test_retries_end(streamed: bool) -> None:
    with chat_server(answer=lambda request: Refuse(500, "out of memory")) as server:
        message = await fail(server.url, streamed=streamed)
    assert "failed (HTTP 500: out of memory)" in message
    assert len(server.requests) == 3


async def test_the_endpoint_says_how_long_to_wait() -> None:
    with chat_server(Refuse(429, retry_after="0.01"), Say("Bonjour")) as server:
        assert (await endpoint(server.url).complete(HELLO)).text == "Bonjour"
    soon = format_datetime(datetime.now(UTC) - timedelta(seconds=1), usegmt=True)
    with chat_server(Refuse(503, retry_after=soon), Say("Bonjour")) as server:
        assert (await endpoint(server.url).complete(HELLO)).text == "Bonjour"


async def test_a_wait_beyond_the_time_left_is_not_begun() -> None:
    with chat_server(Refuse(429, "slow down", retry_after="3600"), Say("late")) as server:
        assert "HTTP 429: slow down" in await fail(server.url, streamed=False)
    assert len(server.requests) == 1


async def test_half_a_reply_is_asked_for_again_while_nothing_was_emitted() -> None:
    with chat_server(Half(), Say("Bonjour")) as server:
        assert (await endpoint(server.url).complete(HELLO)).text == "Bonjour"
    with chat_server(Half(""), Say("Bonjour")) as server:
        assert (await endpoint(server.url).complete(HELLO, emit=ignore)).text == "Bonjour"


async def test_half_a_reply_that_was_emitted_is_an_error() -> None:
    with chat_server(Half("Bonj"), Say("Bonjour")) as server:
        assert "broke off its reply" in await fail(server.url, streamed=True)
    assert len(server.requests) == 1


async def test_nothing_within_the_time_out(streamed: bool) -> None:
    with chat_server(Hang()) as server:
        message = await fail(server.url, streamed=streamed, timeout=0.3)
    assert message == f"model tiny at {server.url} gave no reply within 0.3 s"


async def test_nobody_listens(streamed: bool) -> None:
    assert "cannot be reached" in await fail(refused_url(), streamed=streamed)


async def test_a_refused_setting_is_left_out_from_then_on() -> None:
    def answer(request: object) -> Reply:
        body = server.requests[-1].body
        for name in ("max_tokens", "temperature"):
            if name in body:
                return Refuse(400, f"no {name}", code="unsupported_parameter", param=name)
        return Say("Bonjour")

    with chat_server(answer=answer) as server:
        model = endpoint(server.url, retries=0)
        for _ in range(2):
            await model.complete(HELLO, max_tokens=9, temperature=1.0)
    assert len(server.requests) == 4
    assert server.requests[-1].body["max_completion_tokens"] == 9


async def test_a_cancelled_call_stops(streamed: bool) -> None:
    with chat_server(Hang()) as server:
        model = endpoint(server.url)
        call = asyncio.create_task(model.complete(HELLO, emit=ignore if streamed else None))
        while not server.requests:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_what_the_listener_raises_is_not_the_endpoints_failure() -> None:
    def listener(piece: str) -> None:
        raise KeyError(piece)

    with chat_server(Say("Bonjour")) as server:
        with pytest.raises(KeyError):
            await endpoint(server.url).complete(HELLO, emit=listener)


def test_one_endpoint_serves_many_event_loops() -> None:
    with chat_server(Say("un"), Say("deux")) as server:
        model = endpoint(server.url)
        assert asyncio.run(model.complete(HELLO)).text == "un"
        assert asyncio.run(model.complete(HELLO)).text == "deux"


async def test_many_runs_at_once() -> None:
    with chat_server(answer=lambda request: Say(request.messages[0]["content"])) as server:
        model = endpoint(server.url)
        texts = [f"run {number}" for number in range(20)]
        calls = [model.complete([{"role": "user", "content": text}]) for text in texts]
        assert [reply.text for reply in await asyncio.gather(*calls)] == texts


def test_the_environment_says_where_and_with_which_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve() -> ChatServer:
        with chat_server(Say("Bonjour")) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
            asyncio.run(ChatEndpoint("tiny").complete(HELLO))
        return server

    assert serve().requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_openai_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        ChatEndpoint("tiny")
    assert ChatEndpoint("tiny", base_url="http://127.0.0.1:1/v1").address


def test_wrong_settings_are_told_without_their_secrets() -> None:
    with pytest.raises(UsageError, match="localhost:8000/v1' is no address"):
        ChatEndpoint("tiny", base_url="localhost:8000/v1")
    with pytest.raises(UsageError, match="characters that no key has") as raised:
        ChatEndpoint("tiny", api_key="sk-ключ")
    assert "ключ" not in str(raised.value)
    with pytest.raises(UsageError, match="a model's name"):
        ChatEndpoint(" ", api_key=KEY)
    assert (
        ChatEndpoint("m", base_url="https://me:pw@host:1/v1?key=s").address == "https://host:1/v1"
    )
