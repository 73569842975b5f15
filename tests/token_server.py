"""A model server of the tests' own: vLLM's dialect over real HTTP, from a real local model.

    with token_server(folder, "busy", "no_ids") as server:
        OpenAIPolicy("tiny", base_url=server.url, settings=PolicySettings(tokenizer=str(folder)))

Each request for a completion meets the next of the given faults, and none once they are spent.
"""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from servers import free_port
from token_engine import Engine, LogprobsMode
from token_engine import Request as Work
from token_replies import Fault, complete_reply, stream_reply, too_long


@dataclass
class TokenServer:
    """A server that may be stopped, and started again at the same address."""

    app: FastAPI
    engine: Engine
    port: int
    requests: list[dict[str, object]]
    faults: deque[Fault]
    connections: set[tuple[str, int]]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Serve until it is stopped."""
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not come up"
            time.sleep(0.01)

    def stop(self) -> None:
        """Close the port and all connections."""
        assert self._server is not None and self._thread is not None
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def token_server(
    folder: Path,
    *faults: Fault,
    logprobs_mode: LogprobsMode = "raw_logprobs",
    context: int | None = None,
) -> Iterator[TokenServer]:
    """Serve the model of a folder under the name `tiny` until the block ends."""
    app = FastAPI()
    server = TokenServer(
        app=app,
        engine=Engine(folder, logprobs_mode=logprobs_mode, context=context),
        port=free_port(),
        requests=[],
        faults=deque(faults),
        connections=set(),
    )
    _route(app, server)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _route(app: FastAPI, server: TokenServer) -> None:
    @app.get("/v1/models")
    def models() -> object:
        return {"data": [{"id": "tiny", "max_model_len": server.engine.context}]}

    @app.post("/tokenize")
    async def tokenize(request: Request) -> object:
        body = await request.json()
        ids = _chat_ids(server, body) if "messages" in body else _text_ids(server, body)
        return {"tokens": ids, "count": len(ids), "max_model_len": server.engine.context}

    @app.post("/v1/completions")
    async def completions(request: Request) -> Response:
        body = await request.json()
        prompt = body["prompt"]
        ids = _text_ids(server, body) if isinstance(prompt, str) else prompt
        return await _serve(server, request, body, ids, chat=False)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = await request.json()
        return await _serve(server, request, body, _chat_ids(server, body), chat=True)


def _text_ids(server: TokenServer, body: dict[str, object]) -> list[int]:
    return [*server.engine.tokenizer.encode(str(body["prompt"]))]


def _chat_ids(server: TokenServer, body: dict[str, object]) -> list[int]:
    text = server.engine.tokenizer.apply_chat_template(
        body["messages"],  # type: ignore[arg-type]  # JSON from outside
        tokenize=False,
        add_generation_prompt=True,
    )
    return [*server.engine.tokenizer.encode(str(text), add_special_tokens=False)]


async def _serve(
    server: TokenServer, request: Request, body: dict[str, object], ids: list[int], *, chat: bool
) -> Response:
    server.requests.append(body)
    if request.client:
        server.connections.add((request.client.host, request.client.port))
    fault = server.faults.popleft() if server.faults else "none"
    if refused := _refuse(fault):
        return refused
    if fault == "hang":
        while not await request.is_disconnected():
            await asyncio.sleep(0.02)
    work = _work(body, ids, chat=chat)
    if refusal := too_long(work, server.engine.context):
        return _error(400, refusal)
    answer = await run_in_threadpool(server.engine.answer, work)
    reply = complete_reply(body, ids, answer, fault, chat=chat)
    if body.get("stream"):
        return StreamingResponse(stream_reply(reply), media_type="text/event-stream")
    text = json.dumps(reply)  # NaN is written as such
    if fault == "half":
        headers = {"Content-Length": str(len(text) + 100)}
        return StreamingResponse(iter([text]), headers=headers, media_type="application/json")
    return Response(text, media_type="application/json")


def _refuse(fault: Fault) -> Response | None:
    if fault == "busy":
        return _error(429, "slow down", {"Retry-After": "0.05"})
    if fault == "crash":
        return _error(500, "EngineCore encountered an issue")
    if fault == "garbage":
        return Response("<html>Welcome to the proxy</html>", media_type="text/html")
    return None


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    error = {"message": message, "type": "error", "param": None, "code": status}
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def _work(body: dict[str, object], ids: list[int], *, chat: bool) -> Work:
    def number(name: str, default: float) -> float:
        value = body.get(name)
        return float(value) if isinstance(value, int | float) else default

    stop = body.get("stop") or []
    seed = body.get("seed")
    return Work(
        prompt=ids,
        max_tokens=int(number("max_tokens", 1_000 if chat else 16)),
        temperature=number("temperature", 1.0),
        top_p=number("top_p", 1.0),
        top_k=int(number("top_k", -1)),
        seed=seed if isinstance(seed, int) else None,
        stop=tuple(map(str, stop)) if isinstance(stop, list) else (str(stop),),
        keep_stop=bool(body.get("include_stop_str_in_output")),
        keep_special=body.get("skip_special_tokens") is False,
        top_logprobs=int(number("logprobs", 0)),
    )
