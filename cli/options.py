"""The options that several commands share, and how they are shown."""

from typing import Annotated

import typer

Store = Annotated[
    str,
    typer.Option(
        metavar="DIR|URL",
        help="Where the corpora lie: a folder, or http(s)://host:port of a Chroma server "
        "(else CROSEARCH_STORE, else a folder of the user's own).",
        show_default=False,
    ),
]
Corpus = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The corpus to search (else CROSEARCH_CORPUS, else the sample).",
        show_default=False,
    ),
]
Embedder = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What the corpus was embedded by: default, or a sentence-transformers model by name "
        "or path (else CROSEARCH_EMBEDDER).",
        show_default=False,
    ),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="'NAME: VALUE'",
        help="Sent to a Chroma server with every request, such as a proxy's token; repeatable.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def examples(*lines: str) -> str:
    """Lay out what stands below a command's options in its help."""
    return "\n\n".join(["[bold]Examples[/bold]", *(f"  {line}" for line in lines)])
