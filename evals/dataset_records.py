"""What published files hold: one JSON value, a JSON object a line, or fields between tabs."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from crosearch.tools.errors import DocumentError
from crosearch.training.question_files import Row, file_boundary


def read_json(path: Path) -> Row:
    """Read a file that is one JSON object.

    Raises:
        DocumentError: It is not.
    """
    value = _json(path)
    if not isinstance(value, dict):
        raise DocumentError(f"{path}: not a JSON object but {value!r:.60}")
    return Row(place=str(path), values=cast("dict[str, object]", value))


def read_json_list(path: Path) -> list[Row]:
    """Read a file that is one JSON list of objects.

    Raises:
        DocumentError: It is not.
    """
    value = _json(path)
    if not isinstance(value, list):
        raise DocumentError(f"{path}: not a JSON list but {value!r:.60}")
    return [
        _object(item, f"{path}, record {n}") for n, item in enumerate(cast("list[object]", value))
    ]


def read_json_lines(path: Path) -> Iterator[Row]:
    """Read a file with one JSON object a line, packed (`.gz`) or not.

    Raises:
        DocumentError: It is not.
    """
    for place, line in read_lines(path):
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DocumentError(
                f"{place}: not JSON ({_reason(error)}): {line.strip()[:60]!r}"
            ) from error
        yield _object(value, place)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Read the lines of a file, packed (`.gz`) or not, with their places; blank ones are left out.

    Raises:
        DocumentError: It is not text in UTF-8, or cannot be read.
    """
    with _boundary(path):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(cast("Iterable[str]", lines), start=1):
                if line.strip():
                    yield f"{path}:{number}", line.rstrip("\r\n")


def read_cells(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Read the lines of a file whose fields stand between tabs, and are quoted by nothing.

    Args:
        path: The file.
        columns: The fields of each line.

    Raises:
        DocumentError: A line has other fields, or the file cannot be read.
    """
    for place, line in read_lines(path):
        yield cells_of(place, line.split("\t"), columns)


def cells_of(place: str, cells: list[str], columns: tuple[str, ...]) -> Row:
    """Name the fields of a line.

    Raises:
        DocumentError: There are more or fewer than have names.
    """
    if len(cells) != len(columns):
        raise DocumentError(
            f"{place}: {len(cells)} fields where {len(columns)} have to be "
            f"({', '.join(columns)}): {cells!r:.100}"
        )
    return Row(place=place, values=dict(zip(columns, cells, strict=True)))


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Read a file as `read_cells` does, whose first line names its fields.

    Raises:
        DocumentError: The first line names others, or the file cannot be read.
    """
    rows = read_cells(path, columns)
    for row in rows:
        if tuple(row.values.values()) != columns:
            found = ", ".join(map(str, row.values.values()))
            raise DocumentError(
                f"{row.place}: the first line names {found[:200]!r}; it has to name "
                f"{', '.join(columns)}"
            )
        break
    yield from rows


def _json(path: Path) -> object:
    with _boundary(path):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig") as text:
            content = text.read()
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{path}: not JSON ({_reason(error)})") from error


def _object(value: object, place: str) -> Row:
    if not isinstance(value, dict):
        raise DocumentError(f"{place}: not a JSON object but {value!r:.60}")
    return Row(place=place, values=cast("dict[str, object]", value))


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno} column {error.colno}"
    return type(error).__name__


@contextmanager
def _boundary(path: Path) -> Iterator[None]:
    with file_boundary(str(path)):
        try:
            yield
        except (EOFError, zlib.error) as error:
            raise DocumentError(f"{path} is packed, and damaged: {error}") from error
