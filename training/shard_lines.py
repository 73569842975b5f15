"""A shard's lines: a record as JSON, with a checksum of its bytes in front.

    {"sum":"0123456789abcdef","record":{…}}

The whole line is JSON for whoever reads it with other tools. The sum is BLAKE2b with 64 bits over
the record's bytes as they stand in the line, so that it can be checked before they are parsed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import orjson

from crosearch.training.trajectories import Json

ProblemKind = Literal["torn", "checksum", "json", "schema"]
"""What is wrong with a line: its end is missing; its bytes are not those that were written; they
are no JSON object; that object is no record that this version knows."""

_HEAD = b'{"sum":"'
_MIDDLE = b'","record":'
_SUM_BYTES = 8
_RECORD_AT = len(_HEAD) + 2 * _SUM_BYTES + len(_MIDDLE)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogProblem:
    """Something in a log that could not be read as a record."""

    shard: str
    line: int
    """Counts from 1; 0 where it is about the shard as a whole."""
    kind: ProblemKind
    message: str

    def __str__(self) -> str:
        """Say where and what, on one line."""
        where = f"{self.shard}, line {self.line}" if self.line else self.shard
        return f"{where}: {self.message}"


OnProblem = Callable[[LogProblem], None]


class DamagedLineError(Exception):
    """A line cannot be read; for the reader, which knows where it stands."""

    def __init__(self, kind: ProblemKind, message: str) -> None:
        """Keep what kind of damage it is."""
        super().__init__(message)
        self.kind: ProblemKind = kind


def seal(record: bytes) -> bytes:
    """Make the line of a record that is already JSON."""
    return b"".join((_HEAD, _sum(record), _MIDDLE, record, b"}\n"))


def unseal(line: bytes) -> dict[str, Json]:
    """Check a line, its line feed left out, and parse its record.

    Raises:
        DamagedLineError: It is not as it was written, or never was a record.
    """
    record = line[_RECORD_AT:-1]
    if not (line.startswith(_HEAD) and line[:_RECORD_AT].endswith(_MIDDLE) and line[-1:] == b"}"):
        raise DamagedLineError("checksum", "the line does not begin or end like a record's")
    if line[len(_HEAD) : len(_HEAD) + 2 * _SUM_BYTES] != _sum(record):
        raise DamagedLineError("checksum", "its bytes are not those that were written")
    try:
        value: Json = orjson.loads(record)
    except orjson.JSONDecodeError as error:
        raise DamagedLineError("json", f"it is no JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise DamagedLineError("json", f"it is a {type(value).__name__} where an object should be")
    return value


def _sum(record: bytes) -> bytes:
    return hashlib.blake2b(record, digest_size=_SUM_BYTES).hexdigest().encode("ascii")
