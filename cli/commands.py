"""The typer application: its commands, and how their errors end."""

import logging
import os
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from crosearch.cli import ask, info, ingest, languages, search
from crosearch.cli.info import print_version
from crosearch.cli.main import INTERRUPTED
from crosearch.cli.options import examples
from crosearch.cli.output import print_error
from crosearch.tools.errors import CroSearchError, UsageError

P = ParamSpec("P")


def ending_well(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command's error one line and an exit code; what is left is a bug."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except CroSearchError as error:
            print_error(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as interrupt:
            print_error("interrupted")
            raise typer.Exit(INTERRUPTED) from interrupt

    return run


commands = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@commands.callback(
    epilog=examples(
        "crosearch ask 'How many bricks were used to build the Göltzsch Viaduct?'",
        "crosearch ingest ./articles --corpus mine",
        "crosearch ask 'What do my articles say of it?' --corpus mine",
    )
)
@ending_well
def begin(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version)
    ] = False,
) -> None:
    """Ask in one language, and be answered from passages in others, with citations."""
    _quieten_libraries()
    _load_settings()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A locale that lacks a letter gets a ? for it, not a traceback.
            stream.reconfigure(errors="replace")


def _quieten_libraries() -> None:
    logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _load_settings() -> None:
    path = Path(".env")
    if not path.is_file():
        return
    from dotenv import load_dotenv

    try:
        load_dotenv(path, override=False)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f".env cannot be read: {error}") from error


for command, shown in (
    (ask.ask, ask.EXAMPLES),
    (search.search, search.EXAMPLES),
    (ingest.ingest, ingest.EXAMPLES),
    (languages.languages, languages.EXAMPLES),
    (info.info, info.EXAMPLES),
):
    commands.command(epilog=shown)(ending_well(command))
