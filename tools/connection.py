"""A store's place on this machine, and the connection to the Chroma behind it."""

import hashlib
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.tools.chroma import (
    ServerAddress,
    list_collections,
    open_folder,
    open_server,
    parse_address,
    store_boundary,
    torn_collections,
)
from crosearch.tools.errors import StoreError
from crosearch.tools.lock import access_lock
from crosearch.tools.records import read_record
from crosearch.tools.settings import home

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_LISTING_SECONDS = 2.0
"""How long the list of a server's collections is believed; a folder's is as fresh as its stamp."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a store is: Chroma's data, and what lies beside them on this machine."""

    label: str
    """How messages name it: the folder as it was given, or the server's address."""
    folder: Path
    """The store's folder; for a server a folder of this machine for the lexical indexes."""
    server: ServerAddress | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Sent with each request to the server; they may hold secrets."""

    @property
    def chroma(self) -> Path:
        """Chroma's own folder."""
        return self.folder / "chroma"

    @property
    def writer_lock(self) -> Path:
        """Held while somebody ingests."""
        return self.folder / "writer.lock"

    @property
    def access_lock(self) -> Path:
        """Held shared for a read, exclusively while a batch is written."""
        return self.folder / "access.lock"

    @property
    def rebuild_lock(self) -> Path:
        """Held while a reader makes lexical indexes."""
        return self.folder / "rebuild.lock"

    @property
    def stamp(self) -> Path:
        """Replaced after each batch, so that readers open Chroma's folder again."""
        return self.folder / "stamp"

    def catalog(self, corpus: str) -> Path:
        """Return the file that knows a corpus' documents."""
        return self.folder / f"{corpus}.catalog.sqlite3"

    def lexical(self, collection: "Collection") -> Path:
        """Return the folder of the lexical index that belongs to a collection of passages."""
        return self.folder / "lexical" / f"{collection.name}.{collection.id.hex[:12]}"

    def exists(self) -> bool:
        """Tell whether there is a store; a server's is only known by asking it."""
        return self.server is not None or (self.chroma / "chroma.sqlite3").is_file()

    def make(self) -> None:
        """Make the folder for writing.

        Raises:
            StoreError: It cannot be made.
        """
        try:
            (self.chroma if self.server is None else self.folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(f"cannot write to the store {self.label}: {reason}") from error


def find_place(location: str | Path, headers: Mapping[str, str]) -> Place:
    """Tell a folder from a server's address; nothing is opened or made."""
    text = str(location)
    if not text.lower().startswith(("http://", "https://")):
        return Place(label=text, folder=Path(location).expanduser())
    address = parse_address(text)
    key = hashlib.sha256(str(address).encode()).hexdigest()[:16]
    return Place(
        label=str(address),
        folder=home() / "servers" / key,
        server=address,
        headers=dict(headers),
    )


class Connection:
    """An open Chroma, folder or server, as one sees it; may be used by several threads."""

    def __init__(self, place: Place) -> None:
        """Hold the place; it is opened when it is first used."""
        self.place = place
        self._mutex = threading.Lock()
        self._client: ClientAPI | None = None
        self._collections: dict[str, Collection] | None = None
        self._torn: frozenset[str] = frozenset()
        self._seen: tuple[int, int] | None = None
        self._listed = 0.0

    @contextmanager
    def reading(self) -> "Iterator[Mapping[str, Collection]]":
        """Read: gives the collections by name, as they are now or were two seconds ago.

        Raises:
            StoreError: Chroma failed, here or in the block.
        """
        if self.place.server is not None:
            with store_boundary(self.place.label):
                yield self._snapshot()
            return
        with access_lock(self.place.access_lock, exclusive=False):
            with store_boundary(self.place.label):
                self._follow()
                yield self._snapshot()

    @contextmanager
    def writing(self) -> "Iterator[ClientAPI]":
        """Write one batch; readers wait meanwhile, and see it afterwards.

        Raises:
            StoreError: Chroma failed, here or in the block.
        """
        if self.place.server is not None:
            with store_boundary(self.place.label):
                yield self._open()
            return
        with access_lock(self.place.access_lock, exclusive=True):
            with store_boundary(self.place.label):
                try:
                    yield self._open()
                finally:
                    self._restamp()

    def refresh(self) -> None:
        """List the collections anew at the next use."""
        self._collections = None

    def reopen(self) -> None:
        """Open Chroma anew at the next use, with nothing kept of what it held."""
        self._client = self._collections = None

    @property
    def torn(self) -> frozenset[str]:
        """The incomplete collections whose vector files were half-written when last listed."""
        return self._torn

    def _snapshot(self) -> "Mapping[str, Collection]":
        with self._mutex:
            old = self.place.server and time.monotonic() - self._listed > _LISTING_SECONDS
            if self._collections is None or old:
                self._collections = {c.name: c for c in list_collections(self._open())}
                self._listed = time.monotonic()
                self._torn = self._find_torn(self._collections)
            return self._collections

    def _find_torn(self, collections: "Mapping[str, Collection]") -> frozenset[str]:
        """Look at the vector files where an ingestion may have been killed."""
        if self.place.server is not None:
            return frozenset()
        records = {name: read_record(c.metadata) for name, c in collections.items()}
        suspects = {
            (record["corpus"], record["language"])
            for record in records.values()
            if record and record["kind"] == "passages" and not record["complete"]
        }
        names = (
            name for name, r in records.items() if r and (r["corpus"], r["language"]) in suspects
        )
        return torn_collections(self.place.chroma, names)

    def _open(self) -> "ClientAPI":
        if self._client is None:
            server = self.place.server
            self._client = (
                open_server(server, self.place.headers)
                if server is not None
                else open_folder(self.place.chroma)
            )
        return self._client

    def _follow(self) -> None:
        """Open the folder again if somebody wrote to it since it was opened."""
        with self._mutex:
            now = self._stamped()
            if now != self._seen:
                self._client = self._collections = None
                self._seen = now

    def _stamped(self) -> tuple[int, int] | None:
        try:
            state = self.place.stamp.stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns

    def _restamp(self) -> None:
        new = self.place.stamp.with_suffix(".new")
        new.write_text(secrets.token_hex(8), encoding="ascii")
        new.replace(self.place.stamp)
        self._seen = self._stamped()
