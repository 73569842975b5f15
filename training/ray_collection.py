"""Makes the runs of a collection on Ray: on this machine's cores, or on a cluster's.

Each worker is a process that holds a graph, a policy and a reading client of the index of its own.
Ray starts the workers, hands them their runs, replaces one that dies and hands its runs out again,
once. The records come back to the process that collects, which alone writes the log.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, cast

import ray
from ray.exceptions import RayActorError, RayError
from ray.util import ActorPool

from crosearch.tools.errors import CollectionError
from crosearch.tools.threads import in_thread
from crosearch.training.collection_plan import PlannedRun
from crosearch.training.collection_runs import Deliver, FinishedRun, run_with_retries
from crosearch.training.run_spec import RunSpec, make_recorder

_RUN_AGAIN = 1
"""How often Ray hands out a run again whose worker died."""


class _Pool(Protocol):
    """What is used of `ray.util.ActorPool`, which has no types."""

    def has_free(self) -> bool: ...
    def has_next(self) -> bool: ...
    def submit(self, send: Callable[[Any, PlannedRun], Any], run: PlannedRun) -> None: ...
    def get_next_unordered(self) -> FinishedRun | None: ...


class RolloutWorker:
    """What one of Ray's processes holds; its runs are under way side by side."""

    def __init__(self, spec: RunSpec, *, retries: int, folder: str) -> None:
        """Open and load what the runs are made from.

        Args:
            spec: What to open and load.
            retries: Tries of a run that the machine failed, beyond the first.
            folder: What relative paths in `spec` are relative to, where this machine has it.
        """
        if os.path.isdir(folder):
            os.chdir(folder)
        self._recorder = make_recorder(spec)
        self._retries = retries

    async def ready(self) -> None:
        """Return once the worker can make runs."""

    async def run(self, run: PlannedRun) -> FinishedRun | None:
        """Make a run."""
        return await run_with_retries(self._recorder, run, retries=self._retries)


async def collect_with_ray(
    runs: Iterator[PlannedRun],
    deliver: Deliver,
    *,
    spec: RunSpec,
    concurrency: int,
    retries: int,
    workers: int | None = None,
    address: str | None = None,
) -> None:
    """Make runs on Ray's workers: an engine of `collect`, once all but the first two are bound.

    Args:
        runs: The runs; asked in a thread.
        deliver: Makes each durable, in this process.
        spec: What each worker opens and loads.
        concurrency: Runs under way at once, in all workers together.
        retries: Tries of a run that the machine failed, beyond the first.
        workers: How many processes, each of which takes one core; None: one for each core there is.
        address: A running cluster's; None starts one on this machine, and stops it at the end.

    Raises:
        CollectionError: There is no such cluster, workers cannot start, or runs were lost with
            workers that died twice over.
    """
    loop = asyncio.get_running_loop()
    # Ray's processes end with the thread that started them: one thread makes all calls.
    with ThreadPoolExecutor(1, "crosearch-ray") as executor:
        in_ray = partial(loop.run_in_executor, executor)
        await in_ray(_connect, address, workers)
        try:
            pool, places = await in_ray(_start_workers, spec, workers, concurrency, retries)
            await _make_all(partial(in_ray, pool.get_next_unordered), pool, runs, deliver, places)
        finally:
            await in_ray(ray.shutdown)


async def _make_all(
    next_finished: Callable[[], Awaitable[FinishedRun | None]],
    pool: _Pool,
    runs: Iterator[PlannedRun],
    deliver: Deliver,
    places: int,
) -> None:
    lost = lost_in_a_row = 0

    async def receive() -> None:
        nonlocal lost, lost_in_a_row
        try:
            finished = await next_finished()
        except RayActorError as error:
            lost, lost_in_a_row = lost + 1, lost_in_a_row + 1
            if lost_in_a_row >= 2 * places:
                raise CollectionError(
                    f"Ray's workers die, and {lost} runs were lost with them: see Ray's logs"
                ) from error
            return
        lost_in_a_row = 0
        if finished is not None:
            await deliver(finished)

    while (run := await in_thread(lambda: next(runs, None))) is not None:
        while not pool.has_free():
            await receive()
        pool.submit(_hand_out, run)
    while pool.has_next():
        await receive()
    if lost:
        raise CollectionError(
            f"{lost} runs were lost with workers that died while they made them, twice over; "
            "start the collection again to make them"
        )


def _hand_out(worker: Any, run: PlannedRun) -> Any:  # Ray's handles have no types of their own
    return worker.run.remote(run)


def _connect(address: str | None, workers: int | None) -> None:
    try:
        ray.init(
            address=address or "local",
            num_cpus=None if address else workers,
            include_dashboard=None if address else False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at {address}" if address else "a Ray cluster of this machine"
        raise CollectionError(f"{where} cannot be reached: {error}") from error


def _start_workers(
    spec: RunSpec, workers: int | None, concurrency: int, retries: int
) -> tuple[_Pool, int]:
    """Start the workers, and tell how many runs they may have under way, all together."""
    resources: Mapping[str, float] = cast(Any, ray).cluster_resources()  # untyped
    count = workers or max(1, int(resources.get("CPU", 1)))
    places = -(-concurrency // count)
    worker = cast(Any, ray.remote(RolloutWorker)).options(  # its type is Ray's own
        num_cpus=1,
        num_gpus=resources.get("GPU", 0.0) / count if _holds_model(spec) else 0.0,
        max_concurrency=places,
        max_restarts=-1,
        max_task_retries=_RUN_AGAIN,
    )
    actors = [worker.remote(spec, retries=retries, folder=os.getcwd()) for _ in range(count)]
    try:
        ray.get([actor.ready.remote() for actor in actors])
    except RayError as error:
        cause = str(error.__cause__ or error).strip().splitlines()[-1]
        raise CollectionError(f"Ray's workers cannot start: {cause}") from error
    # A worker stands in the pool once for each run that it may have under way.
    return cast(_Pool, ActorPool(actors * places)), count * places


def _holds_model(spec: RunSpec) -> bool:
    return spec.policy != "extractive" and not spec.policy.startswith("openai:")
