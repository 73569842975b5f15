"""What a second worker of Ray's brings, where the tiny policy is the bottleneck.

Each worker is a process with a core and one thread of torch. Their start, and the loading of
model and index, are not timed: the clock runs from the first durable run to the last.
"""

import asyncio
import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

from rollout_report import Figure, Report
from rollout_runs import SETTINGS
from rollout_setting import Setting, sampled_questions

from crosearch.tools.settings import choose_source
from crosearch.training.collection import collect
from crosearch.training.collection_report import CollectionReport
from crosearch.training.ray_collection import collect_with_ray
from crosearch.training.run_spec import RunSpec, make_recorder

PART = "ray"
PLACES = 16
"""Runs under way in each worker."""


def measure_ray(setting: Setting, report: Report) -> None:
    """Time one worker and two, in turn."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        rates = {1: list[float](), 2: list[float]()}
        for _ in range(setting.repeats):
            for workers, got in rates.items():
                got.append(asyncio.run(collect_with(setting, workers)))
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
    for workers, got in rates.items():
        name = f"{workers} worker{'s' * (workers > 1)}"
        report.add(Figure(part=PART, name=name, values=got, unit="runs/s"))
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    report.add(Figure(part=PART, name="two workers / one", values=ratios, least=1.6))
    report.note(f"{PART}: {PLACES} runs at once in each worker, one thread of torch each")


async def collect_with(setting: Setting, workers: int) -> float:
    """Collect with so many workers, and return runs a second."""
    spec = RunSpec(
        source=choose_source(corpus="sample"),
        policy=str(setting.model),
        policy_settings=SETTINGS,
        translator="none",
        context=setting.context,
    )
    concurrency = PLACES * workers
    times: list[float] = []

    def note(_: CollectionReport) -> None:
        times.append(time.perf_counter())

    folder = setting.work / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkdtemp(dir=folder))
    engine = partial(
        collect_with_ray, spec=spec, workers=workers, concurrency=concurrency, retries=0
    )
    await collect(
        sampled_questions(setting.questions),
        make_recorder(spec),
        log,
        concurrency=concurrency,
        engine=engine,
        progress=note,
    )
    shutil.rmtree(log)
    return (len(times) - 1) / (times[-1] - times[0])
