"""Makes a folder that appears under its name only once all that belongs in it is there."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crosearch.tools.errors import UsageError
from crosearch.training.shard_files import sync_folder


@contextmanager
def new_folder(out: str | Path) -> Iterator[Path]:
    """Give a folder to fill, beside `out`, and bring it to that name when the block ends well.

    If it does not, nothing remains; a kill leaves a folder whose name ends in `.unfinished`.

    Raises:
        UsageError: `out` is there already, and is not an empty folder.
        OSError: The disk is full or fails.
    """
    target = Path(out).absolute()
    check_new(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    workplace = target.with_name(f".{target.name}.{secrets.token_hex(4)}.unfinished")
    workplace.mkdir()
    try:
        yield workplace
        _sync_files(workplace)
        # An empty folder of that name gives way; one that has been filled meanwhile does not.
        workplace.rename(target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(workplace, ignore_errors=True)
        raise


def check_new(out: str | Path) -> None:
    """See that a folder can be made under this name.

    Raises:
        UsageError: It is there already, and is not an empty folder.
    """
    target = Path(out)
    if target.is_dir() and any(target.iterdir()):
        raise UsageError(f"{str(out)!r} is not empty: give a folder that is not there yet")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{str(out)!r} is a file: give a folder that is not there yet")


def _sync_files(folder: Path) -> None:
    for path, _, names in os.walk(folder):
        for name in names:
            with (Path(path) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(path))
