"""What is kept of a finished run: a trajectory, as one JSON record.

The record holds what the run's state held when it ended and what made it, so that a run can be
read, scored, trained on, run on from any of its turns, or shown to be the same as another. Shards
on disk are `crosearch.training.shards`' business; `docs/trajectories.md` describes the format.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict  # pydantic, which validates records, needs it on 3.11

from crosearch.agents.transcript import Segment
from crosearch.graphs.state import Ending, Turn
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, Failure, SearchRecord

SCHEMA_VERSION = 2

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class PolicyRecord(TypedDict):
    """Who decided."""

    name: str
    fingerprint: str


class IndexRecord(TypedDict):
    """What was searched."""

    corpus: str
    fingerprint: str


class Parent(TypedDict):
    """The run that a fork was taken from."""

    key: str
    turn: int
    """The turn, counted from 1, that was run anew."""
    change: str
    """What was changed there, for a person to read."""


class CheckpointRecord(TypedDict):
    """Where the run's checkpoints lie, where it was run with a checkpointer."""

    thread_id: str
    turns: list[str]
    """For each turn, the checkpoint that it began from."""


# The configuration holds for the types inside as well: a score that is not a number, or a field
# that nobody knows, is as wrong there as here.
@with_config(ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))
class Trajectory(TypedDict):
    """A finished run."""

    schema_version: int
    key: str
    """What makes the run: a hash of question, sample and fingerprints; see `trajectory_key`."""
    attempt: int
    """Counts from 1; of several records of one key, the one with the highest attempt counts."""
    group: str
    """A hash of the question: the runs that are compared with each other."""
    sample: int
    """Which of the question's runs it is; counts from 0."""
    question_id: str
    """The asker's own name for the question; empty where it had none."""
    question: str
    language: Language
    """The language asked in, and to be answered in."""
    answers: dict[str, list[str]]
    """Gold answers by language, as they came with the question; `und` where no language is told."""
    translations: dict[str, str]
    """The question in other languages, by code."""
    policy: PolicyRecord
    index: IndexRecord
    settings: dict[str, str | int | float | None]
    """The run's `SearchContext`, the translator's name, and the policy's sampling settings."""
    settings_fingerprint: str
    searchable: dict[Language, int]
    transcript: list[Segment]
    history: list[Turn]
    searches: list[SearchRecord]
    evidence: list[Evidence]
    answer: str
    answer_language: Language
    found: bool
    citations: list[int]
    """Numbers of the evidence that the answer cites."""
    ending: Ending | None
    """None: an error ended the run; it stands among `failures`."""
    seconds: float
    failures: list[Failure]
    """All that the machine failed the run in; with any, it is kept out of rewards and training."""
    untrainable: str
    """Why its tokens cannot be trained on; empty where they can."""
    rewards: dict[str, float]
    parent: Parent | None
    checkpoint: CheckpointRecord | None
    started: str
    """In UTC, ISO 8601; the machine's clock, which orders nothing."""
    version: str
    """CroSearch's."""


def fingerprint(value: Json) -> str:
    """Hash a JSON value: 16 hexadecimal digits, the same on every machine."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def question_group(question: str, language: Language) -> str:
    """Name the group of a question's runs: a hash of what is asked, in which language."""
    return fingerprint(["group", " ".join(question.split()), language])


def trajectory_key(
    group: str, sample: int, *, policy: str, index: str, settings: str, parent: Parent | None = None
) -> str:
    """Name a run by all that makes it: 32 hexadecimal digits.

    Args:
        group: The question's group.
        sample: Which of its runs.
        policy: The policy's fingerprint.
        index: The corpus' fingerprint.
        settings: The settings' fingerprint.
        parent: What a fork was taken from.
    """
    parts: list[Json] = ["run", group, sample, policy, index, settings]
    if parent is not None:
        parts.append([parent["key"], parent["turn"], parent["change"]])
    return fingerprint(["a", *parts]) + fingerprint(["b", *parts])
