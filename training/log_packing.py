"""Packs a log into full shards, and several logs into one: no record is lost, whatever happens.

Records are copied byte for byte. What is new lies complete and durable before anything old goes, so
that a kill leaves, at worst, records that lie twice with the same content, which readers take once
and the next compaction takes away.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crosearch.tools.errors import LogError
from crosearch.tools.lock import LockHeldError, sole_lock
from crosearch.training.log_checks import Finding, checked_lines
from crosearch.training.new_folder import new_folder
from crosearch.training.shard_closing import close_abandoned
from crosearch.training.shard_files import Shard, list_shards
from crosearch.training.shard_packing import ShardPacker, move_shard
from crosearch.training.shard_writer import SHARD_BYTES

_LOCK = "compacting.lock"
_WORKPLACE = "compacting.unfinished"


@dataclass(frozen=True, kw_only=True, slots=True)
class PackingReport:
    """What packing a log, or several into one, did."""

    records: int
    """In the log now."""
    superseded: int
    """Records left out because a later attempt at the same run is there."""
    duplicates: int
    """Records left out because the same attempt at the same run is there."""
    torn: int
    """Unfinished last lines left out; they never counted."""
    shards_before: int
    shards: int
    findings: tuple[Finding, ...]
    """Damage: a compaction leaves shards that have any as they are, a merge leaves such lines
    out."""


@dataclass(slots=True)
class _Surveyed:
    """What lies in a shard."""

    shard: Shard
    records: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    """Key, attempt and line of each."""
    size: int = 0
    """Bytes of its lines."""
    findings: list[Finding] = field(default_factory=list[Finding])
    wanted: set[int] = field(default_factory=set[int])
    """Lines that stay."""
    superseded: int = 0
    duplicates: int = 0

    @property
    def is_damaged(self) -> bool:
        """Whether there are lines that nobody can read; a bad index alone is no damage."""
        return any(finding.kind != "index" and finding.line for finding in self.findings)

    @property
    def is_clean(self) -> bool:
        """Whether it holds nothing that a compaction would leave out or repair."""
        return not self.findings and len(self.wanted) == len(self.records)


def compact_log(folder: str | Path, *, shard_bytes: int = SHARD_BYTES) -> PackingReport:
    """Rewrite a log into full, closed shards, without superseded attempts and torn lines.

    Shards that are full and hold nothing superseded stay as they are, and so do damaged ones. It
    takes as much disk again as what is rewritten, until it is done.

    Args:
        folder: The log.
        shard_bytes: From how many bytes on a shard is full.

    Raises:
        UsageError: There is no such folder.
        LogError: A process is writing to the log, or the disk fails; no record is lost.
    """
    place = Path(folder)
    before = list_shards(place)
    _refuse_open(before)
    with _disk_boundary(place), _lock(place):
        torn = sum(map(_is_torn, before))
        close_abandoned(place, on_problem=lambda problem: None)  # counted just above
        surveyed = [_survey(shard) for shard in list_shards(place)]
        _choose(surveyed)
        stale = _stale(surveyed, shard_bytes)
        if stale:
            _rewrite(place, stale, shard_bytes)
        superseded = sum(one.superseded for one in stale)
        duplicates = sum(one.duplicates for one in stale)
        return PackingReport(
            records=sum(len(one.records) for one in surveyed) - superseded - duplicates,
            superseded=superseded,
            duplicates=duplicates,
            torn=torn,
            shards_before=len(before),
            shards=len(list_shards(place)),
            findings=tuple(finding for one in surveyed for finding in one.findings),
        )


def merge_logs(
    folders: Sequence[str | Path], out: str | Path, *, shard_bytes: int = SHARD_BYTES
) -> PackingReport:
    """Copy several logs into a new one: each attempt at each run once, the first that is met.

    The new log appears when it is complete.

    Args:
        folders: The logs; what is being written to them meanwhile may be left out.
        out: The new log: a folder that is not there yet, or is empty.
        shard_bytes: From how many bytes on a shard is full.

    Raises:
        UsageError: There is no such folder, or `out` holds something.
        LogError: The disk fails; `out` is as it was.
    """
    shards = [shard for folder in folders for shard in list_shards(folder)]
    findings: list[Finding] = []
    seen: set[tuple[str, int]] = set()
    records = 0
    with _disk_boundary(Path(out)), new_folder(out) as workplace:
        packer = ShardPacker(workplace, shard_bytes=shard_bytes)
        for shard in shards:
            for line in checked_lines(shard, findings.append):
                records += 1
                name = line.entry.key, line.entry.attempt
                if name not in seen:
                    seen.add(name)
                    packer.add(line.data)
        packer.close()
    harmless = sum(finding.is_harmless for finding in findings)
    return PackingReport(
        records=len(seen),
        superseded=0,
        duplicates=records - len(seen),
        torn=harmless,
        shards_before=len(shards),
        shards=len(packer.shards),
        findings=tuple(finding for finding in findings if not finding.is_harmless),
    )


def _refuse_open(shards: Sequence[Shard]) -> None:
    for shard in shards:
        if not shard.is_closed() and shard.is_being_written():
            raise LogError(f"a process is writing {shard.name}: compact the log when that is done")


def _is_torn(shard: Shard) -> bool:
    """Say whether the last line of an open shard was cut off."""
    if shard.is_closed():
        return False
    with shard.open_file.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        return file.read() not in (b"", b"\n")


def _survey(shard: Shard) -> _Surveyed:
    one = _Surveyed(shard)
    for line in checked_lines(shard, one.findings.append):
        one.records.append((line.entry.key, line.entry.attempt, line.place.line))
        one.size += len(line.data) + 1
    return one


def _choose(surveyed: Sequence[_Surveyed]) -> None:
    """Choose the lines that stay: of each key the highest attempt, once."""
    latest: dict[str, int] = {}
    for one in surveyed:
        for key, attempt, _ in one.records:
            latest[key] = max(attempt, latest.get(key, 0))
    kept: set[str] = set()
    # What lies in a damaged shard stays there in any case.
    for one in sorted(surveyed, key=lambda one: not one.is_damaged):
        for key, attempt, line in one.records:
            if attempt < latest[key]:
                one.superseded += 1
            elif key in kept:
                one.duplicates += 1
            else:
                kept.add(key)
                one.wanted.add(line)


def _stale(surveyed: Sequence[_Surveyed], shard_bytes: int) -> list[_Surveyed]:
    """Choose the shards to rewrite; a single clean one would only come out as it is."""
    stale = [
        one
        for one in surveyed
        if not one.is_damaged and not (one.is_clean and one.size >= shard_bytes)
    ]
    return [] if len(stale) == 1 and stale[0].is_clean else stale


def _rewrite(place: Path, stale: Sequence[_Surveyed], shard_bytes: int) -> None:
    workplace = place / _WORKPLACE
    shutil.rmtree(workplace, ignore_errors=True)  # a killed compaction's
    workplace.mkdir()
    try:
        packer = ShardPacker(workplace, shard_bytes=shard_bytes)
        for one in stale:
            for line in checked_lines(one.shard, lambda finding: None):
                if line.place.line in one.wanted:
                    packer.add(line.data)
        packer.close()
        for shard in packer.shards:
            move_shard(shard, place)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    for one in stale:
        one.shard.remove()


@contextmanager
def _lock(place: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(sole_lock(place / _LOCK))
        except LockHeldError as error:
            raise LogError(f"{str(place)!r} is being compacted {error.holder}") from error
        yield


@contextmanager
def _disk_boundary(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LogError(f"cannot write to {str(place)!r}: {error.strerror}") from error
