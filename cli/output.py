"""Prints: results on standard output, everything else on standard error.

What comes from documents, models and users passes `visible` on its way to a terminal, and is
never read as markup.
"""

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crosearch.tools.languages import Language, describe_language

if TYPE_CHECKING:
    from rich.console import Console

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_WIDE_ENOUGH = 10_000
_FAILURES = {
    "timeout": "timed out",
    "missing": "no passages in this language",
    "error": "could not be searched",
}


def visible(text: str) -> str:
    """Make a text harmless to a terminal: what would steer it is shown as `�`.

    Line feeds and tabs stay. Characters that reorder their neighbours are left out; right-to-left
    text stands as it is.
    """
    text = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    return _DIRECTION_CONTROLS.sub("", text)


def one_line(text: str) -> str:
    """Make a text harmless, and put it on one line."""
    return visible(" ".join(text.split()))


def result_console() -> "Console":
    """Open the console for results: as wide as the terminal, and never wrapped into a file."""
    return _console(stderr=False)


def progress_console() -> "Console":
    """Open the console for what happens on the way."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE_ENOUGH
    return console


def print_figures(rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Print a table of figures, and an empty line.

    Args:
        rows: A row of names, then the others; what comes first in each is its name.
        title: Stands above the table; empty: nothing does.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(rows[0]):
        table.add_column(one_line(name), justify="right" if place else "left")
    for row in rows[1:]:
        table.add_row(*(one_line(cell) for cell in row))
    console = result_console()
    if title:
        console.print(title, style="bold")
    console.print(table)
    console.print()


def print_report_place(path: Path) -> None:
    """Say where a report lies."""
    result_console().print(f"report: {one_line(str(path))}", style="dim", soft_wrap=True)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object in ASCII, which every locale can hold and no terminal obeys."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
    sys.stdout.flush()


def print_error(message: str) -> None:
    """Print what went wrong on standard error."""
    sys.stdout.flush()
    sys.stderr.write(f"crosearch: {visible(message)}\n")
    sys.stderr.flush()


def discard_output() -> None:
    """Throw away what standard output still holds; otherwise the interpreter fails on it again."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def language_name(language: Language) -> str:
    """Name a language in English."""
    return describe_language(language).english_name


def failure_text(language: str, status: str, detail: str) -> str:
    """Say why a language could not be searched, from its status and the detail."""
    return one_line(f"{language}: {detail or _FAILURES.get(status, status)}")
