"""Collects for a long time while things die, and counts what was lost or done twice.

    python benchmarks/soak.py                          # all parts; the memory part takes an hour
    python benchmarks/soak.py --only kills,outage,server
    python benchmarks/soak.py --only memory --runs 5000 --work FOLDER

- kills: `crosearch collect` is killed with -9 at random moments, its start among them, and run
  again; after each kill, all that was durable has to be there still;
- outage: the policy's endpoint is away for 20 seconds, with its port closed;
- server: the Chroma server behind the corpus is killed and started again, again and again;
- memory: RSS over the first and the last thousand runs.

Every part ends with a collection that finishes, and a look at its log: each question once for
each sample. The moments are drawn from `--seed`.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rollout_report import Figure, Report

from crosearch.tools.sample import sample_passages_path, sample_questions
from crosearch.training.shards import read_trajectories
from crosearch.training.trajectories import Trajectory

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))  # its servers are used here

PARTS = ("kills", "outage", "server", "memory")
COMMAND = (sys.executable, "-m", "crosearch.cli.main", "collect")
ANSWER = "<answer>1611 [1]</answer>"
SEARCH = '<search lang="fr">pont</search>'


@dataclass(frozen=True, kw_only=True)
class Soak:
    """What was asked for."""

    work: Path
    kills: int
    seconds: float
    """Of the endpoint's outage."""
    restarts: int
    runs: int
    """Of the memory part."""
    samples: int
    random: random.Random


def main() -> None:
    """Run the parts that were asked for, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--only", type=_parts, default=PARTS, metavar="PART,…", help=", ".join(PARTS))
    add("--work", type=Path, help="keep the logs in this folder; the memory part resumes there")
    add("--kills", type=int, default=50)
    add("--outage", type=float, default=20.0, metavar="SECONDS")
    add("--restarts", type=int, default=5, help="of the Chroma server")
    add("--runs", type=int, default=50_000, help="of the memory part")
    add("--samples", type=int, default=4, help="runs of each of the sample's questions")
    add("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    report = Report()
    report.note(f"the moments are those of --seed {arguments.seed}")
    with tempfile.TemporaryDirectory() as temporary:
        soak = Soak(
            work=(arguments.work or Path(temporary)).resolve(),
            kills=arguments.kills,
            seconds=arguments.outage,
            restarts=arguments.restarts,
            runs=arguments.runs,
            samples=arguments.samples,
            random=random.Random(arguments.seed),
        )
        for part in arguments.only:
            MEASURES[part](soak, report)
    report.show(Console(width=120))
    if any(figure.holds is False for figure in report.figures):
        raise SystemExit(1)


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    unknown = set(parts) - set(PARTS)
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return parts


def soak_kills(soak: Soak, report: Report) -> None:
    """Kill the collector, and look at its log each time."""
    log = new_log(soak, "kills")
    arguments = [str(questions_path()), "--out", str(log), "--samples", str(soak.samples)]
    kept: dict[tuple[str, int], Trajectory] = {}
    lost = 0
    for kill in range(soak.kills):
        process = subprocess.Popen(
            [*COMMAND, *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if kill % 5:
            number = len(kept)
            wait_for(lambda: len(records(log)) > number, process)  # noqa: B023  # called here
        time.sleep(soak.random.uniform(0, 1))  # Every fifth dies while it starts.
        process.kill()
        process.communicate()
        now = records(log)
        lost += sum(now.get(place) != record for place, record in kept.items())
        kept = now
    last = finish(arguments)
    report.note(
        f"kills: {soak.kills} kills, {len(kept):,} runs durable after the last; {last['runs']:,} "
        "made by the command that finished"
    )
    report.add(Figure(part="kills", name="records lost", values=[lost], most=0))
    count_runs("kills", log, soak, report)


def soak_outage(soak: Soak, report: Report) -> None:
    """Close the endpoint's port for a while."""
    from chat_server import ChatRequest, Reply, Say, chat_server
    from servers import free_port

    def answer(request: ChatRequest) -> Reply:
        time.sleep(0.05)
        searched = any(message["role"] == "assistant" for message in request.messages)
        return Say(ANSWER if searched else SEARCH)

    log, port = new_log(soak, "outage"), free_port()
    address = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "none"}
    arguments = [str(questions_path()), "--out", str(log), "--samples", str(soak.samples)]
    arguments += ["--policy", "openai:soak"]
    with collecting(arguments, address) as process:
        with chat_server(answer=answer, port=port):
            wait_for(lambda: len(records(log)) >= 50, process)
        time.sleep(soak.seconds)
        with chat_server(answer=answer, port=port):
            while process.poll() is None:
                time.sleep(0.1)
        report.note(f"outage: its port was closed for {soak.seconds:g} s")
    failed = sum(bool(record["failures"]) for record in records(log).values())
    report.add(Figure(part="outage", name="runs recorded as failed", values=[failed], most=0))
    count_runs("outage", log, soak, report)


