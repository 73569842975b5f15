"""The scored runs of an evaluation as a Parquet table, and back."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosearch.evals.answer_metrics import ANSWER_FIGURES
from crosearch.evals.answer_rows import AnswerRow
from crosearch.tools.errors import DocumentError

if TYPE_CHECKING:
    from pyarrow import Schema  # type: ignore[import-untyped]  # it ships no types

_TEXTS = (
    "entry", "key", "question_id", "question", "fact", "language", "indexed", "ending", "answer",
    "meaning",
)  # fmt: skip
_LISTS = ("cited", "retrieved")
_NAMED = (*_TEXTS, "sample", "failed", *_LISTS)


def write_table(path: Path, rows: Iterable[AnswerRow]) -> None:
    """Write a row for each run, with a column for each figure; it is there whole, or not at all.

    A figure that does not apply to a run is null.

    Raises:
        OSError: The disk is full or fails.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types

    table = pa.Table.from_pylist([_cells(row) for row in rows], schema=_schema())
    partial = path.with_name(f"{path.name}.partial")
    pq.write_table(table, partial, compression="zstd")
    partial.replace(path)


def read_table(path: Path) -> list[AnswerRow]:
    """Read what `write_table` wrote.

    Raises:
        DocumentError: It is no such table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        there = set(pq.read_schema(path).names)
        cells: list[dict[str, Any]] = pq.read_table(path, schema=_schema()).to_pylist()
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _wrong(path, reason) from error
    if missing := [name for name in _NAMED if name not in there]:
        raise _wrong(path, f"it has no column {missing[0]!r}")
    return [_row(one) for one in cells]


def _wrong(path: Path, reason: str) -> DocumentError:
    return DocumentError(
        f"{str(path)!r} is no table of scored runs, as crosearch eval answers writes it: "
        f"{reason:.200}"
    )


def _schema() -> "Schema":
    import pyarrow as pa

    return pa.schema(
        [
            *((name, pa.string()) for name in _TEXTS),
            ("sample", pa.int64()),
            ("failed", pa.bool_()),
            *((name, pa.list_(pa.string())) for name in _LISTS),
            *((name, pa.float64()) for name in ANSWER_FIGURES),
        ]
    )


def _cells(row: AnswerRow) -> dict[str, object]:
    return {**{name: getattr(row, name) for name in _NAMED}, **row.figures}


def _row(cells: dict[str, Any]) -> AnswerRow:
    figures = {name: cells.pop(name) for name in ANSWER_FIGURES}
    return AnswerRow(
        **{**cells, **{name: tuple(cells[name]) for name in _LISTS}},
        figures={name: value for name, value in figures.items() if value is not None},
    )
