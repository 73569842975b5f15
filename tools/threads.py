"""Blocking work off the event loop, in threads that cannot keep the process from ending.

`asyncio.to_thread` and every `ThreadPoolExecutor` are waited for when the interpreter exits: one
search that hangs in a dead server would hang the program. These threads are daemons, and one that
nobody waits for any more takes no place from the others.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run `work` in a daemon thread of its own; being cancelled leaves it to itself."""
    future: Future[Result] = Future()

    def run() -> None:
        future.set_running_or_notify_cancel()
        try:
            result = work()
        except BaseException as error:  # the waiting side decides what to do with any of them
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, name="crosearch-search", daemon=True).start()
    return await asyncio.wrap_future(future)
