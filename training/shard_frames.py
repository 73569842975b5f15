"""A closed shard's frames: runs of lines that were compressed together, one after the other."""

from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from crosearch.training.shard_files import Shard
from crosearch.training.shard_index import Frame, load_index
from crosearch.training.shard_lines import LogProblem, OnProblem

_READ_BYTES = 2**18


class DamagedFrameError(Exception):
    """A frame's bytes are not those that were written, or its end is missing."""


def compress_frame(content: bytes) -> bytes:
    """Compress lines into a frame, with a checksum of its own."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def read_frame(file: BinaryIO, offset: int) -> tuple[bytes, int]:
    """Decompress the frame that begins at an offset; returns the offset of the next one as well.

    Raises:
        DamagedFrameError: It is damaged.
    """
    file.seek(offset)
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    parts: list[bytes] = []
    while not decompressor.eof:
        data = file.read(_READ_BYTES)
        if not data:
            raise DamagedFrameError("its end is missing")
        try:
            parts.append(decompressor.decompress(data))
        except zstandard.ZstdError as error:
            raise DamagedFrameError(str(error)) from error
    return b"".join(parts), file.tell() - len(decompressor.unused_data)


def read_frames(shard: Shard, file: BinaryIO, report: OnProblem) -> Iterator[tuple[Frame, bytes]]:
    """Read a closed shard's frames; the lines of one that is damaged are reported."""
    index = load_index(shard)
    if index is None:
        yield from _unindexed_frames(shard, file, report)
        return
    lasts = [*(frame.line - 1 for frame in index.frames[1:]), index.lines]
    for frame, last in zip(index.frames, lasts, strict=True):
        try:
            content, _ = read_frame(file, frame.offset)
        except DamagedFrameError as error:
            report(_problem(shard, frame.line, f"this line to line {last} are lost: {error}"))
        else:
            yield frame, content


def _unindexed_frames(
    shard: Shard, file: BinaryIO, report: OnProblem
) -> Iterator[tuple[Frame, bytes]]:
    """Read frame after frame; behind a damaged one, nobody knows where the next begins."""
    missing = f"{shard.index_file.name} is missing or damaged: the lines are read without it"
    report(_problem(shard, 0, missing))
    end = file.seek(0, 2)
    offset, line = 0, 1
    while offset < end:
        try:
            content, after = read_frame(file, offset)
        except DamagedFrameError as error:
            report(_problem(shard, line, f"this line and all after it are lost: {error}"))
            return
        yield Frame(offset, line), content
        line += content.count(b"\n")
        offset = after


def _problem(shard: Shard, line: int, message: str) -> LogProblem:
    return LogProblem(shard=shard.name, line=line, kind="checksum", message=message)
