"""What a log knows of each record without reading it whole: enough to resume, and to find it."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, cast

import orjson

from crosearch.training.shard_files import Shard
from crosearch.training.shard_lines import DamagedLineError, seal, unseal
from crosearch.training.trajectories import Json, Trajectory

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies; good until its shard is closed, and `read_at` finds it then as well."""

    shard: str
    line: int
    """Counts from 1."""
    file: str
    offset: int
    """Of the line's first byte in an open shard; of its frame's first byte in a closed one."""
    row: int
    """Which line of its frame it is, from 0; 0 in an open shard."""


@dataclass(frozen=True, slots=True)
class RecordIndex:
    """A record, without what happened in it."""

    key: str
    attempt: int
    failed: bool
    """Whether the machine failed the run in anything."""
    policy: str
    """Its fingerprint, like the next two."""
    index: str
    settings: str
    sample: int
    place: Place


@dataclass(frozen=True, slots=True)
class Frame:
    """A run of lines that were compressed together."""

    offset: int
    """Of its first byte in the file."""
    line: int
    """The number of its first line, from 1."""


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """The index of a closed shard."""

    frames: Sequence[Frame]
    records: Sequence[RecordIndex]
    lines: int
    """How many lines the shard has, damaged ones counted."""


class _RawIndex(TypedDict):
    version: int
    lines: int
    frames: list[tuple[int, int]]
    records: list[tuple[str, int, bool, str, str, str, int, int]]


def index_record(record: Trajectory, place: Place) -> RecordIndex:
    """Take from a record what its index keeps."""
    return RecordIndex(
        key=record["key"],
        attempt=record["attempt"],
        failed=bool(record["failures"]),
        policy=record["policy"]["fingerprint"],
        index=record["index"]["fingerprint"],
        settings=record["settings_fingerprint"],
        sample=record["sample"],
        place=place,
    )


def dump_index(index: ShardIndex) -> bytes:
    """Write a closed shard's index down, as one checksummed line."""
    rows = [
        [r.key, r.attempt, r.failed, r.policy, r.index, r.settings, r.sample, r.place.line]
        for r in index.records
    ]
    frames = [[frame.offset, frame.line] for frame in index.frames]
    content = {"version": _VERSION, "lines": index.lines, "frames": frames, "records": rows}
    return seal(orjson.dumps(content))


def load_index(shard: Shard) -> ShardIndex | None:
    """Read a closed shard's index; None where there is none that can be used."""
    try:
        content = unseal(shard.index_file.read_bytes().rstrip(b"\n"))
        return _parse(shard, content)
    except (OSError, DamagedLineError):
        return None


def _parse(shard: Shard, content: dict[str, Json]) -> ShardIndex | None:
    """Rebuild an index; its sum was right, so that it is what some version of us wrote."""
    raw = cast("_RawIndex", content)
    if raw["version"] != _VERSION:
        return None
    frames = [Frame(offset, line) for offset, line in raw["frames"]]
    places = _places(shard, frames)
    records = [RecordIndex(*row[:-1], place=places(row[-1])) for row in raw["records"]]
    return ShardIndex(frames, records, raw["lines"])


def _places(shard: Shard, frames: Sequence[Frame]) -> Callable[[int], Place]:
    name, file = shard.name, shard.closed_file.name
    first_lines = [frame.line for frame in frames]

    def place(line: int) -> Place:
        frame = frames[bisect_right(first_lines, line) - 1]
        return Place(name, line, file, frame.offset, line - frame.line)

    return place
