"""A chat endpoint of the tests' own: real HTTP in the OpenAI dialect, with scripted replies.

    with chat_server(Say("<answer>Paris [1]</answer>"), Refuse(500)) as server:
        ChatEndpoint("tiny", base_url=server.url, api_key="none")

Each request takes the next reply of the script; a function in its place answers every request.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict

from servers import free_port


class ChatMessage(TypedDict):
    role: str
    content: str


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, object]
    messages: list[ChatMessage]
    connection: int
    """The client's port: the same for requests that came over one connection."""

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True


@dataclass(frozen=True)
class Say:
    """A whole reply; streamed, it comes a few characters at a time."""

    text: str
    finish_reason: str = "stop"


@dataclass(frozen=True)
class Refuse:
    """An HTTP error in OpenAI's form."""

    status: int
    message: str = "no"
    code: str | None = None
    param: str | None = None
    retry_after: str | None = None


@dataclass(frozen=True)
class Garbage:
    """Status 200 and a body that is no chat completion."""

    body: str = "<html>Welcome to the proxy</html>"
    content_type: str = "text/html"


@dataclass(frozen=True)
class Half:
    """The beginning of a reply, and then the connection ends."""

    text: str = "<think>I was about to"


@dataclass(frozen=True)
class Hang:
    """The request is taken, and nothing comes back while the server lives."""


Reply = Say | Refuse | Garbage | Half | Hang
Script = Callable[[ChatRequest], Reply]


@dataclass
class ChatServer:
    """A running server."""

    url: str
    requests: list[ChatRequest] = field(default_factory=list[ChatRequest])
    stopping: threading.Event = field(default_factory=threading.Event)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # many runs call at once

    def __init__(self, chat: ChatServer, script: Script, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.chat = chat
        self.script = script


@contextmanager
def chat_server(
    *replies: Reply, answer: Script | None = None, port: int = 0
) -> Iterator[ChatServer]:
    """Serve the replies in their order, or what `answer` says to each request, until the end."""
    script = answer or _in_order(replies)
    server = ChatServer(url="")
    httpd = _HTTPServer(server, script, port)
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}/v1"
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def refused_url() -> str:
    """Give an address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}/v1"


def _in_order(replies: Sequence[Reply]) -> Script:
    left = iter(replies)
    lock = threading.Lock()

    def reply(request: ChatRequest) -> Reply:
        with lock:
            return next(left, Refuse(400, "the test's script has no further reply"))

    return reply


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _scripted(self) -> _HTTPServer:
        assert isinstance(self.server, _HTTPServer)
        return self.server

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client may leave while its next request is awaited
            super().handle()

    def do_POST(self) -> None:
        if self._scripted.chat.stopping.is_set():
            self.close_connection = True
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = ChatRequest(
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            messages=body["messages"],
            connection=self.client_address[1],
        )
        self._scripted.chat.requests.append(request)
        try:
            self._reply(self._scripted.script(request), request)
        except OSError:
            self.close_connection = True  # the client has gone

    def _reply(self, reply: Reply, request: ChatRequest) -> None:
        match reply:
            case Say():
                self._say(reply, request)
            case Refuse():
                self._refuse(reply)
            case Garbage():
                self._send(200, reply.content_type, reply.body)
            case Half():
                self._begin(request, reply.text)
            case Hang():
                self._scripted.chat.stopping.wait()
                self.close_connection = True

    def _say(self, reply: Say, request: ChatRequest) -> None:
        if not request.stream:
            self._send(200, "application/json", json.dumps(_completion(reply, request)))
            return
        self._start_stream()
        for start in range(0, len(reply.text), 7):
            self._event(_chunk({"content": reply.text[start : start + 7]}))
        self._event(_chunk({}, reply.finish_reason))
        self._event({**_chunk({}), "choices": [], "usage": _usage(reply, request)})
        self._chunk_of_body(b"data: [DONE]\n\n")
        self._chunk_of_body(b"")

    def _refuse(self, reply: Refuse) -> None:
        error = {
            "message": reply.message,
            "type": "error",
            "code": reply.code,
            "param": reply.param,
        }
        headers = {"Retry-After": reply.retry_after} if reply.retry_after else {}
        self._send(reply.status, "application/json", json.dumps({"error": error}), headers)

    def _begin(self, request: ChatRequest, text: str) -> None:
        if request.stream:
            self._start_stream()
            self._event(_chunk({"content": text}))
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(json.dumps(_completion(Say(text), request))[:-20].encode())
        self.wfile.flush()
        self.close_connection = True

    def _send(
        self, status: int, kind: str, body: str, headers: dict[str, str] | None = None
    ) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _start_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _event(self, data: dict[str, object]) -> None:
        self._chunk_of_body(f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode())

    def _chunk_of_body(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests' output is not the place."""


def _completion(reply: Say, request: ChatRequest) -> dict[str, object]:
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 0,
        "model": request.body["model"],
        "choices": [choice],
        "usage": _usage(reply, request),
    }


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, object]:
    return {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "tiny",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


def _usage(reply: Say, request: ChatRequest) -> dict[str, int]:
    """Count words for tokens."""
    prompt = sum(len(message["content"].split()) for message in request.messages)
    completion = len(reply.text.split())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
