"""A program that writes to a log in child processes, and kills each of them at a random moment.

    python killed_writer.py FOLDER CHILDREN SEED

Each child notes a record's key in FOLDER.acknowledged/CHILD only once it is durable. Its shards
hold few records, so that it is as often opening or closing one as it is writing. With SEED -1
no child is killed: all write at once, and come to their end.
"""

import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

from recorded_runs import recorded_run

from crosearch.training.shards import TrajectoryWriter

SHARD_BYTES = 12_000
PEACEFUL_RECORDS = 40


def start_child(folder: Path, number: int, *, endless: bool) -> int:
    child = os.fork()
    if child:
        return child
    try:
        write(folder, number, endless=endless)
    finally:
        os._exit(0)


def write(folder: Path, number: int, *, endless: bool) -> None:
    notes = os.open(
        folder.with_name(folder.name + ".acknowledged") / str(number),
        os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    )
    with TrajectoryWriter(folder, shard_bytes=SHARD_BYTES) as writer:
        for sample in count() if endless else range(PEACEFUL_RECORDS):
            record = recorded_run(f"Question {number}?", sample)
            writer.append_now(record)
            os.write(notes, f"{record['key']}\n".encode())


def main(folder: Path, children: int, seed: int) -> None:
    folder.with_name(folder.name + ".acknowledged").mkdir(exist_ok=True)
    if seed < 0:
        for process in [start_child(folder, n, endless=False) for n in range(children)]:
            os.waitpid(process, 0)
        return
    choose = random.Random(seed)
    for number in range(children):
        process = start_child(folder, number, endless=True)
        time.sleep(choose.uniform(0.005, 0.12))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
