"""Runs one question and keeps the run: what `crosearch ask --log` does."""

import asyncio
from itertools import count

from crosearch.tools.errors import LogError
from crosearch.training.questions import Question
from crosearch.training.recorder import RunRecorder, Watch
from crosearch.training.shards import TrajectoryWriter, read_index
from crosearch.training.trajectories import Trajectory


async def run_and_keep(
    recorder: RunRecorder,
    writer: TrajectoryWriter,
    question: Question,
    *,
    watch: Watch | None = None,
) -> Trajectory:
    """Run a question once more, and return the record of the run once it is durable.

    It is the first of the question's samples that the log does not hold yet, or holds as failed.

    Args:
        recorder: Runs it.
        writer: Keeps it, in its log.
        question: What is asked.
        watch: Is told what happens.

    Raises:
        LogError: The record is not durable; the run itself came to its end.
        Exception: What ended the run, if anything did; its record is durable by then.
    """
    errors: list[Exception] = []
    sample, attempt = await asyncio.to_thread(_next_run, recorder, writer, question)
    record = await recorder.run(
        question, sample, attempt=attempt, watch=watch, on_error=errors.append
    )
    try:
        await writer.append(record)
    except LogError as loss:
        if errors:  # What ended the run tells more than that its record is lost as well.
            raise errors[0] from loss
        raise
    if errors:
        raise errors[0]
    return record


def _next_run(
    recorder: RunRecorder, writer: TrajectoryWriter, question: Question
) -> tuple[int, int]:
    """Choose the sample and the attempt of a question's next run."""
    runs = {
        entry.key: (entry.attempt, entry.failed)
        for entry in sorted(read_index(writer.folder), key=lambda entry: entry.attempt)
    }
    for sample in count():
        attempt, failed = runs.get(recorder.key(question, sample), (0, True))
        if failed:
            return sample, attempt + 1
    raise AssertionError("unreachable: a log holds finitely many runs")
