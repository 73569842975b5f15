"""`crosearch info`: versions, and what lies where."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict

import typer

from crosearch.cli.options import AsJson, Headers, examples
from crosearch.cli.output import one_line, print_json, result_console
from crosearch.tools.errors import StoreError

if TYPE_CHECKING:
    from rich.console import Console

    from crosearch.tools.index import CorpusInfo

EXAMPLES = examples("crosearch info", "crosearch info --store http://localhost:8000 --json")

_PACKAGES = ("crosearch", "langgraph", "chromadb")


class CorpusSummary(TypedDict):
    """What is told of a corpus."""

    name: str
    embedder: str
    dimension: int
    complete: bool
    passages: int
    languages: Mapping[str, int]
    """Passages by language, most first."""


class StoreSummary(TypedDict):
    """What is told of a store."""

    store: str
    """A folder, with the home directory written as `~`, or a server's address."""
    corpora: Sequence[CorpusSummary]
    error: NotRequired[str]
    """Why it could not be read."""


def print_version(wanted: bool) -> None:
    """Print the version for `--version`, and end."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"crosearch {version('crosearch')}")
        raise typer.Exit


def info(
    store: Annotated[
        str,
        typer.Option(
            metavar="DIR|URL",
            help="Look into this store (else CROSEARCH_STORE, else the user's own and the "
            "sample's).",
            show_default=False,
        ),
    ] = "",
    header: Headers = None,
    as_json: AsJson = False,
) -> None:
    """Show versions, where stores lie, and which corpora they hold."""
    from crosearch.cli.sources import read_headers
    from crosearch.tools.settings import server_headers

    headers = server_headers(read_headers(header))
    versions = _versions()
    stores = [_summarise(place, headers) for place in _places(store)]
    if as_json:
        print_json({"versions": versions, "stores": stores})
    else:
        _print_info(versions, stores)
    if any("error" in summary for summary in stores):
        raise typer.Exit(1)


def _versions() -> dict[str, str]:
    from importlib.metadata import version
    from platform import python_version

    return {name: version(name) for name in _PACKAGES} | {"python": python_version()}


def _places(store: str) -> list[str]:
    from crosearch.tools.sample_store import sample_folder
    from crosearch.tools.settings import choose_source, default_store

    named = choose_source(store).store
    return [named] if named else [str(sample_folder()), str(default_store())]


def _summarise(place: str, headers: Mapping[str, str]) -> StoreSummary:
    from crosearch.tools.index import open_store

    try:
        corpora = open_store(place, headers=headers).corpora()
    except StoreError as error:
        return StoreSummary(store=_short(place), corpora=[], error=_short(str(error)))
    return StoreSummary(store=_short(place), corpora=[_corpus(corpus) for corpus in corpora])


def _corpus(corpus: "CorpusInfo") -> CorpusSummary:
    return CorpusSummary(
        name=corpus.name,
        embedder=corpus.embedder,
        dimension=corpus.dimension,
        complete=corpus.complete,
        passages=sum(corpus.passages.values()),
        languages={str(code): count for code, count in corpus.passages.items()},
    )


def _short(text: str) -> str:
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _print_info(versions: Mapping[str, str], stores: Sequence[StoreSummary]) -> None:
    console = result_console()
    for name, number in versions.items():
        console.print(f"{name:<10} {number}")
    for summary in stores:
        console.print(f"\n{one_line(summary['store'])}", style="bold", soft_wrap=True)
        if "error" in summary:
            console.print(f"  {one_line(summary['error'])}", style="yellow", soft_wrap=True)
        elif not summary["corpora"]:
            console.print("  holds no corpus yet", style="dim")
        for corpus in summary["corpora"]:
            _print_corpus(console, corpus)


def _print_corpus(console: "Console", corpus: CorpusSummary) -> None:
    from rich.padding import Padding
    from rich.text import Text

    languages = ", ".join(f"{code} {count:,}" for code, count in corpus["languages"].items())
    state = "" if corpus["complete"] else "; an ingestion has not ended"
    text = Text.assemble(
        (one_line(corpus["name"]), "cyan"),
        f"  {corpus['passages']:,} passages, embedder {one_line(corpus['embedder'])}{state}\n",
        (languages, "dim"),
    )
    console.print(Padding(text, (0, 0, 0, 2), expand=False))
