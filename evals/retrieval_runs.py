"""Rankings kept as TREC's files: a run of a system in a setting, and what is relevant (qrels).

A file is there whole or not at all, so that what is there need not be made again. Scores are kept
in single precision, as TREC's programs read them: what ties for them ties here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from crosearch.evals.retrieval_topics import Topic, token
from crosearch.tools.errors import DocumentError
from crosearch.training.training_folder import write_lines

Ranking = Sequence[tuple[str, float]]
"""Documents' ids with their scores, best first."""

Scores = Mapping[str, float]
"""A topic's documents, by the ids of TREC's files, with their scores."""


def write_run(path: Path, rankings: Iterable[tuple[str, Ranking]], system: str) -> None:
    """Write a run.

    Args:
        path: The file.
        rankings: Topics' ids with what was found; a topic without a document has no line.
        system: What the run is called in its last column.

    Raises:
        OSError: The disk is full or fails.
    """
    lines = (line for topic, ranking in rankings for line in _lines(topic, ranking, system))
    write_lines(path, lines, encoding="ascii")


def write_qrels(path: Path, topics: Iterable[Topic]) -> None:
    """Write what is relevant to topics.

    Raises:
        OSError: The disk is full or fails.
    """
    lines = (
        f"{topic.id} 0 {name} {grade}\n"
        for topic in topics
        for name, grade in topic.relevant.items()
    )
    write_lines(path, lines, encoding="ascii")


def read_run(path: Path) -> Iterator[tuple[str, Scores]]:
    """Read a run, topic by topic.

    Raises:
        DocumentError: A line is not as TREC has it; the message says which.
    """
    with path.open(encoding="ascii", errors="replace") as lines:
        rows = (_read_line(line, f"{path}:{number}") for number, line in enumerate(lines, start=1))
        for topic, found in groupby(rows, key=lambda row: row[0]):
            yield topic, {name: score for _, name, score in found}


def in_order(scores: Scores) -> list[str]:
    """Put documents in the order that TREC's programs see: by score, ties by id, from the end."""
    single = np.fromiter(scores.values(), np.float32, len(scores)).tolist()
    pairs = sorted(zip(single, scores, strict=True), reverse=True)
    return [name for _, name in pairs]


def _lines(topic: str, ranking: Ranking, system: str) -> Iterator[str]:
    tag = token(system)
    scores = np.fromiter((score for _, score in ranking), np.float32, len(ranking))
    for rank, ((name, _), score) in enumerate(zip(ranking, scores, strict=True), start=1):
        yield f"{topic} Q0 {token(name)} {rank} {score!s} {tag}\n"


def _read_line(line: str, place: str) -> tuple[str, str, float]:
    try:
        topic, _, name, _, score, _ = line.split()
        return topic, name, float(score)
    except ValueError as error:
        raise DocumentError(
            f"{place}: {line.strip()[:80]!r} is no line of a TREC run, which has a topic, Q0, a "
            "document, a rank, a score and a system"
        ) from error
