"""Files of a published data set, found by their names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crosearch.evals.dataset_catalog import DatasetRequest, split_named
from crosearch.tools.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """A file that has a published name."""

    path: Path
    parts: Mapping[str, str]
    """What the name tells, such as `language` and `split`."""


def find_files(request: DatasetRequest, pattern: str) -> list[PublishedFile]:
    """Find files by their published names, in the order of numbers within them.

    Args:
        request: Its source is a file, or a folder that is searched.
        pattern: What a path has to end with; its named groups are the file's parts.

    Raises:
        UsageError: There is no such file or folder.
    """
    source = Path(request.source).expanduser()
    if not source.exists():
        raise UsageError(f"there is no file or folder {request.source!r}; {expected(request)}")
    ending = re.compile(f"(?:^|/)(?:{pattern})$")
    found: list[PublishedFile] = []
    for path in [source] if source.is_file() else _visible_files(source):
        if match := ending.search(path.absolute().as_posix()):
            parts = {name: value or "" for name, value in match.groupdict().items()}
            found.append(PublishedFile(path=path, parts=parts))
    return sorted(found, key=lambda file: _natural(file.path.as_posix()))


def need_files(request: DatasetRequest, pattern: str) -> list[PublishedFile]:
    """Find files as `find_files` does.

    Raises:
        UsageError: There is no such file or folder, or none in it has such a name.
    """
    found = find_files(request, pattern)
    if not found:
        raise UsageError(f"nothing in {request.source!r} has a published name; {expected(request)}")
    return found


def choose_split(request: DatasetRequest, splits: Iterable[str]) -> str:
    """Choose the split that is asked for, or the only one there is.

    Raises:
        UsageError: It is not there, or none is asked for and there are several.
    """
    there = sorted(set(splits))
    if not request.split and len(there) == 1:
        return there[0]
    if chosen := split_named(request.split or request.about.default_split, there):
        return chosen
    which = f"no split {request.split!r}" if request.split else "several splits"
    raise UsageError(f"{request.source!r} has {which}: give one of {', '.join(there)}")


def by_part(
    request: DatasetRequest, files: Iterable[PublishedFile], part: str
) -> dict[str, PublishedFile]:
    """Order files by a part of their names, which no two may share.

    Raises:
        UsageError: Two files share it.
    """
    found: dict[str, PublishedFile] = {}
    for file in files:
        other = found.setdefault(file.parts[part], file)
        if other is not file:
            raise UsageError(
                f"{request.source!r} has two files of {request.about.name} for "
                f"{file.parts[part]!r}: {other.path} and {file.path}; give one of them"
            )
    return found


def language_files(
    request: DatasetRequest, files: Iterable[PublishedFile], split: str
) -> dict[str, PublishedFile]:
    """Order the files of a split by their language's code.

    Raises:
        UsageError: Two files of the split are in one language.
    """
    return by_part(request, [file for file in files if file.parts["split"] == split], "language")


def expected(request: DatasetRequest) -> str:
    """Say what a data set is read from."""
    hub = f", or from the Hugging Face dataset {request.about.hub}" if request.about.hub else ""
    return f"{request.about.name} is read from {', '.join(request.about.files)}{hub}"


def _visible_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            if path.is_file():
                yield path


def _natural(path: str) -> list[tuple[str, int]]:
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", path)]
