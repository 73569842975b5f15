"""Chroma, reached in one way: a folder on this machine, or a server.

What is learnt of Chroma and not in its manual is kept here:

- In a folder, its vector files are rewritten in place. A process that reads them meanwhile fails
  or crashes, and one that opened them earlier does not see what was added. So reading holds a
  shared lock, writing a batch an exclusive one, and a reader opens the folder again after a write.
- A process that is killed while it rewrites them leaves them torn, and opening torn files may
  crash: `torn_collections` tells them without opening them. Texts and metadata are in SQLite and
  stay whole.
- The HTTP client has no time limit of its own.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crosearch.tools.errors import CroSearchError, StoreError, UsageError
from crosearch.tools.threads import expect_waiting

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 30.0
"""How long a server may take to answer; a batch of vectors is written in under a second."""

_PAGE = 100

_PICKLE_ENDS = (b"u.", b"s.", b"}.", b"b.")
"""How a pickle of a record ends: something is set or built, and then a stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerAddress:
    """Where a Chroma server listens."""

    host: str
    port: int
    ssl: bool

    def __str__(self) -> str:
        """Write it as an address, without the user and password that a URL may hold."""
        return f"http{'s' if self.ssl else ''}://{self.host}:{self.port}"


def parse_address(url: str) -> ServerAddress:
    """Read `http(s)://host:port`.

    Raises:
        UsageError: It is not of that form.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 8000)
    except ValueError:
        port = 0
    if not (parts.hostname and port) or parts.path.strip("/") or parts.query or parts.username:
        shown = f"{parts.scheme}://{parts.hostname or ''}…"
        raise UsageError(f"a Chroma server is given as http(s)://host:port, not {shown!r}")
    return ServerAddress(host=parts.hostname, port=port, ssl=parts.scheme == "https")


@contextmanager
def store_boundary(what: str) -> Iterator[None]:
    """Turn whatever Chroma, SQLite or the network raise into a `StoreError` that names the store.

    Chroma raises its own errors, `ValueError`, bare `Exception` and httpx's, by place and chance.
    """
    try:
        yield
    except CroSearchError:
        raise
    except Exception as error:
        raise StoreError(f"the store {what} failed: {_explain(error)}") from error


def open_folder(folder: Path) -> "ClientAPI":
    """Open a folder anew: what other processes wrote since it was opened last is seen."""
    from chromadb.api.client import Client
    from chromadb.api.rust import RustBindingsAPI
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings, System

    system = System(
        Settings(
            chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
            is_persistent=True,
            persist_directory=str(folder),
            anonymized_telemetry=False,
        )
    )
    system.start()
    # Begun here, it fails with its own error; begun by the client, with one of cleaning up.
    system.instance(RustBindingsAPI)
    client = Client.from_system(system)
    # Chroma would keep the system, vectors and all, and give it to who opens the folder next.
    SharedSystemClient._identifier_to_system.pop(str(folder), None)
    return client


def open_server(address: ServerAddress, headers: Mapping[str, str]) -> "ClientAPI":
    """Connect to a server.

    Raises:
        StoreError: It does not answer as a Chroma server does.
    """
    import httpx

    with httpx.Client(headers=headers, timeout=CONNECT_SECONDS) as probe:
        # The client made below would wait for ever for a server that accepts and does not answer.
        answer = probe.get(f"{address}/api/v2/heartbeat")
    if answer.status_code in (401, 403):
        raise StoreError(f"the Chroma server {address} refused the credentials")
    if answer.status_code != 200:
        raise StoreError(f"{address} answers {answer.status_code}: no Chroma server of API v2")
    expect_waiting()
    return _connect(address, headers)


def list_collections(client: "ClientAPI") -> "Iterator[Collection]":
    """List all collections; a server gives them in pages."""
    offset = 0
    while page := client.list_collections(limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def torn_collections(folder: Path, names: Iterator[str]) -> frozenset[str]:
    """Tell which collections' vector files a killed process left half-written.

    Chroma writes `index_metadata.pickle` last: torn are files newer than it, or it itself, cut
    short. It is looked at and never loaded.
    """
    return frozenset(name for name in names if _is_torn(folder / (_segment(folder, name) or ".")))


def drop_vector_files(folder: Path, name: str) -> None:
    """Remove a collection's torn vector files, so that its texts can be read out of it."""
    if segment := _segment(folder, name):
        shutil.rmtree(folder / segment, ignore_errors=True)


def _is_torn(segment: Path) -> bool:
    table = segment / "index_metadata.pickle"
    if not table.is_file():
        # Nothing was persisted yet: Chroma begins from its log, which SQLite keeps whole.
        return False
    written = table.stat().st_mtime_ns
    if any(file.stat().st_mtime_ns > written for file in segment.glob("*.bin")):
        return True
    with table.open("rb") as content:
        content.seek(-min(2, table.stat().st_size), SEEK_END)
        return not content.read().endswith(_PICKLE_ENDS)


def _segment(folder: Path, name: str) -> str | None:
    """Find the folder of a collection's vector files; only Chroma's own table knows it."""
    query = (
        "SELECT segments.id FROM segments JOIN collections ON segments.collection = collections.id "
        "WHERE segments.scope = 'VECTOR' AND collections.name = ?"
    )
    path = f"{(folder / 'chroma.sqlite3').absolute().as_uri()}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, uri=True)) as database:
        row: tuple[str] | None = database.execute(query, (name,)).fetchone()
        return row[0] if row else None
    return None


def _connect(address: ServerAddress, headers: Mapping[str, str]) -> "ClientAPI":
    import httpx
    from chromadb.api.client import Client
    from chromadb.api.fastapi import FastAPI
    from chromadb.config import Settings

    client = Client(
        settings=Settings(
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=address.host,
            chroma_server_http_port=address.port,
            chroma_server_ssl_enabled=address.ssl,
            chroma_server_headers=dict(headers),
            anonymized_telemetry=False,
        )
    )
    server = client._server
    if isinstance(server, FastAPI):
        # There is no setting for it.
        server._session.timeout = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)
    return client


def _explain(error: Exception) -> str:
    """Say in one line what went wrong; the usual causes in plain words."""
    kind, text = type(error).__name__, " ".join(str(error).split())
    lowered = text.lower()
    if "connecterror" in kind.lower() or "could not connect" in lowered:
        return "it cannot be reached; is the server running?"
    if "timeout" in kind.lower():
        return "it did not answer in time"
    if kind in {"RemoteProtocolError", "ReadError", "WriteError", "CloseError"}:
        return "the connection broke; is the server still running?"
    if "disk is full" in lowered or "no space left" in lowered:
        return "the disk is full"
    if "readonly" in lowered or "read-only" in lowered or "permission denied" in lowered:
        return "it is read-only, and Chroma has to write to a folder even to read it"
    if kind in {"AuthorizationError", "ChromaAuthError"}:
        return "it refused the credentials"
    return text[:300] or kind
