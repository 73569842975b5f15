"""Reads a log: its records one after the other, its index, or one record at its place.

Nothing is left out in silence: each line that is no record is a `LogProblem`. Only the unfinished
last line of a shard that a living process is writing is none: it is not a record yet.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.migrations import SchemaError
from crosearch.training.record_checks import parse_record
from crosearch.training.shard_files import Shard, list_shards
from crosearch.training.shard_frames import DamagedFrameError, read_frame, read_frames
from crosearch.training.shard_index import Place, RecordIndex, index_record, load_index
from crosearch.training.shard_lines import DamagedLineError, LogProblem, OnProblem, unseal
from crosearch.training.trajectories import Trajectory

Line = tuple[Place, bytes]

_log = logging.getLogger(__name__)


def read_trajectories(
    folder: str | Path, *, on_problem: OnProblem | None = None
) -> Iterator[Trajectory]:
    """Read every record of a log, shard by shard, in today's schema.

    The memory that it takes is that of one frame of compressed lines, about a megabyte.

    Args:
        folder: The log.
        on_problem: Is told of each line that is no record; without it they are logged as warnings.

    Raises:
        UsageError: There is no such folder.
        LogError: A shard cannot be opened.
    """
    report = on_problem or _warn
    for shard in list_shards(folder):
        for _, record in read_shard(shard, report):
            yield record


def latest_trajectories(
    folder: str | Path, *, on_problem: OnProblem | None = None
) -> Iterator[Trajectory]:
    """Read one record for each key: that with the highest attempt.

    It reads the index first, and keeps the keys in memory.

    Raises:
        UsageError: There is no such folder.
        LogError: A shard cannot be opened.
    """
    wanted: dict[str, int] = {}
    for entry in read_index(folder, on_problem=lambda problem: None):
        wanted[entry.key] = max(entry.attempt, wanted.get(entry.key, 0))
    for record in read_trajectories(folder, on_problem=on_problem):
        if wanted.get(record["key"]) == record["attempt"]:
            del wanted[record["key"]]
            yield record


def read_index(folder: str | Path, *, on_problem: OnProblem | None = None) -> Iterator[RecordIndex]:
    """Tell what the log holds, record by record.

    Of closed shards it reads the index alone, of the others every line.

    Raises:
        UsageError: There is no such folder.
        LogError: A shard cannot be opened.
    """
    report = on_problem or _warn
    for shard in list_shards(folder):
        index = load_index(shard) if shard.is_closed() else None
        if index is not None:
            yield from index.records
        else:
            for place, record in read_shard(shard, report):
                yield index_record(record, place)


def read_at(folder: str | Path, place: Place) -> Trajectory:
    """Read the record at a place that the index gave.

    Raises:
        LogError: The record there cannot be read, or there is none.
    """
    shard = Shard(Path(folder), place.shard)
    try:
        data = _line_at(shard, place)
        return parse_record(unseal(data))
    except (DamagedLineError, DamagedFrameError, SchemaError) as error:
        raise LogError(f"{place.shard}, line {place.line}: {error}") from error


def find_trajectory(folder: str | Path, key: str) -> Trajectory:
    """Read the record of a key, of which the first digits are enough; the highest attempt's.

    Raises:
        UsageError: No key begins like this, or several do.
        LogError: The record cannot be read.
    """
    found: dict[str, RecordIndex] = {}
    for entry in read_index(folder):
        if entry.key.startswith(key):
            known = found.get(entry.key)
            if known is None or entry.attempt > known.attempt:
                found[entry.key] = entry
    if not found:
        raise UsageError(f"the log {str(folder)!r} has no run whose key begins with {key!r}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:3])
        raise UsageError(f"{len(found)} runs' keys begin with {key!r}, such as {some}: give more")
    return read_at(folder, found.popitem()[1].place)


def read_shard(shard: Shard, report: OnProblem) -> Iterator[tuple[Place, Trajectory]]:
    """Read the records of one shard, each with its place; what is none is reported."""
    for place, data in read_lines(shard, report):
        try:
            record = parse_record(unseal(data))
        except DamagedLineError as error:
            report(_problem(place, error))
        except SchemaError as error:
            report(_problem(place, DamagedLineError("schema", str(error))))
        else:
            yield place, record


def read_lines(shard: Shard, report: OnProblem, *, is_ours: bool = False) -> Iterator[Line]:
    """Read a shard's whole lines, as they are.

    Args:
        shard: The shard.
        report: Is told what cannot be read.
        is_ours: Whether the caller holds its lock, and nobody can be writing to it.
    """
    try:
        if not shard.is_closed():
            with shard.open_file.open("rb") as file:
                yield from _open_lines(shard, file, report, is_ours=is_ours)
                return
    except FileNotFoundError:
        pass  # It was closed in this moment.
    except OSError as error:
        raise LogError(f"cannot read {shard.name}: {error.strerror}") from error
    try:
        with shard.closed_file.open("rb") as file:
            yield from _closed_lines(shard, file, report)
    except OSError as error:
        raise LogError(f"cannot read {shard.name}: {error.strerror}") from error


def _open_lines(
    shard: Shard, file: BinaryIO, report: OnProblem, *, is_ours: bool
) -> Iterator[Line]:
    offset = 0
    for number, data in enumerate(file, 1):
        if data.endswith(b"\n"):
            yield Place(shard.name, number, shard.open_file.name, offset, 0), data[:-1]
        elif is_ours or not shard.is_being_written():
            message = f"it ends after {len(data):,} bytes: its writing was cut off"
            report(LogProblem(shard=shard.name, line=number, kind="torn", message=message))
        offset += len(data)


def _closed_lines(shard: Shard, file: BinaryIO, report: OnProblem) -> Iterator[Line]:
    name = shard.closed_file.name
    for frame, content in read_frames(shard, file, report):
        for row, data in enumerate(content.split(b"\n")[:-1]):
            yield Place(shard.name, frame.line + row, name, frame.offset, row), data


def _line_at(shard: Shard, place: Place) -> bytes:
    file = shard.folder / place.file
    try:
        with file.open("rb") as lines:
            if file == shard.open_file:
                lines.seek(place.offset)
                return lines.readline().rstrip(b"\n")
            content, _ = read_frame(lines, place.offset)
            return content.split(b"\n")[place.row]
    except FileNotFoundError:
        return _moved_line(shard, place)
    except (OSError, IndexError) as error:
        raise LogError(f"cannot read line {place.line} of {shard.name}: {error}") from error


def _moved_line(shard: Shard, place: Place) -> bytes:
    """Find a line whose shard was closed since its place was taken: its number stays."""
    for found, data in read_lines(shard, _warn):
        if found.line == place.line:
            return data
    raise LogError(f"{shard.name} has no line {place.line} any more")


def _problem(place: Place, error: DamagedLineError) -> LogProblem:
    return LogProblem(shard=place.shard, line=place.line, kind=error.kind, message=str(error))


def _warn(problem: LogProblem) -> None:
    _log.warning("%s", problem)
