"""Rows of questions, one after the other: from JSONL, CSV and Parquet files, and from datasets.

Nothing is held but the rows that are being read. What a row means is `training.questions`'
business; here it is only told from which place it came.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from crosearch.tools.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from datasets import (  # type: ignore[import-untyped]  # it ships no types
        Dataset,
        IterableDataset,
    )

SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")

_LONGEST_CELL = 10_000_000
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row, and where it stands."""

    place: str
    """Such as `questions.jsonl:17`, as messages name it."""
    values: Mapping[str, object]


def read_rows(source: str) -> Iterator[Row]:
    """Read the rows of a file or a dataset.

    Args:
        source: A path whose name ends in one of `SUFFIXES`; or the id of a Hugging Face dataset,
            or the folder that one was saved to, with `:SPLIT` behind it where it has several.

    Raises:
        DocumentError: It is not what its name promises.
        UsageError: There is no such thing, or a package is missing that reads it.
    """
    path = Path(source).expanduser()
    reader = _READERS.get(path.suffix.lower())
    if reader is not None and not path.is_dir():
        if not path.is_file():
            raise UsageError(f"there is no file {source!r}")
        with file_boundary(source):
            yield from reader(path, source)
        return
    if path.is_file():
        raise UsageError(f"{source!r} is of no kind that can be read: {' '.join(SUFFIXES)}")
    yield from _read_dataset(source)


def is_local(source: str) -> bool:
    """Tell whether rows are read from this machine, where reading them twice costs little."""
    name, _ = _split_name(source)
    return Path(source).suffix.lower() in _READERS or Path(name).expanduser().exists()


@contextmanager
def file_boundary(source: str) -> Iterator[None]:
    """Turn what goes wrong with reading a file into a message that names it.

    Raises:
        DocumentError: The file is not text in UTF-8, or cannot be opened or read.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} of what was read is 0x{error.object[error.start]:02x}"
        raise DocumentError(f"{source} is not valid UTF-8: {byte}") from error
    except OSError as error:
        raise DocumentError(f"{source} cannot be read: {error.strerror or error}") from error


def _read_jsonl(path: Path, name: str) -> Iterator[Row]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                place = f"{name}:{number}"
                yield Row(place=place, values=_parse_line(line, place))


def _parse_line(line: bytes, place: str) -> Mapping[str, object]:
    try:
        value: object = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} of the line is 0x{line[error.start]:02x}"
        raise DocumentError(f"{place}: not valid UTF-8: {byte}") from error
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        shown = line.strip()[:60].decode("utf-8", "replace")
        raise DocumentError(f"{place}: not JSON ({reason}): {shown!r}") from error
    if not isinstance(value, dict):
        raise DocumentError(f"{place}: not a JSON object but {value!r:.60}")
    return cast("dict[str, object]", value)


def _read_csv(path: Path, name: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as text:
        lines = csv.reader(text, delimiter=_delimiter(path, text), strict=True)
        header = [field.strip() for field in _next_cells(lines, name) or ()]
        while True:
            number = lines.line_num + 1
            cells = _next_cells(lines, name)
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                place = f"{name}:{number}"
                yield Row(place=place, values=_named_cells(header, cells, place))


def _delimiter(path: Path, text: TextIO) -> str:
    """Tell what stands between fields; where commas are decimal, spreadsheets write `;`."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    header = text.readline()
    text.seek(0)
    return ";" if ";" in header and "," not in header else ","


def _next_cells(lines: "Iterator[list[str]]", name: str) -> list[str] | None:
    try:
        return next(lines, None)
    except csv.Error as error:
        number = getattr(lines, "line_num", 0)
        raise DocumentError(f"{name}:{number}: not CSV ({error})") from error


def _named_cells(header: list[str], cells: list[str], place: str) -> dict[str, object]:
    if len(cells) != len(header):
        raise DocumentError(
            f"{place}: {len(cells)} fields, and the first line names {len(header)}: "
            f"{', '.join(header)[:200]}; put a field that holds a comma in double quotes"
        )
    return dict(zip(header, cells, strict=True))


def _read_parquet(path: Path, name: str) -> Iterator[Row]:
    try:
        from pyarrow import (  # type: ignore[import-untyped]  # it ships no types
            ArrowException,
            parquet,
        )
    except ImportError as error:
        raise missing_package("Parquet files", "pyarrow") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for values in cast("list[dict[str, object]]", batch.to_pylist()):
                    number += 1
                    yield Row(place=f"{name}, row {number}", values=values)
    except ArrowException as error:
        raise DocumentError(f"{name} is no Parquet file that can be read: {error}") from error


def _read_dataset(source: str) -> Iterator[Row]:
    try:
        import datasets
    except ImportError as error:
        what = f"{source!r}, unless it is a file ({' '.join(SUFFIXES)}),"
        raise missing_package(what, "datasets") from error
    name, split = _split_name(source)
    is_folder = Path(name).expanduser().is_dir()
    if not is_folder and name.count("/") > 1:
        raise UsageError(f"there is no file or folder {name!r}")
    datasets.disable_progress_bars()
    with _dataset_boundary(source):
        if is_folder:
            found = datasets.load_from_disk(str(Path(name).expanduser()))
        else:
            found = datasets.load_dataset(name, streaming=True)
        rows = _choose_split(found, name, split)
        for number, values in enumerate(rows, start=1):
            place = f"{source}, row {number}"
            yield Row(place=place, values=cast("Mapping[str, object]", values))


def _split_name(source: str) -> tuple[str, str]:
    """Split `NAME:SPLIT`; a folder whose own name holds a colon is taken as it is."""
    name, colon, split = source.rpartition(":")
    if not colon or Path(source).expanduser().exists():
        return source, ""
    return name, split


def _choose_split(found: object, name: str, split: str) -> "Dataset | IterableDataset":
    if not isinstance(found, dict):
        if split:
            raise UsageError(f"{name!r} has no splits: leave {':' + split!r} out")
        return cast("Dataset | IterableDataset", found)
    splits = cast("dict[str, Dataset | IterableDataset]", found)
    if split in splits:
        return splits[split]
    if not split and len(splits) == 1:
        return next(iter(splits.values()))
    which = f"no split {split!r}" if split else "several splits"
    raise UsageError(f"{name!r} has {which}: give {', '.join(f'{name}:{s}' for s in splits)}")


@contextmanager
def _dataset_boundary(source: str) -> Iterator[None]:
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        # The hub, the cache and every format's reader have errors of their own.
        raise DocumentError(unreadable_dataset(source, error)) from error


def unreadable_dataset(name: str, error: Exception) -> str:
    """Say that a dataset cannot be read, and why, in a line."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"the dataset {name!r} cannot be read: {reason[:300]}"


def missing_package(what: str, package: str) -> UsageError:
    """Make the error of a package that is not installed, which reads `what`."""
    return UsageError(f"to read {what} takes the package {package}: pip install 'crosearch[data]'")


_READERS: Mapping[str, Callable[[Path, str], Iterable[Row]]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
}
