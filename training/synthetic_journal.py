"""The journal of a generation: every reply that was paid for, durable before it is used.

JSON lines: the settings first, then what came of passages; of a passage's lines the last one
counts. A kill may tear the last line of all; it is cut off when the journal is opened again, and
that passage alone is asked about anew.
"""

import fcntl
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self, TypedDict, cast

from crosearch.tools.errors import CollectionError, UsageError
from crosearch.tools.languages import Language
from crosearch.training.shard_files import sync_folder

Settings = Mapping[str, object]


class AskedQuestion(TypedDict):
    """A question that a model wrote."""

    text: str
    refused: str
    """Why it is of no use; empty where it may be of some."""
    rank: int | None
    """The place of its passage when it was searched with, from 1; None: not among the first."""


class Asked(TypedDict):
    """What came of one passage."""

    key: str
    """The passage's, as in `Task.key`."""
    language: Language
    """The passage's."""
    digest: str
    """Of the passage's text, to see whether it has changed since."""
    searched: bool
    """Whether the questions' ranks are known."""
    summary: str
    questions: dict[Language, AskedQuestion]
    missing: list[Language]
    """Languages that were asked for and did not come."""
    prompt_tokens: int | None
    """None where the endpoint does not count."""
    completion_tokens: int | None


class Journal:
    """The journal of one output file, open for one process alone."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Open it, or begin it.

        Args:
            path: The file.
            settings: What the questions depend on; a journal of other settings is refused.

        Raises:
            UsageError: It is of other settings, or is no journal.
            CollectionError: Another process writes to it, or it cannot be written.
        """
        self.path = path
        self.asked: dict[str, Asked] = {}
        """By the passage's key."""
        self._mutex = threading.Lock()
        try:
            self._file = path.open("a+b", buffering=0)
        except OSError as error:
            raise CollectionError(f"{path} cannot be written: {error.strerror}") from error
        try:
            self._lock()
            self._begin(settings)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Give the journal to a block, at whose end it is closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._file.close()

    def add(self, asked: Asked) -> None:
        """Write what came of a passage, and return once it is durable; safe from many threads.

        Raises:
            CollectionError: It cannot be written.
        """
        with self._mutex:
            self._append(asked)
            self.asked[asked["key"]] = asked

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CollectionError(
                f"another process is generating into {self.path}: wait for it, or give another file"
            ) from error

    def _begin(self, settings: Settings) -> None:
        lines = self._whole_lines()
        if not lines:
            self._append({"settings": dict(settings)})
            sync_folder(self.path.absolute().parent)
            return
        rows = [self._parse(number, line) for number, line in enumerate(lines, start=1)]
        begun = rows[0].get("settings")
        if not isinstance(begun, dict):
            raise UsageError(f"{self.path} is no journal of generated questions")
        self._compare(cast("dict[str, object]", begun), json.loads(json.dumps(dict(settings))))
        for row in rows[1:]:
            asked = cast(Asked, row)
            self.asked[asked["key"]] = asked

    def _whole_lines(self) -> list[bytes]:
        """Read the lines that were written whole, and cut off what a kill left of the last."""
        self._file.seek(0)
        content = self._file.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            self._file.truncate(end)
        return content[:end].splitlines()

    def _parse(self, number: int, line: bytes) -> dict[str, object]:
        try:
            row: object = json.loads(line)
        except ValueError as error:
            raise UsageError(
                f"{self.path}:{number} is damaged: {line[:60]!r}; delete the line, and its passage "
                "is asked about again"
            ) from error
        if not isinstance(row, dict) or not {"settings", "key"} & set(row):
            raise UsageError(f"{self.path}:{number} is no line of a journal: {line[:60]!r}")
        return cast("dict[str, object]", row)

    def _compare(self, begun: Mapping[str, object], wanted: Mapping[str, object]) -> None:
        for name in {**begun, **wanted}:
            if begun.get(name) != wanted.get(name):
                raise UsageError(
                    f"{self.path} was begun with {name} {begun.get(name)!r}, and now it is "
                    f"{wanted.get(name)!r}: give the same, or another --out"
                )

    def _append(self, row: Mapping[str, object]) -> None:
        line = (json.dumps(row, ensure_ascii=False) + "\n").encode()
        try:
            self._file.write(line)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise CollectionError(f"{self.path} cannot be written: {error.strerror}") from error
