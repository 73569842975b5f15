"""Blocking work does not hold up the event loop, and cannot keep the process alive."""

import asyncio
import os
import subprocess
import sys
import threading
from functools import partial

import pytest

from crosearch.tools import threads
from crosearch.tools.threads import Workers, in_thread


async def test_work_returns_its_result_from_another_thread() -> None:
    assert await in_thread(threading.get_ident) != threading.get_ident()


async def test_an_error_of_the_work_is_raised_where_it_is_awaited() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0)


async def test_the_loop_goes_on_while_the_work_waits() -> None:
    gate = threading.Event()
    work = asyncio.create_task(in_thread(lambda: gate.wait(10)))
    await asyncio.sleep(0)
    gate.set()
    assert await work


async def test_work_that_nobody_waits_for_any_more_ends_quietly() -> None:
    gate = threading.Event()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(in_thread(gate.wait), 0.01)
    gate.set()
    assert await in_thread(lambda: 1) == 1


def test_hanging_work_does_not_keep_the_process_from_ending() -> None:
    program = (
        "import asyncio, threading\n"
        "from crosearch.tools.threads import in_thread\n"
        "async def main():\n"
        "    try:\n"
        "        await asyncio.wait_for(in_thread(threading.Event().wait), 0.01)\n"
        "    except TimeoutError:\n"
        "        print('gave up')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "gave up", "")


async def test_work_is_done_by_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LONG", 60.0)
    workers = Workers(places=2)
    found = await asyncio.gather(*(workers.do(threading.get_ident) for _ in range(40)))
    assert len(set(found)) <= 2


async def test_work_is_done_in_the_order_in_which_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LONG", 60.0)
    workers = Workers(places=1)
    done: list[int] = []
    await asyncio.gather(*(workers.do(partial(done.append, number)) for number in range(40)))
    assert done == list(range(40))


async def test_a_time_out_counts_from_when_the_work_is_taken_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "LONG", 60.0)
    workers, gate = Workers(places=1), threading.Event()
    first = asyncio.create_task(workers.do(lambda: gate.wait(30)))
    second = asyncio.create_task(workers.do(lambda: "second", timeout=0.05))
    await asyncio.sleep(0.2)
    assert not second.done()
    gate.set()
    assert await second == "second"
    assert await first


async def test_work_that_takes_too_long_is_left_to_itself_and_gives_up_its_place() -> None:
    workers, gate = Workers(places=1), threading.Event()
    with pytest.raises(TimeoutError):
        await workers.do(lambda: gate.wait(30), timeout=0.05)
    assert await workers.do(lambda: "next", timeout=5) == "next"
    gate.set()


async def test_work_that_hangs_without_a_time_out_keeps_nobody_else_waiting() -> None:
    workers, gate = Workers(places=2), threading.Event()
    hung = [asyncio.create_task(workers.do(lambda: gate.wait(30))) for _ in range(5)]
    await asyncio.sleep(0)
    assert await asyncio.gather(*(workers.do(lambda: 1) for _ in range(5))) == [1] * 5
    gate.set()
    assert await asyncio.gather(*hung) == [True] * 5


async def test_work_that_is_cancelled_before_its_turn_is_never_done() -> None:
    workers, gate = Workers(places=1), threading.Event()
    done: list[str] = []
    first = asyncio.create_task(workers.do(lambda: gate.wait(30)))
    second = asyncio.create_task(workers.do(lambda: done.append("second")))
    await asyncio.sleep(0.01)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    await first
    await workers.do(lambda: done.append("third"))
    assert done == ["third"]


async def test_threads_that_were_begun_beside_hanging_work_end_when_it_does() -> None:
    workers, gate = Workers(places=1), threading.Event()
    before = threading.active_count()
    for _ in range(8):
        with pytest.raises(TimeoutError):
            await workers.do(lambda: gate.wait(30), timeout=0.01)
    assert threading.active_count() >= before + 8
    gate.set()
    for _ in range(500):
        if threading.active_count() <= before + 1:
            break
        await asyncio.sleep(0.01)
    assert threading.active_count() <= before + 1
    assert await workers.do(lambda: 1) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_begins_threads_of_its_own() -> None:
    program = (
        "import asyncio, os\n"
        "from crosearch.tools.threads import in_thread\n"
        "asyncio.run(in_thread(lambda: None))\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(asyncio.run(in_thread(lambda: 7)))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "7"
