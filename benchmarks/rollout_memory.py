"""Whether memory stays flat over many runs: a process of its own collects, and is weighed.

It is taken up again where it was stopped, and then compared within each process: what a process
weighs at first has nothing to do with the one before.
"""

import argparse
import asyncio
import json
import math
import os
import resource
import statistics
import subprocess
import sys
from itertools import groupby
from pathlib import Path

from rollout_report import Figure, Report
from rollout_setting import Setting, sampled_questions

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.tools.opening import open_source
from crosearch.tools.sample import sample_questions
from crosearch.tools.settings import choose_source
from crosearch.training.collection import collect
from crosearch.training.collection_report import CollectionReport
from crosearch.training.recorder import RunRecorder

PART = "memory"
EVERY = 50
"""Runs between two weighings."""
CONCURRENCY = 4


def measure_memory(setting: Setting, report: Report) -> None:
    """Collect in a process of its own, and compare its first and last runs."""
    folder = setting.work / f"memory-{setting.runs}"
    command = [sys.executable, __file__, str(folder), "--runs", str(setting.runs)]
    subprocess.run(command, check=True)
    weighed = [json.loads(line) for line in (folder / "weighed.jsonl").open(encoding="utf-8")]
    part = max(1, min(1_000, setting.runs // 10) // EVERY)
    ratios: list[float] = []
    for _, lines in groupby(weighed, key=lambda line: line["process"]):
        megabytes = [line["megabytes"] for line in lines]
        if len(megabytes) < 2 * part:
            continue
        first, last = (statistics.mean(some) for some in (megabytes[:part], megabytes[-part:]))
        ratios.append(last / first)
        report.note(
            f"{PART}: {EVERY * len(megabytes):,} runs in one process: {first:.0f} MB over the "
            f"first {EVERY * part:,}, {last:.0f} MB over the last, at most {max(megabytes):.0f} MB"
        )
    if ratios:
        name = f"last / first {EVERY * part:,} of {setting.runs:,} runs, RSS"
        report.add(Figure(part=PART, name=name, values=ratios, most=1.1))


async def collect_weighing(folder: Path, runs: int) -> None:
    """Collect the runs that are missing, and weigh this process on the way."""
    retriever = open_source(choose_source(corpus="sample"))
    recorder = RunRecorder(ExtractivePolicy(retriever.embedder), retriever)
    questions = sampled_questions(len(sample_questions()))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "weighed.jsonl").open("a", encoding="utf-8") as lines:

        def weigh(report: CollectionReport) -> None:
            if report.runs and report.runs % EVERY == 0:
                row = {"process": os.getpid(), "runs": report.runs, "megabytes": resident_mb()}
                lines.write(json.dumps(row) + "\n")
                lines.flush()

        await collect(
            questions,
            recorder,
            folder / "log",
            samples=math.ceil(runs / len(questions)),
            concurrency=CONCURRENCY,
            progress=weigh,
        )


def resident_mb() -> float:
    """Return how much memory this process has resident now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    """Collect, as `measure_memory` asks for in another process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(collect_weighing(arguments.folder, arguments.runs))


if __name__ == "__main__":
    main()
