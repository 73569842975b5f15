"""Checks a log: each line's checksum and schema, indexes against shards, records that lie twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crosearch.training.migrations import SchemaError
from crosearch.training.record_checks import parse_record
from crosearch.training.shard_files import Shard, list_shards
from crosearch.training.shard_index import Place, RecordIndex, index_record, load_index
from crosearch.training.shard_lines import DamagedLineError, LogProblem, ProblemKind, unseal
from crosearch.training.shard_reader import read_lines

FindingKind = ProblemKind | Literal["index", "duplicate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something in a log that is not as it should be."""

    shard: str
    line: int
    """Counts from 1; 0 where it is about the shard as a whole."""
    kind: FindingKind
    message: str
    is_harmless: bool = False
    """Whether no record is lost by it: the end of a write that was cut off, which never counted, or
    a record that lies twice with the same content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedLine:
    """A line that holds a record."""

    place: Place
    data: bytes
    entry: RecordIndex


@dataclass(frozen=True, kw_only=True, slots=True)
class LogCheck:
    """What a check of a log found."""

    records: int
    shards: int
    being_written: int
    """Shards that a living process writes: what it has finished was checked."""
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether all findings are harmless."""
        return all(finding.is_harmless for finding in self.findings)


OnFinding = Callable[[Finding], None]


def check_log(folder: str | Path) -> LogCheck:
    """Read all of a log and check it; memory is that of the keys.

    Raises:
        UsageError: There is no such folder.
        LogError: A shard cannot be opened.
    """
    findings: list[Finding] = []
    seen: dict[tuple[str, int], tuple[Place, bytes]] = {}
    shards = list_shards(folder)
    writing = 0
    records = 0
    for shard in shards:
        writing += not shard.is_closed() and shard.is_being_written()
        for line in checked_lines(shard, findings.append):
            records += 1
            name = line.entry.key, line.entry.attempt
            content = _sum_of(line.data)
            first, known = seen.setdefault(name, (line.place, content))
            if first != line.place:
                findings.append(_duplicate(line, first, is_same=known == content))
    return LogCheck(
        records=records, shards=len(shards), being_written=writing, findings=tuple(findings)
    )


def checked_lines(shard: Shard, found: OnFinding) -> Iterator[CheckedLine]:
    """Read the lines of a shard that hold records, and report all that is wrong with the shard."""

    def report(problem: LogProblem) -> None:
        found(_finding(problem, is_open=not shard.is_closed()))

    index = load_index(shard) if shard.is_closed() else None
    indexed = None if index is None else {entry.place.line: entry for entry in index.records}
    for place, data in read_lines(shard, report):
        try:
            entry = index_record(parse_record(unseal(data)), place)
        except DamagedLineError as error:
            report(_problem(place, error.kind, error))
        except SchemaError as error:
            report(_problem(place, "schema", error))
        else:
            if indexed is not None and indexed.pop(place.line, None) != entry:
                found(_stale_index(place, "the index says something else of this record"))
            yield CheckedLine(place=place, data=data, entry=entry)
    for line, entry in (indexed or {}).items():
        found(_stale_index(entry.place, f"the index has a record at line {line}; there is none"))


def _finding(problem: LogProblem, *, is_open: bool) -> Finding:
    return Finding(
        shard=problem.shard,
        line=problem.line,
        kind=problem.kind,
        message=problem.message,
        is_harmless=problem.kind == "torn" and is_open,
    )


def _problem(place: Place, kind: ProblemKind, error: Exception) -> LogProblem:
    return LogProblem(shard=place.shard, line=place.line, kind=kind, message=str(error))


def _stale_index(place: Place, message: str) -> Finding:
    return Finding(shard=place.shard, line=place.line, kind="index", message=message)


def _duplicate(line: CheckedLine, first: Place, *, is_same: bool) -> Finding:
    key, attempt = line.entry.key, line.entry.attempt
    content = "the same" if is_same else "another content"
    message = f"attempt {attempt} of {key} lies at {first.shard}, line {first.line}, too: {content}"
    return Finding(
        shard=line.place.shard,
        line=line.place.line,
        kind="duplicate",
        message=message,
        is_harmless=is_same,
    )


def _sum_of(line: bytes) -> bytes:
    """Take the checksum that a line begins with, `{"sum":"…`: equal for equal records."""
    return line[8:24]
