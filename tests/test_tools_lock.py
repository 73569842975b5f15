"""A store's locks: one writer, and writers that get their turn among readers."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from crosearch.tools.errors import StoreError, StoreLockedError
from crosearch.tools.lock import access_lock, writer_lock


def test_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    program = (
        "import os, signal, sys; from pathlib import Path; "
        "from crosearch.tools.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1]), what='s'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(lock)]).returncode == -9

    assert json.loads(lock.read_text())["pid"] > 0
    with writer_lock(lock, what="s"):
        pass


def test_a_holder_whose_note_cannot_be_read_still_holds(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    with writer_lock(lock, what="s"):
        lock.write_text("[")
        with pytest.raises(StoreLockedError, match="the store s is being written by another"):
            writer_lock(lock, what="s").__enter__()


def test_readers_share_and_a_writer_waits_for_them(tmp_path: Path) -> None:
    path = tmp_path / "access.lock"
    order: list[str] = []
    with access_lock(path, exclusive=True):
        pass

    def write() -> None:
        with access_lock(path, exclusive=True):
            order.append("written")

    with access_lock(path, exclusive=False), access_lock(path, exclusive=False):
        writer = threading.Thread(target=write)
        writer.start()
        order.append("read")
    writer.join()
    assert order == ["read", "written"]


def test_a_waiting_writer_comes_before_readers_who_come_after_it(tmp_path: Path) -> None:
    path = tmp_path / "access.lock"
    done, stop = threading.Event(), threading.Event()

    def read_for_ever() -> None:
        while not stop.is_set():
            with access_lock(path, exclusive=False):
                stop.wait(0.002)

    def write() -> None:
        with access_lock(path, exclusive=True):
            done.set()

    with access_lock(path, exclusive=True):
        pass
    threads = [threading.Thread(target=read_for_ever) for _ in range(4)]
    threads.append(threading.Thread(target=write))
    for thread in threads:
        thread.start()
    try:
        assert done.wait(20)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_store_that_was_never_written_needs_no_lock_to_be_read(tmp_path: Path) -> None:
    with access_lock(tmp_path / "nowhere" / "access.lock", exclusive=False):
        pass
    with pytest.raises(StoreError, match="cannot write access.lock"):
        access_lock(tmp_path / "nowhere" / "access.lock", exclusive=True).__enter__()
