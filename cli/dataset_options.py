"""The options that say what is asked of a data set: shared by the commands that evaluate on one."""

from typing import Annotated

import typer

COMPARED = "What is compared"

DatasetName = Annotated[
    str, typer.Argument(metavar="DATASET", help="One of those that crosearch eval datasets lists.")
]
DataPath = Annotated[
    str,
    typer.Option(
        metavar="PATH", help="Its file or folder as published, or for some a Hugging Face id."
    ),
]
Split = Annotated[str, typer.Option(metavar="NAME", help="Which part of it.", show_default=False)]
AskedLanguages = Annotated[
    str,
    typer.Option(
        metavar="LIST",
        help="Ask in these languages, such as en,de (else in all); where each has files of its "
        "own, only their documents are read.",
        show_default=False,
        rich_help_panel=COMPARED,
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Ask at most N questions, drawn with all that translate them (else all).",
        rich_help_panel=COMPARED,
        show_default=False,
    ),
]
