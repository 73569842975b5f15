"""Locks of a store's folder: one writer at a time, and no reading while a batch is written.

Chroma rewrites its vector files in place: a process that reads them meanwhile fails, or crashes.
Both are `flock` locks, which the system gives up with the process that held them, however it
ended: there are no stale ones. The files stay where they are.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from crosearch.tools.errors import StoreError, StoreLockedError


class _Holder(TypedDict):
    pid: int
    host: str
    since: str


class LockHeldError(Exception):
    """Somebody holds a lock; for the module that asked, which knows what it is for."""

    def __init__(self, holder: str) -> None:
        """Keep who holds it, such as `by process 12 on build-1, since 2026-11-21T05:00`."""
        super().__init__(holder)
        self.holder = holder


@contextmanager
def writer_lock(path: Path, *, what: str) -> Iterator[None]:
    """Hold a store's writer lock.

    Args:
        path: The lock's file; it is made where it is missing.
        what: The store, as the message about a held lock names it.

    Raises:
        StoreLockedError: Somebody holds it; the message says who, where and since when.
        StoreError: The file cannot be made.
    """
    with ExitStack() as held:
        try:
            held.enter_context(sole_lock(path))
        except LockHeldError as error:
            raise StoreLockedError(f"the store {what} is being written {error.holder}") from error
        except OSError as error:
            raise StoreError(f"cannot write to the store {what}: {error.strerror}") from error
        yield


@contextmanager
def sole_lock(path: Path) -> Iterator[None]:
    """Hold a lock that one process at a time can have, and write into its file who that is.

    Raises:
        LockHeldError: Somebody holds it.
        OSError: The file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def access_lock(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold a store's access lock: shared to read, exclusive to write; waits for it.

    Who wants it goes through a gate first, and who writes keeps the gate shut while it waits:
    otherwise readers that overlap would keep a writer out for ever. A store on a read-only disk
    has no writer, and so needs no lock.

    Raises:
        StoreError: The lock cannot be made, and it is wanted for writing.
    """
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    with ExitStack() as files:
        try:
            access = _open(path, files, create=exclusive)
            gate = _open(path.with_suffix(".gate"), files, create=exclusive)
        except OSError as error:
            if exclusive:
                raise StoreError(f"cannot write {path.name}: {error.strerror}") from error
        else:
            fcntl.flock(gate, mode)
            fcntl.flock(access, mode)
            fcntl.flock(gate, fcntl.LOCK_UN)
        yield


def _open(path: Path, files: ExitStack, *, create: bool) -> int:
    flags = os.O_RDWR | os.O_CREAT if create else os.O_RDONLY
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    files.callback(os.close, descriptor)
    return descriptor


def _take(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LockHeldError(_holder(descriptor)) from error
    holder = _Holder(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(descriptor: int) -> str:
    """Say who holds the lock; the file is empty for an instant after it was taken."""
    try:
        holder: _Holder = json.loads(os.pread(descriptor, 4096, 0))
        return f"by process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "by another process"
