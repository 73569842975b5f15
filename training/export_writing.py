"""Writes rows as a Hugging Face dataset, as Parquet or as JSON lines, a few at a time."""

import json
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crosearch.tools.errors import LogError, UsageError
from crosearch.training.export_schema import Row, arrow_schema, to_columns

if TYPE_CHECKING:
    from pyarrow import RecordBatch  # type: ignore[import-untyped]  # it ships no types

Form = Literal["hf", "parquet", "jsonl"]

_ROWS_AT_ONCE = 256


def check_packages(form: Form) -> None:
    """See that what a form takes is installed.

    Raises:
        UsageError: It is not; the message says what to install.
    """
    try:
        if form != "jsonl":
            import pyarrow  # noqa: F401  # only to see that it is there
        if form == "hf":
            import datasets  # type: ignore[import-untyped]  # noqa: F401  # ships no types; as above
    except ImportError as error:
        raise UsageError(
            f"to write {form} takes the package {error.name}: pip install 'crosearch[data]'"
        ) from error


def write_rows(rows: Iterable[Row], row: type, folder: Path, form: Form) -> int:
    """Write rows into an empty folder, and return how many there were.

    Args:
        rows: Read as they are written.
        row: Their typed dictionary.
        folder: Gets `data.jsonl` or `data.parquet`, or becomes a saved dataset.
        form: Which of them.
    """
    writers = {"hf": _write_dataset, "parquet": _write_parquet, "jsonl": _write_jsonl}
    counted = _Counted(rows)
    writers[form](counted, row, folder)
    return counted.count


class _Counted:
    def __init__(self, rows: Iterable[Row]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _write_jsonl(rows: Iterable[Row], row: type, folder: Path) -> None:
    with (folder / "data.jsonl").open("w", encoding="utf-8") as file:
        for values in rows:
            file.write(json.dumps(values, ensure_ascii=False) + "\n")


def _write_parquet(rows: Iterable[Row], row: type, folder: Path) -> None:
    from pyarrow import parquet

    schema = arrow_schema(row)
    with parquet.ParquetWriter(folder / "data.parquet", schema, compression="zstd") as writer:
        for batch in _batches(rows, row):
            writer.write_batch(batch)


def _write_dataset(rows: Iterable[Row], row: type, folder: Path) -> None:
    import datasets
    import pyarrow as pa

    workplace = folder / "arrow"
    workplace.mkdir()
    with pa.ipc.new_stream(workplace / "data.arrow", arrow_schema(row)) as writer:
        for batch in _batches(rows, row):
            writer.write_batch(batch)
    datasets.disable_progress_bars()
    try:
        datasets.Dataset.from_file(str(workplace / "data.arrow")).save_to_disk(str(folder))
    finally:
        datasets.enable_progress_bars()
    shutil.rmtree(workplace)


def _batches(rows: Iterable[Row], row: type) -> "Iterator[RecordBatch]":
    import pyarrow as pa

    schema = arrow_schema(row)
    rest = iter(rows)
    while batch := [to_columns(row, values) for values in islice(rest, _ROWS_AT_ONCE)]:
        try:
            yield pa.RecordBatch.from_pylist(batch, schema=schema)
        except (pa.ArrowInvalid, OverflowError) as error:
            raise LogError(f"a record does not fit into columns: {error}") from error
