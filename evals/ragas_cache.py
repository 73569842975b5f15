"""What a judge replied, kept as JSON lines: durable before it is used, and paid for once.

A reply is found by a hash of the model's name and of all that it was asked; whether it is of use is
seen before it is kept. A kill may tear the last line, which is cut off when the file is opened
again.
"""

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Self, TypedDict, cast

from crosearch.tools.errors import CollectionError, DocumentError


class KeptReply(TypedDict):
    """A reply that was paid for."""

    key: str
    reply: dict[str, object]
    """The object that ragas asked for."""
    prompt_tokens: int
    """Of all requests until there was a reply of use; estimated where the endpoint does not
    count, as is the next."""
    completion_tokens: int


def reply_key(model: str, prompt: str) -> str:
    """Name a reply: 32 hexadecimal digits."""
    content = f"{model}\0{prompt}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class ReplyCache:
    """The replies of one folder, open for the process that holds the folder."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin it.

        Raises:
            DocumentError: A line of it is damaged.
            CollectionError: It cannot be read or written.
        """
        self._path = path
        self._mutex = threading.Lock()
        try:
            self._file = path.open("a+b", buffering=0)
            lines = self._whole_lines()
        except OSError as error:
            raise CollectionError(f"{path} cannot be written: {error.strerror}") from error
        kept = [self._parse(number, line) for number, line in enumerate(lines, start=1)]
        self._kept = {reply["key"]: reply for reply in kept}

    def __enter__(self) -> Self:
        """Give the cache to a block, at whose end it is closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._file.close()

    def __len__(self) -> int:
        """Return how many replies there are."""
        return len(self._kept)

    def get(self, key: str) -> KeptReply | None:
        """Return a reply; None where it was not given yet."""
        return self._kept.get(key)

    def add(self, reply: KeptReply) -> None:
        """Keep a reply, and return once it is durable; safe from many threads.

        Raises:
            CollectionError: It cannot be written.
        """
        line = (json.dumps(reply, ensure_ascii=True) + "\n").encode()
        with self._mutex:
            try:
                self._file.write(line)
                os.fsync(self._file.fileno())
            except OSError as error:
                raise CollectionError(
                    f"{self._path} cannot be written: {error.strerror}"
                ) from error
            self._kept[reply["key"]] = reply

    def _whole_lines(self) -> list[bytes]:
        self._file.seek(0)
        content = self._file.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            self._file.truncate(end)
        return content[:end].splitlines()

    def _parse(self, number: int, line: bytes) -> KeptReply:
        try:
            row: object = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or row.keys() != KeptReply.__annotations__.keys():
            raise DocumentError(
                f"{self._path}:{number} is no reply of a judge: {line[:60]!r}; delete the line, "
                "and the judge is asked again"
            )
        return cast("KeptReply", row)
