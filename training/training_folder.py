"""The folder of a training, of whatever kind: one run's own, and found again after a kill.

What the training is stands in `settings.json` of a folder within it, its place; a lock beside it
keeps other processes away.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crosearch.tools.errors import CroSearchError, TrainingError, UsageError
from crosearch.tools.lock import LockHeldError, sole_lock
from crosearch.training.shard_files import sync_folder

Tell = Callable[[str, object, object], str]
"""Says how a setting differs: its name, what it is there, and what it is here."""

_SETTINGS = "settings.json"
_LOCK = "lock"


def tell_difference(name: str, there: object, here: object) -> str:
    """Say how a setting differs."""
    return f"{name.replace('_', ' ')} {there} there, {here} here"


def check_folder(
    place: Path,
    settings: Mapping[str, object],
    *,
    called: str = "run",
    tell: Tell = tell_difference,
) -> None:
    """See that a training's folder is new, or holds this very one.

    Args:
        place: Where the training keeps what it needs, right within its folder.
        settings: What it is; plain JSON but for tuples.
        called: What the message calls it.
        tell: Says how a setting differs.

    Raises:
        UsageError: The folder holds another training, or something else; the message says which
            settings differ.
    """
    out = place.parent
    if out.exists() and not out.is_dir():
        raise UsageError(f"{str(out)!r} is a file: give a folder")
    there = read_json(place / _SETTINGS)
    if there is None:
        if out.is_dir() and _holds_more(place):
            raise UsageError(f"{str(out)!r} holds something else: give a folder that is not there")
        return
    if differing := differences(there, settings, tell=tell):
        raise UsageError(
            f"{str(out)!r} holds another {called}: {'; '.join(differing)}. Give another folder, or "
            "the settings it began with"
        )


def differences(
    there: Mapping[str, object], here: Mapping[str, object], *, tell: Tell = tell_difference
) -> list[str]:
    """Say how noted settings differ from others, one by one in the order of their names.

    Args:
        there: As they were read.
        here: As they are; plain JSON but for tuples.
        tell: Says how a setting differs.
    """
    plain: dict[str, object] = json.loads(json.dumps(here))
    return [
        tell(name, there.get(name), plain.get(name))
        for name in sorted(plain.keys() | there.keys())
        if plain.get(name) != there.get(name)
    ]


@contextmanager
def hold_folder(
    place: Path,
    settings: Mapping[str, object],
    *,
    called: str = "run",
    tell: Tell = tell_difference,
    error: type[CroSearchError] = TrainingError,
    doing: str = "trained",
) -> Iterator[None]:
    """Hold a training's folder while the block lasts, and note the settings in it.

    What is refused before it left anything there is not noted: with other settings it may go there.

    Args:
        place: As for `check_folder`, as are the others.
        settings: What the training is.
        called: What messages call it.
        tell: Says how a setting differs.
        error: What is raised where it cannot be held.
        doing: What another process does to it, as messages say.

    Raises:
        UsageError: It holds another training, or something else.
        TrainingError: Another process is at it, or it cannot be written; or `error`.
    """
    check_folder(place, settings, called=called, tell=tell)
    out = place.parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        with sole_lock(place / _LOCK):
            check_folder(place, settings, called=called, tell=tell)
            with _noting(place, settings):
                yield
    except LockHeldError as held:
        raise error(f"{str(out)!r} is being {doing} {held.holder}") from held
    except OSError as failed:
        raise error(f"cannot write to {str(out)!r}: {failed.strerror or failed}") from failed


@contextmanager
def _noting(place: Path, settings: Mapping[str, object]) -> Iterator[None]:
    """Note the settings while the block lasts; they go if it fails and nothing else is there."""
    is_new = not (place / _SETTINGS).is_file()
    if is_new:
        write_json(place / _SETTINGS, settings)
    try:
        yield
    except CroSearchError:
        is_bare = {path.name for path in place.iterdir()} <= {_SETTINGS, _LOCK}
        if is_new and is_bare and not _holds_more(place):
            (place / _SETTINGS).unlink()
        raise


def _holds_more(place: Path) -> bool:
    """Tell whether there is something beside a training's place in its folder."""
    return any(path != place for path in place.parent.iterdir())


def bring_model(model: Path, out: Path, *, telling: str = "config.json") -> None:
    """Bring a saved model to its place; it looks like a model only once all of it is there.

    Args:
        model: A folder on the same disk; it is emptied, and goes.
        out: Gets its files; what is called the same there goes.
        telling: The file that tells a model's folder from others, which comes last.
    """
    for path in sorted(model.iterdir(), key=lambda path: path.name == telling):
        target = out / path.name
        if target.is_dir():
            shutil.rmtree(target)
        path.replace(target)
    model.rmdir()
    sync_folder(out)


def read_json(path: Path) -> dict[str, object] | None:
    """Read an object that a training noted; None where it did not.

    Raises:
        TrainingError: The file is damaged.
    """
    try:
        value: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise TrainingError(f"{path} is damaged: train into another folder") from error
    return value


def write_json(path: Path, value: object) -> None:
    """Note a JSON value; it is there whole, or not at all."""
    write_text(path, json.dumps(value, indent=1))


def write_text(path: Path, text: str) -> None:
    """Write a file that is there whole, or not at all."""
    write_lines(path, [text])


def write_lines(path: Path, lines: Iterable[str], *, encoding: str = "utf-8") -> None:
    """Write a file, line by line, that is there whole, or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding=encoding) as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
