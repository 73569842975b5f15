"""How long a finished collection takes to find out that nothing is left to do.

The log holds records of real runs, each written many times under the keys of other questions,
which are those that `crosearch collect` is then asked. The command is timed as a process.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from rollout_report import Figure, Report
from rollout_runs import collect_runs
from rollout_setting import Setting, sampled_questions

from crosearch.agents.policy_settings import PolicySettings
from crosearch.graphs.context import SearchContext
from crosearch.tools.languages import Language
from crosearch.tools.settings import choose_source
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder
from crosearch.training.run_spec import RunSpec, make_recorder
from crosearch.training.shards import TrajectoryWriter
from crosearch.training.trajectories import Trajectory, question_group

PART = "resume"
CONTEXT = SearchContext(passages=10)
WAITING = 256
"""Records that wait for the disk together."""


def measure_resume(setting: Setting, report: Report) -> None:
    """Write the log where it is not there yet, and time the command on it."""
    folder = setting.work / f"resume-{setting.records}"
    if not (folder / "questions.jsonl").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        write_finished(folder, setting)
    command = [sys.executable, "-m", "crosearch.cli.main", "collect"]
    command += [str(folder / "questions.jsonl"), "--out", str(folder / "log"), "--json"]
    command += ["--corpus", "sample", "--policy", "extractive"]
    command += ["--passages", str(CONTEXT.passages)]
    seconds: list[float] = []
    for _ in range(setting.repeats):
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds.append(time.perf_counter() - start)
        told = json.loads(done.stdout)
        if told["runs"] or told["resumed"] != setting.records:
            raise RuntimeError(f"it was to find {setting.records:,} runs and make none: {told}")
    size = sum(path.stat().st_size for path in (folder / "log").iterdir()) / 2**20
    name = f"nothing left of {setting.records:,} records"
    report.add(Figure(part=PART, name=name, values=seconds, unit="s", most=10))
    report.note(f"{PART}: {size:,.0f} MB of log; the whole command, from its start to its end")


def write_finished(folder: Path, setting: Setting) -> None:
    """Write the questions and a record of each; the questions come last, and mark it as whole."""
    folder.mkdir(parents=True)
    spec = RunSpec(
        source=choose_source(corpus="sample"),
        policy="extractive",
        policy_settings=PolicySettings(),
        translator="none",
        context=CONTEXT,
    )
    recorder = make_recorder(spec)
    real = collect_runs(recorder, sampled_questions(40), concurrency=2, folder=folder).records
    questions = [
        Question(text=f"{record['question']} ({number:,})", language=record["language"])
        for number, record in enumerate(islice(cycle(real), setting.records))
    ]
    asyncio.run(_write(folder / "log", recorder, questions, real))
    rows = [{"question": row.text, "language": row.language} for row in questions]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "questions.jsonl").write_text(text, encoding="utf-8")


async def _write(
    log: Path, recorder: RunRecorder, questions: Sequence[Question], real: Sequence[Trajectory]
) -> None:
    with TrajectoryWriter(log) as writer:
        for start in range(0, len(questions), WAITING):
            records = [
                _record(real[number % len(real)], questions[number], recorder)
                for number in range(start, min(start + WAITING, len(questions)))
            ]
            await asyncio.gather(*(writer.append(record) for record in records))


def _record(real: Trajectory, question: Question, recorder: RunRecorder) -> Trajectory:
    record = real.copy()
    record["question"] = question.text
    record["group"] = question_group(question.text, question.language or Language("en"))
    record["key"] = recorder.key(question, 0)
    return record
