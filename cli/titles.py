"""Names that users give to what is compared."""

from collections.abc import Sequence
from pathlib import Path


def split_title(given: str) -> tuple[str, str]:
    """Split `TITLE=NAME`; a folder whose own name holds a `=` is taken as it is.

    Returns:
        The title, empty where none was given, and the name.
    """
    title, equals, name = given.partition("=")
    if not equals or not title or Path(given).exists():
        return "", given
    return title, name


def by_title(given: Sequence[str]) -> dict[str, str]:
    """Return names by what they are called: by their title, else by their own last part.

    Raises:
        UsageError: Two are called the same.
    """
    from crosearch.tools.errors import UsageError

    found: dict[str, str] = {}
    for text in given:
        title, name = split_title(text)
        called = title or (Path(name).name if Path(name).exists() else name)
        if called in found:
            raise UsageError(f"two policies are called {called!r}: give them names of their own")
        found[called] = name
    return found
