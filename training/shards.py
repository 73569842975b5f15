"""The trajectory log: a folder of append-only shards, one checksummed record a line.

Each process writes shards of its own (`shard_writer`), which are compressed and indexed when they
are full (`shard_closing`); whoever reads (`shard_reader`) needs no lock and disturbs nobody.
`docs/trajectories.md` describes the format.
"""

from crosearch.training.shard_closing import close_abandoned
from crosearch.training.shard_files import Shard, list_shards
from crosearch.training.shard_index import Place, RecordIndex
from crosearch.training.shard_lines import LogProblem, OnProblem, ProblemKind
from crosearch.training.shard_reader import (
    find_trajectory,
    latest_trajectories,
    read_at,
    read_index,
    read_shard,
    read_trajectories,
)
from crosearch.training.shard_writer import TrajectoryWriter

__all__ = [
    "LogProblem",
    "OnProblem",
    "Place",
    "ProblemKind",
    "RecordIndex",
    "Shard",
    "TrajectoryWriter",
    "close_abandoned",
    "find_trajectory",
    "latest_trajectories",
    "list_shards",
    "read_at",
    "read_index",
    "read_shard",
    "read_trajectories",
]
