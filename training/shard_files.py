"""The files of a trajectory log: shards, each open or closed, in one folder.

A shard is named by random digits, since a clock can be set back and two machines can share a
folder. While it is written it is `shard-X.jsonl`, under a lock that goes with its process. Closed,
it is `shard-X.jsonl.zst` with `shard-X.index.json` beside it; a reader that sees both forms takes
the closed one, which is complete from the moment that it has its name.
"""

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from crosearch.tools.errors import LogError, UsageError

_OPEN = ".jsonl"
_CLOSED = ".jsonl.zst"
_INDEX = ".index.json"
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a log, in whatever form it lies there."""

    folder: Path
    name: str

    @property
    def open_file(self) -> Path:
        """Its lines as they were written."""
        return self.folder / (self.name + _OPEN)

    @property
    def closed_file(self) -> Path:
        """Its lines compressed."""
        return self.folder / (self.name + _CLOSED)

    @property
    def index_file(self) -> Path:
        """The index of the compressed lines."""
        return self.folder / (self.name + _INDEX)

    def is_closed(self) -> bool:
        """Say whether the closed form is there, which then is the one that counts."""
        return self.closed_file.exists()

    def is_being_written(self) -> bool:
        """Say whether a living process has the open form under its lock."""
        try:
            descriptor = os.open(self.open_file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def remove(self) -> None:
        """Delete the shard, and make that last.

        Raises:
            LogError: It is being written, or cannot be deleted.
        """
        if self.is_being_written():
            raise LogError(f"{self.name} is being written by another process: it stays")
        try:
            # The index goes last: without lines it says nothing, and no reader looks for it.
            for file in (self.open_file, self.closed_file, self.index_file):
                file.unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as error:
            raise LogError(f"cannot delete {self.name}: {error.strerror}") from error


def list_shards(folder: str | Path) -> list[Shard]:
    """List the shards of a log, by name.

    Raises:
        UsageError: There is no such folder.
        LogError: It cannot be read.
    """
    place = Path(folder)
    try:
        files = os.listdir(place)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"there is no trajectory log {str(place)!r}: no such folder") from error
    except OSError as error:
        raise LogError(
            f"cannot read the trajectory log {str(place)!r}: {error.strerror}"
        ) from error
    names = {
        file.removesuffix(ending)
        for file in files
        for ending in (_OPEN, _CLOSED)
        if file.startswith("shard-") and file.endswith(ending)
    }
    return [Shard(place, name) for name in sorted(names)]


def make_log_folder(folder: str | Path) -> Path:
    """Make a log's folder where it is missing, and see that it can be written to.

    Raises:
        LogError: It cannot.
    """
    place = Path(folder)
    try:
        missing = [path for path in (place, *place.parents) if not path.exists()]
        place.mkdir(parents=True, exist_ok=True)
        for path in missing:
            sync_folder(path.parent)
    except OSError as error:
        raise LogError(_unwritable(place, error.strerror)) from error
    if not os.access(place, os.W_OK | os.X_OK):
        raise LogError(_unwritable(place, "it is read-only"))
    return place


def create_shard(folder: Path) -> tuple[Shard, int]:
    """Make an empty shard, and return it with its descriptor, which holds the lock.

    It gets its name only once it is locked: nobody can take it for one that was left behind.
    """
    shard = Shard(folder, f"shard-{secrets.token_hex(8)}")
    unnamed = unfinished(shard.open_file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(unnamed, flags, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(shard.open_file)
        sync_folder(folder)
    except BaseException:
        os.close(descriptor)
        unnamed.unlink(missing_ok=True)
        shard.open_file.unlink(missing_ok=True)
        raise
    return shard, descriptor


def unfinished(path: Path) -> Path:
    """Name a file for as long as it is not complete."""
    return path.with_name(path.name + _UNFINISHED)


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole file and wait for the disk; the folder's entry is the caller's to wait for."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: one call may take less, as where the disk is nearly full."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the folder's entries."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(place: Path, reason: str | None) -> str:
    return f"cannot write to the trajectory log {str(place)!r}: {reason}"
