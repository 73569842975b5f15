"""What every export has in common: it reads runs, makes rows, and counts what it leaves out."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from crosearch.agents.transcript import Segment
from crosearch.training.export_schema import Row
from crosearch.training.trajectories import Trajectory

ReadRuns = Callable[[], Iterator[Trajectory]]
"""Reads the runs from the beginning, each time it is called."""


class RowMaker(Protocol):
    """Makes the rows of one kind of export."""

    @property
    def row(self) -> type:
        """The rows' typed dictionary."""
        ...

    def rows(self, read: ReadRuns, left_out: Counter[str]) -> Iterator[Row]:
        """Make the rows, and count the runs that are left out by the reason why."""
        ...


def spoken_part(transcript: list[Segment]) -> list[Segment]:
    """Cut a transcript after the policy's last words; empty where it said nothing."""
    said = [at for at, segment in enumerate(transcript) if segment["kind"] == "policy"]
    return transcript[: said[-1] + 1] if said else []


def prompt_part(transcript: list[Segment]) -> list[Segment]:
    """Cut a transcript before the policy's first words."""
    ends = (at for at, segment in enumerate(transcript) if segment["kind"] == "policy")
    return transcript[: next(ends, len(transcript))]


def digest(segments: Iterable[Segment]) -> bytes:
    """Hash who said what; equal for equal texts of equal kinds."""
    total = hashlib.blake2b(digest_size=16)
    for segment in segments:
        text = segment["text"].encode("utf-8", "surrogatepass")
        total.update(f"{segment['kind']} {len(text)} ".encode())
        total.update(text)
    return total.digest()


def exclusion(record: Trajectory, reward: str) -> str:
    """Say why a run has no reward that counts; empty where it has one."""
    if record["failures"] or record["ending"] in (None, "failed"):
        return "the machine failed it"
    if reward not in record["rewards"]:
        return f"it has no reward {reward}"
    return ""