def soak_server(soak: Soak, report: Report) -> None:
    """Kill the Chroma server, and start it again."""
    from servers import free_port, running_chroma

    log, port = new_log(soak, "server"), free_port()
    data, address = soak.work / f"chroma-{port}", f"http://127.0.0.1:{port}"
    arguments = [str(questions_path()), "--out", str(log), "--samples", str(soak.samples)]
    arguments += ["--store", address, "--corpus", "soaked", "--retries", "4"]
    made = [*COMMAND[:-1], "ingest", str(sample_passages_path()), *arguments[-6:-2]]
    with running_chroma(data, port):
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    with running_chroma(data, port) as server, collecting(arguments, {}) as process:
        wait_for(lambda: len(records(log)) >= 20, process)
        server.kill()
        server.wait()
        for _ in range(soak.restarts - 1):
            time.sleep(soak.random.uniform(0.5, 4))
            with running_chroma(data, port) as server:
                time.sleep(soak.random.uniform(2, 8))
                server.kill()
                server.wait()
        with running_chroma(data, port):
            while process.poll() is None:
                time.sleep(0.1)
    failed = sum(bool(record["failures"]) for record in records(log).values())
    report.note(f"server: {soak.restarts} kills; {failed} runs were recorded as failed at first")
    with running_chroma(data, port):
        finish([*arguments, "--retry-failed"])
    count_runs("server", log, soak, report)


def soak_memory(soak: Soak, report: Report) -> None:
    """Measure what the rollout benchmark does, which has a part for it."""
    from rollout_memory import measure_memory
    from rollout_setting import Setting

    setting = Setting(
        work=soak.work, data=None, questions=0, concurrency=0, repeats=1, passages=0,
        runs=soak.runs, records=0, threads=1, temperature=0.0,
    )  # fmt: skip
    measure_memory(setting, report)


MEASURES: Mapping[str, Callable[[Soak, Report], None]] = {
    "kills": soak_kills,
    "outage": soak_outage,
    "server": soak_server,
    "memory": soak_memory,
}


def questions_path() -> Path:
    """Tell where the sample's questions are."""
    return sample_passages_path().with_name("questions.jsonl")


def new_log(soak: Soak, part: str) -> Path:
    """Name a log of its own for a part; one in a kept folder is not taken up again."""
    return soak.work / f"{part}-{os.getpid()}"


def records(log: Path) -> dict[tuple[str, int], Trajectory]:
    """Read a log, and refuse one in which a record lies twice."""
    if not log.is_dir():
        return {}
    read = list(read_trajectories(log, on_problem=lambda problem: None))
    found = {(record["key"], record["attempt"]): record for record in read}
    if len(found) != len(read):
        raise RuntimeError(f"{len(read) - len(found)} records lie in {log} twice")
    return found


def count_runs(part: str, log: Path, soak: Soak, report: Report) -> None:
    """Add up how often each question was run for each sample, where it was to be once."""
    latest: dict[str, Trajectory] = {}
    for (key, attempt), record in sorted(records(log).items()):
        if attempt > 1 and key in latest and not latest[key]["failures"]:
            raise RuntimeError(f"the run {key} was made again though it had not failed")
        latest[key] = record
    runs = Counter((record["question_id"], record["sample"]) for record in latest.values())
    wanted = {(q.id, sample) for q in sample_questions() for sample in range(soak.samples)}
    missing = len(wanted - runs.keys()) + sum(bool(r["failures"]) for r in latest.values())
    twice = sum(number - 1 for number in runs.values()) + len(runs.keys() - wanted)
    report.add(Figure(part=part, name="runs missing or failed", values=[missing], most=0))
    report.add(Figure(part=part, name="runs made twice", values=[twice], most=0))
    report.note(f"{part}: {len(latest):,} runs of {len(wanted):,}")


def finish(arguments: list[str]) -> dict[str, int]:
    """Collect to the end."""
    command = [*COMMAND, *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told: dict[str, int] = json.loads(done.stdout)
    return told


@contextmanager
def collecting(
    arguments: list[str], environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Collect while the block lasts, and until the end."""
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        yield process
    if process.returncode:
        raise RuntimeError(f"the collection ended with {process.returncode}")


def wait_for(happened: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Wait until something has happened, as long as the collection goes on."""
    while not happened():
        if process.poll() is not None:
            raise RuntimeError("the collection ended too early")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
