"""`crosearch train`: retrievers, and the pairs that they are trained on."""

from collections.abc import Callable

import typer

from crosearch.cli import train_pairs, train_retriever

train = typer.Typer(no_args_is_help=True, help="Train retrievers, and make what they learn from.")

COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (train_retriever.retriever, train_retriever.EXAMPLES),
    (train_pairs.pairs, train_pairs.EXAMPLES),
)
"""Each with its examples; `cli.commands` puts them under `train`."""
