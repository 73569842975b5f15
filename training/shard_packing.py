"""Packs lines that were written before into full, closed shards, byte for byte as they are."""

import os
import secrets
from pathlib import Path

from crosearch.training.shard_closing import close_shard
from crosearch.training.shard_files import Shard, sync_folder, write_all
from crosearch.training.shard_lines import LogProblem
from crosearch.training.shard_writer import SHARD_BYTES


class ShardPacker:
    """Fills one shard after the other, in a folder that nobody else knows of yet."""

    def __init__(self, folder: Path, *, shard_bytes: int = SHARD_BYTES) -> None:
        """Begin; the first shard is made with the first line."""
        self.shards: list[Shard] = []
        self._folder = folder
        self._shard_bytes = shard_bytes
        self._descriptor: int | None = None
        self._size = 0

    def add(self, line: bytes) -> None:
        """Append a line, its line feed left out."""
        if self._descriptor is None:
            self._open()
        assert self._descriptor is not None  # `_open` has just set it
        write_all(self._descriptor, line + b"\n")
        self._size += len(line) + 1
        if self._size >= self._shard_bytes:
            self.close()

    def close(self) -> None:
        """Close the shard that is being filled."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor, self._size = None, 0
            close_shard(self.shards[-1], _never)

    def _open(self) -> None:
        shard = Shard(self._folder, f"shard-{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(shard.open_file, flags, 0o644)
        self.shards.append(shard)


def move_shard(shard: Shard, folder: Path) -> None:
    """Move a closed shard into a log; it counts there from one moment to the next."""
    target = Shard(folder, shard.name)
    shard.index_file.rename(target.index_file)
    shard.closed_file.rename(target.closed_file)
    sync_folder(folder)


def _never(problem: LogProblem) -> None:
    raise AssertionError(f"a line that was just written is damaged: {problem}")
