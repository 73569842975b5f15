"""Writes small files in the formats that data sets were published in."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def write_json(path: Path, value: object) -> Path:
    """Write a file that is one JSON value; folders above it are made."""
    return write_text(path, json.dumps(value, ensure_ascii=False))


def write_lines(path: Path, records: Iterable[Mapping[str, object]]) -> Path:
    """Write a JSON object a line, packed where the name says so."""
    return write_text(path, "".join(f"{json.dumps(dict(record))}\n" for record in records))


def write_cells(path: Path, lines: Iterable[Sequence[object]]) -> Path:
    """Write lines whose fields stand between tabs."""
    return write_text(path, "".join("\t".join(map(str, cells)) + "\n" for cells in lines))


def write_parquet(path: Path, records: Sequence[Mapping[str, object]]) -> Path:
    """Write a Parquet file, with a row for each record."""
    import pyarrow  # type: ignore[import-untyped]  # it ships no types
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(list(records)), path)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text, packed where the name says so; folders above it are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def squad(*articles: Sequence[Json], version: str = "1.1") -> Json:
    """Make a file in SQuAD's format of articles, each a list of paragraphs."""
    titled = enumerate(articles)
    data = [{"title": f"Article {n}", "paragraphs": list(parts)} for n, parts in titled]
    return {"data": data, "version": version}


def paragraph(context: str, *asked: Json, **more: object) -> Json:
    """Make one of its paragraphs."""
    return {"context": context, "qas": list(asked), **more}


def question(name: str, text: str, answer: str, context: str) -> Json:
    """Make a question that a text answers."""
    found = {"answer_start": context.index(answer), "text": answer}
    return {"id": name, "question": text, "answers": [found]}
