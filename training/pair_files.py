"""Pair files: what a retriever is trained on, as people write it and tools exchange it.

Three kinds, told apart by their first line:

- JSON lines of questions: `{"id": "q1", "query": {"en": "…"}, "passage": {"en": "…", "ru": ["…"]},
  "negatives": {"en": ["…"]}, "group": "an article"}`. Only `query` and `passage` have to be there.
- JSON lines of parallel texts: `{"id": "s1", "texts": {"en": "…", "de": ["…", "…"]}}`.
- TSV: a first line of language codes, for parallel sentences, or `lang term en` (also with more
  columns) for terms and `lang text en` for sentences, each with its English. Nothing is quoted.

JSON lines may begin with `{"about": {"source": "…", "licence": "…", "kind": "terms"}}`.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypedDict

from crosearch.tools.errors import DocumentError, UsageError
from crosearch.tools.languages import Language
from crosearch.training.pair_records import PairKind, PairRecord, PairSet, Texts
from crosearch.training.pair_rows import make_id, parse_pair, parse_texts, wrong
from crosearch.training.pair_tables import read_table
from crosearch.training.question_files import Row, file_boundary, read_rows
from crosearch.training.shard_files import sync_folder

SUFFIXES = (".jsonl", ".ndjson", ".tsv")

_KINDS: Mapping[str, PairKind] = {
    "questions": "questions",
    "parallel": "parallel",
    "terms": "terms",
}
_READ = 1 << 20


class About(TypedDict, total=False):
    """What a file says of itself; further fields may stand beside these."""

    source: str
    licence: str
    kind: PairKind


def read_pairs(path: str | Path, *, weight: float = 1.0) -> PairSet:
    """Read a pair file whole; a record that says what another one said is left out.

    Args:
        path: A file whose name ends in one of `SUFFIXES`.
        weight: How much of the training is to come from it, relative to other files.

    Raises:
        DocumentError: It is not what its name promises, or a line is wrong; the message names
            file, line and value, and what would be right.
        UsageError: There is no such file, or the weight is not a positive number.
    """
    path = Path(path).expanduser()
    if not (math.isfinite(weight) and weight > 0):
        raise UsageError(f"the weight of {str(path)!r} is {weight:g}; it must be more than 0")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{str(path)!r} is of no kind that holds pairs: {' '.join(SUFFIXES)}")
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}")
    about: dict[str, str] = {}
    if path.suffix.lower() == ".tsv":
        kind, rows = read_table(path)
        records = _distinct(rows)
    else:
        records = _distinct(_read_jsonl(path, about))
        kind = _kind(about, records)
    if not records:
        raise DocumentError(f"{path} holds no pairs")
    return PairSet(
        name=path.stem,
        path=path,
        weight=weight,
        kind=kind,
        sha256=_hash(path),
        licence=about.get("licence", ""),
        source=about.get("source", ""),
        records=records,
    )


def write_pairs(
    path: str | Path, records: Iterable[PairRecord], about: Mapping[str, object] | None = None
) -> int:
    """Write records as JSON lines, and return how many; the file appears once all are written.

    Args:
        path: The file; one of that name is replaced.
        records: Read as they are written.
        about: What the file says of itself in its first line; `About` names what is read of it.

    Raises:
        OSError: The disk is full or fails; what was there before is still there.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    count = 0
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            if about:
                file.write(json.dumps({"about": dict(about)}, ensure_ascii=False) + "\n")
            for record in records:
                file.write(json.dumps(record_row(record), ensure_ascii=False) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.absolute().parent)
    finally:
        partial.unlink(missing_ok=True)
    return count


def record_row(record: PairRecord) -> dict[str, object]:
    """Lay a record out as a line of a pair file."""
    if record.parallel:
        return {"id": record.id, "texts": _plain(record.query)}
    row: dict[str, object] = {
        "id": record.id,
        "query": _plain(record.query),
        "passage": _plain(record.passage),
    }
    if record.negatives:
        row["negatives"] = _plain(record.negatives)
    if record.group:
        row["group"] = record.group
    return row


def _plain(texts: Texts) -> dict[Language, str | list[str]]:
    return {code: found[0] if len(found) == 1 else list(found) for code, found in texts.items()}


def _read_jsonl(path: Path, about: dict[str, str]) -> Iterator[PairRecord]:
    first: Row | None = None
    for number, row in enumerate(read_rows(str(path))):
        if "about" in row.values:
            if number:
                raise wrong(row, "about", "stands here", "it has to be the first line")
            about.update(_parse_about(row))
            continue
        record = parse_pair(row) if "texts" not in row.values else parse_texts(row)
        first = first or row
        if ("texts" in row.values) != ("texts" in first.values):
            here, there = _shape(row), _shape(first)
            raise DocumentError(
                f"{row.place}: {here}, and {first.place} is {there}: give them two files"
            )
        yield record


def _shape(row: Row) -> str:
    return "parallel texts" if "texts" in row.values else "a question with its passage"


def _parse_about(row: Row) -> dict[str, str]:
    about = row.values["about"]
    if not isinstance(about, dict):
        raise wrong(row, "about", f"is {about!r:.80}", 'give {"source": "…", "licence": "…"}')
    found: dict[str, str] = {}
    for name in ("source", "licence", "kind"):
        value: object = about.get(name, "")
        if not isinstance(value, str):
            raise wrong(row, f"about.{name}", f"is {value!r:.80}", "it has to be a text")
        found[name] = value
    if found["kind"] not in ("", *_KINDS):
        raise wrong(row, "about.kind", f"is {found['kind']!r:.80}", f"give {', '.join(_KINDS)}")
    return found


def _kind(about: Mapping[str, str], records: list[PairRecord]) -> PairKind:
    parallel = bool(records) and records[0].parallel
    told = _KINDS.get(about.get("kind", ""))
    if told is None or not records:
        return "parallel" if parallel else "questions"
    if parallel == (told == "questions"):
        what = "parallel texts" if parallel else "questions with passages"
        raise DocumentError(f"'about.kind' says {told!r}, and the file holds {what}")
    return told


def _distinct(records: Iterable[PairRecord]) -> list[PairRecord]:
    """Keep the first of records with equal content; a name that two contents share is an error."""
    known: dict[str, PairRecord] = {}
    for record in records:
        before = known.setdefault(record.id, record)
        if before is not record and make_id(before) != make_id(record):
            raise DocumentError(f"two records have the id {record.id!r}; each needs its own")
    return list(known.values())


def _hash(path: Path) -> str:
    with file_boundary(str(path)), path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(_READ):
            digest.update(block)
    return digest.hexdigest()
