"""Blocking work does not hold up the event loop, and cannot keep the process alive."""

import asyncio
import subprocess
import sys
import threading

import pytest

from crosearch.tools.threads import in_thread


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
