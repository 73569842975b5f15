"""Data sets as the package `datasets` holds them: by their id on the hub, or saved to folders."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from crosearch.evals.dataset_catalog import DatasetRequest
from crosearch.evals.dataset_files import choose_split
from crosearch.tools.errors import DocumentError, UsageError
from crosearch.training.question_files import (
    SUFFIXES,
    Row,
    missing_package,
    unreadable_dataset,
)

_ID = re.compile(r"[\w.-]+/[\w.-]+")
_SAVED = ("dataset_dict.json", "state.json")
_FILE_SUFFIXES = (*SUFFIXES, ".json", ".gz", ".txt")


def is_dataset(source: str) -> bool:
    """Tell whether a source is an id on the hub, or a folder that a data set was saved to."""
    path = Path(source).expanduser()
    if path.is_dir():
        return _is_saved(path) or any(_is_saved(folder) for folder in path.iterdir())
    if path.exists() or path.suffix.lower() in _FILE_SUFFIXES:
        return False
    return _ID.fullmatch(source) is not None


def configs_there(request: DatasetRequest, configs: Iterable[str]) -> list[str]:
    """Choose the configurations that can be read: of a saved data set, those that were saved.

    Raises:
        UsageError: None of them was.
    """
    wanted = list(configs)
    folder = Path(request.source).expanduser()
    if not folder.is_dir():
        return wanted
    there = [config for config in wanted if _is_saved(folder / config)]
    if not there:
        raise UsageError(
            f"{request.source!r} holds no saved data set of {request.about.name}: save its "
            f"configurations to folders of their own in it, such as {', '.join(wanted[:3])}"
        )
    return there


def dataset_rows(request: DatasetRequest, *, config: str = "", split: str = "") -> Iterator[Row]:
    """Read the rows of a data set.

    Args:
        request: Its source is what `is_dataset` says yes to.
        config: The configuration; in a folder, the folder in it, if there is one.
        split: The split; empty: the one that is asked for.

    Raises:
        DocumentError: It cannot be read.
        UsageError: It has no such split, or the package `datasets` is missing.
    """
    named = f"{request.source} ({config})" if config else request.source
    with _boundary(request.source, named):
        found = _open(request.source, config)
        splits = cast("Mapping[str, Iterable[object]]", found if isinstance(found, dict) else {})
        if splits:
            wanted = DatasetRequest(about=request.about, source=named, split=split or request.split)
            rows = splits[choose_split(wanted, splits)]
        else:
            rows = cast("Iterable[object]", found)
        for number, values in enumerate(rows, start=1):
            yield Row(place=f"{named}, row {number}", values=cast("Mapping[str, object]", values))


def _open(source: str, config: str) -> object:
    try:
        import datasets  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise missing_package(repr(source), "datasets") from error
    datasets.disable_progress_bars()
    folder = Path(source).expanduser()
    if folder.is_dir():
        inner = folder / config
        return cast("object", datasets.load_from_disk(str(inner if _is_saved(inner) else folder)))
    return cast("object", datasets.load_dataset(source, config or None, streaming=True))


def _is_saved(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _SAVED)


@contextmanager
def _boundary(source: str, named: str) -> Iterator[None]:
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        # The hub, the cache and every format's reader have errors of their own.
        what = unreadable_dataset(named, error)
        if not Path(source).expanduser().exists():
            what = f"there is no folder {source!r}, and on Hugging Face {what}"
        raise DocumentError(what) from error
