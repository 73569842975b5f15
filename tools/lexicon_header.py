"""What a lexicon says of itself in its `lexicon.json`, and what is refused by it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from crosearch.tools.errors import UsageError
from crosearch.tools.lexicon_text import FOLDING

FORMAT = "crosearch-lexicon"
VERSION = 1
HEADER_FILE = "lexicon.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRecord:
    """What a file of a lexicon was when it was written."""

    size: int
    checksum: int


def read_header(folder: Path) -> dict[str, object]:
    """Read what a lexicon says of itself.

    Raises:
        UsageError: The folder holds no lexicon, or one of another version.
    """
    path = folder / HEADER_FILE
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"{folder} holds no lexicon: {HEADER_FILE} is missing. Make one with "
            "`crosearch lexicon build`, or leave CROSEARCH_LEXICON empty"
        ) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise damaged(folder, f"{HEADER_FILE}: {error}") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UsageError(f"{folder} holds no lexicon: {path.name} is of another format")
    for name, known in (("version", VERSION), ("folding", FOLDING)):
        if header.get(name) != known:
            raise UsageError(_other_version(folder, name, header.get(name), known))
    return cast(dict[str, object], header)


def check_sizes(folder: Path, header: Mapping[str, object]) -> dict[str, FileRecord]:
    """Return what the files of a lexicon were, having compared their sizes.

    Raises:
        UsageError: One is missing or of another size.
    """
    try:
        files = {
            name: FileRecord(size=int(size), checksum=int(checksum))
            for name, (size, checksum) in cast(dict[str, list[int]], header["files"]).items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(folder, f"{HEADER_FILE} does not list its files") from error
    for name, file in files.items():
        try:
            size = (folder / name).stat().st_size
        except OSError as error:
            raise damaged(folder, f"{name}: {error.strerror}") from error
        if size != file.size:
            raise damaged(folder, f"{name} has {size:,} bytes and had {file.size:,}")
    return files


def damaged(folder: Path, why: str) -> UsageError:
    """Make the error of a damaged lexicon, which says what to do."""
    return UsageError(
        f"the lexicon in {folder} is damaged ({why}): make it again with `crosearch lexicon "
        "build`, or leave CROSEARCH_LEXICON empty for the one that comes with CroSearch"
    )


def _other_version(folder: Path, name: str, found: object, known: int) -> str:
    newer = isinstance(found, int) and found > known
    advice = "update CroSearch" if newer else "make it again with `crosearch lexicon build`"
    return f"the lexicon in {folder} has {name} {found}, this CroSearch reads {known}: {advice}"
