"""TREC's files: topics, and judgments of which documents are relevant to them."""

from collections.abc import Mapping
from pathlib import Path

from crosearch.evals.dataset_fields import text_of, wrong_field
from crosearch.evals.dataset_records import cells_of, read_cells, read_lines
from crosearch.training.question_files import Row

_COLUMNS = ("topic", "iteration", "document", "relevance")

Judgments = dict[str, dict[str, int]]
"""Relevance, above 0, by topic and document; judged topics without any have an empty dictionary."""


def read_topics(path: Path) -> dict[str, str]:
    """Read topics, one a line: an id, a tab and the question.

    Raises:
        DocumentError: A line is something else, or has an id that another has.
    """
    topics: dict[str, str] = {}
    for row in read_cells(path, ("id", "query")):
        name = text_of(row, "id")
        if name in topics:
            raise wrong_field(row, "id", "an id that no other topic has")
        topics[name] = text_of(row, "query")
    return topics


def read_judgments(path: Path, judgments: Judgments, topics: Mapping[str, object] | None) -> None:
    """Add the judgments of a file, whose lines are topic, iteration, document and relevance.

    Args:
        path: The file.
        judgments: Gets them; of two judgments of a document the higher counts.
        topics: Those that may be judged; None: any.

    Raises:
        DocumentError: A line is something else, or judges an unknown topic.
    """
    for place, line in read_lines(path):
        row = cells_of(place, line.split(), _COLUMNS)
        topic, document = str(row.values["topic"]), str(row.values["document"])
        if topics is not None and topic not in topics:
            raise wrong_field(row, "topic", "a topic that was asked")
        found = judgments.setdefault(topic, {})
        if (relevance := _relevance(row)) > 0:
            found[document] = max(relevance, found.get(document, 0))


def _relevance(row: Row) -> int:
    try:
        return int(str(row.values["relevance"]))
    except ValueError as error:
        raise wrong_field(row, "relevance", "a whole number") from error
