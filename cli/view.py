"""`crosearch view`: recorded runs, looked at in a browser."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import examples
from crosearch.cli.output import print_error, progress_console
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crosearch.training.viewer_index import LogIndex
    from crosearch.training.viewer_indexing import IndexProgress
    from crosearch.training.viewer_tokens import Decoder

EXAMPLES = examples(
    "crosearch view ./runs",
    "crosearch view ./runs ./more-runs --port 9000 --tokenizer ./model",
    "crosearch view ./runs --export run.html --run 3f9a12",
)

_WORTH_SHOWING = 4 * 2**20


def view(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Trajectory logs, looked at together."),
    ],
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, metavar="N", help="Listen there; 0 takes any free port."),
    ] = 8765,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser; print the address only.")
    ] = False,
    tokenizer: Annotated[
        str,
        typer.Option(
            metavar="NAME|DIR",
            help="Show tokens as text, by this tokenizer (else as ids).",
            show_default=False,
        ),
    ] = "",
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Write one run or one group as a page that needs nothing beside it, and end.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        str,
        typer.Option(
            metavar="KEY", help="The run to write; its key's first digits do.", show_default=False
        ),
    ] = "",
    group: Annotated[
        str,
        typer.Option(metavar="GROUP", help="The group to write.", show_default=False),
    ] = "",
) -> None:
    """Look at recorded runs in a browser: a page that only this machine can reach."""
    if export is None and (run or group):
        raise UsageError("--run and --group name what --export writes: give it a file")
    if export is not None and bool(run) == bool(group):
        raise UsageError("--export needs either --run KEY or --group GROUP")
    from crosearch.training.viewer_index import LogIndex

    with closing(LogIndex(logs)) as index:
        decoder = _decoder(tokenizer)
        _bring_up_to_date(index)
        if export is None:
            _serve(index, decoder, [log.resolve().name for log in logs], port, not no_browser)
        else:
            _export(index, decoder, export, run, group)


def _decoder(tokenizer: str) -> "Decoder | None":
    if not tokenizer:
        return None
    from crosearch.training.viewer_tokens import load_decoder

    return load_decoder(tokenizer)


def _bring_up_to_date(index: "LogIndex") -> None:
    with _showing_progress() as show:
        index.refresh(show)
    problems = index.problems()
    if problems:
        lines = "line" if problems == 1 else "lines"
        print_error(f"{problems:,} {lines} could not be read: `crosearch log verify` says which")


def _export(index: "LogIndex", decoder: "Decoder | None", file: Path, run: str, group: str) -> None:
    from crosearch.training.viewer_export import export_group, export_run

    if run:
        export_run(index, run, file, decoder)
    else:
        export_group(index, group, file)


def _serve(
    index: "LogIndex", decoder: "Decoder | None", names: list[str], port: int, browser: bool
) -> None:
    from crosearch.training.viewer import HOST, listen, make_app, serve
    from crosearch.training.viewer_pages import Pages

    server = listen(port)
    with server:
        address = f"http://{HOST}:{server.getsockname()[1]}/"
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        progress_console().print("Ctrl-C ends it")
        if browser:
            _open_browser(address)
        try:
            serve(make_app(index, Pages(", ".join(names), decoder)), server)
        except KeyboardInterrupt:
            return  # The way to end it.


def _open_browser(address: str) -> None:
    """Open a window, and never a browser in the terminal, which would take it over."""
    import os
    import webbrowser

    if sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        webbrowser.open(address)


@contextmanager
def _showing_progress() -> "Iterator[Callable[[IndexProgress], None]]":
    """Show how far the indexing has come, where it is enough to wait for."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("indexing"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%  {task.fields[records]:,} runs"),
        TimeRemainingColumn(),
    )
    console = progress_console()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", visible=False, records=0)

        def show(progress: "IndexProgress") -> None:
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                records=progress.records,
                visible=progress.total > _WORTH_SHOWING,
            )

        yield show
