"""Closes shards: compresses their lines, writes the index, and only then deletes the open form.

A kill at any moment leaves the open form, or the closed one, or both, each of them whole.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from crosearch.tools.errors import LogError
from crosearch.training.migrations import SchemaError
from crosearch.training.record_checks import parse_record
from crosearch.training.shard_files import (
    Shard,
    list_shards,
    sync_folder,
    unfinished,
    write_durably,
)
from crosearch.training.shard_frames import compress_frame
from crosearch.training.shard_index import (
    Frame,
    Place,
    RecordIndex,
    ShardIndex,
    dump_index,
    index_record,
)
from crosearch.training.shard_lines import DamagedLineError, OnProblem, unseal
from crosearch.training.shard_reader import Line, read_lines

FRAME_BYTES = 2**20
"""About how many bytes of lines are compressed together: what reading one record costs at most."""


def close_shard(shard: Shard, report: OnProblem) -> None:
    """Close a shard whose lock the caller holds; an empty one goes.

    Damaged lines are kept as they are, so that they are still found; what was cut off at the end,
    which never counted, is reported and left out.

    Raises:
        OSError: The disk is full or fails; the open form is untouched.
    """
    if not shard.is_closed():
        frames: list[Frame] = []
        records: list[RecordIndex] = []
        compressed: list[bytes] = []
        line, offset = 1, 0
        for lines in _batches(read_lines(shard, report, is_ours=True)):
            frame = Frame(offset, line)
            content = b"".join(data + b"\n" for _, data in lines)
            compressed.append(compress_frame(content))
            frames.append(frame)
            records.extend(_indexed(shard, frame, lines))
            line += len(lines)
            offset += len(compressed[-1])
        if frames:
            index = ShardIndex(frames, records, line - 1)
            _publish(shard, b"".join(compressed), dump_index(index))
    shard.open_file.unlink(missing_ok=True)
    sync_folder(shard.folder)


def close_abandoned(folder: str | Path, *, on_problem: OnProblem) -> int:
    """Close the shards that killed processes left open; return how many there were.

    Raises:
        LogError: One cannot be closed; it stays open, with all its records.
        UsageError: There is no such folder.
    """
    closed = 0
    for shard in list_shards(folder):
        try:
            closed += _close_if_abandoned(shard, on_problem)
        except OSError as error:
            raise LogError(f"cannot close {shard.name}: {error.strerror}") from error
    return closed


def _close_if_abandoned(shard: Shard, report: OnProblem) -> bool:
    try:
        descriptor = os.open(shard.open_file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.fstat(descriptor).st_nlink:  # Somebody else has just closed it.
            return False
        close_shard(shard, report)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _publish(shard: Shard, lines: bytes, index: bytes) -> None:
    """Put the closed form in its place, the index first: without the lines nobody looks at it."""
    parts = ((shard.index_file, index), (shard.closed_file, lines))
    try:
        for path, data in parts:
            write_durably(unfinished(path), data)
        for path, _ in parts:
            unfinished(path).rename(path)
    except OSError:
        for path, _ in parts:
            unfinished(path).unlink(missing_ok=True)
        raise
    sync_folder(shard.folder)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line[1])
        if size >= FRAME_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _indexed(shard: Shard, frame: Frame, lines: Iterable[Line]) -> Iterator[RecordIndex]:
    name = shard.closed_file.name
    for row, (_, data) in enumerate(lines):
        place = Place(shard.name, frame.line + row, name, frame.offset, row)
        try:
            yield index_record(parse_record(unseal(data)), place)
        except (DamagedLineError, SchemaError):
            continue  # Whoever reads the shard is told.
