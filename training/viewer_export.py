"""Writes a run, or a question's runs, as one file that needs nothing beside it."""

import os
import tempfile
from pathlib import Path

from crosearch.tools.errors import LogError
from crosearch.training.viewer_groups import MOST_COLUMNS
from crosearch.training.viewer_index import LogIndex
from crosearch.training.viewer_pages import whole_group_page, whole_run_page
from crosearch.training.viewer_tokens import Decoder


def export_run(index: LogIndex, key: str, file: Path, decoder: Decoder | None = None) -> None:
    """Write a run as a page.

    Args:
        index: The log's.
        key: The run's key, or enough of its first digits.
        file: What to write; what was there is replaced, once the page is whole.
        decoder: Tells the tokens' texts; without one they are shown as ids.

    Raises:
        UsageError: There is no such run.
        LogError: It cannot be read, or the page not be written.
    """
    _write(file, whole_run_page(index.read(key), decoder))


def export_group(index: LogIndex, group: str, file: Path) -> None:
    """Write the runs of a question side by side, and then each of them, as a page.

    Args:
        index: The log's.
        group: The group's name, or enough of its first digits.
        file: What to write; what was there is replaced, once the page is whole.

    Raises:
        UsageError: There is no such group.
        LogError: It cannot be read, or the page not be written.
    """
    records, left_out = index.read_group(group, MOST_COLUMNS)
    _write(file, whole_group_page(records, left_out=left_out))


def _write(file: Path, page: str) -> None:
    try:
        with tempfile.NamedTemporaryFile("wb", dir=file.parent, delete=False) as unfinished:
            try:
                unfinished.write(page.encode("utf-8", "replace"))
                unfinished.flush()
                os.fsync(unfinished.fileno())
                os.chmod(unfinished.name, 0o644)
                os.replace(unfinished.name, file)
            except BaseException:
                os.unlink(unfinished.name)
                raise
    except OSError as error:
        raise LogError(f"{str(file)!r} cannot be written: {error.strerror}") from error
