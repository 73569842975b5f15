"""`crosearch eval datasets`: the data sets that can be evaluated on, and where to get them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import print_json, result_console

if TYPE_CHECKING:
    from crosearch.evals.dataset_catalog import DatasetDescription

EXAMPLES = examples(
    "crosearch eval datasets", "crosearch eval datasets xquad", "crosearch eval datasets --json"
)

_FEW = 12
"""More languages than these are only counted in the table."""


def datasets(
    name: Annotated[
        str,
        typer.Argument(metavar="[NAME]", help="Tell this one in full.", show_default=False),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the data sets that can be read; none comes with CroSearch."""
    from crosearch.evals.datasets import datasets_known, describe_dataset

    if name:
        about = describe_dataset(name)
        if as_json:
            print_json(_json(about))
        else:
            _print_one(about)
    elif as_json:
        print_json({"datasets": [_json(about) for about in datasets_known()]})
    else:
        _print_all(datasets_known())


def _json(about: "DatasetDescription") -> dict[str, object]:
    return {**asdict(about), "examples": _commands(about)}


def _commands(about: "DatasetDescription") -> list[str]:
    """Tell how to evaluate on it: answers, and where it says which documents are right, search."""
    split = f" --split {about.splits[-1]}" if about.splits and not about.default_split else ""
    corpus = "" if about.gold else " --corpus NAME"
    read = f"{about.name} --data FOLDER{split}"
    commands: list[str] = []
    if about.answers or about.gold:
        commands.append(f"crosearch eval answers {read}{corpus} --out REPORT")
    if about.gold:
        commands.append(f"crosearch eval retrieval {read} --out REPORT")
    return commands


def _print_all(known: "Sequence[DatasetDescription]") -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("name", style="cyan", no_wrap=True)
    for heading in ("size", "languages", "licence"):
        table.add_column(heading)
    table.add_column("where to get it", no_wrap=True)
    for about in known:
        several = len(about.languages) > _FEW
        languages = f"{len(about.languages)} languages" if several else _languages(about)
        where = about.where.removeprefix("https://")
        table.add_row(about.name, about.size, languages, about.licence, where)
    result_console().print(table)


def _print_one(about: "DatasetDescription") -> None:
    from rich.text import Text

    told = {
        "name": [about.name],
        "title": [about.title],
        "paper": [about.paper],
        "size": [about.size],
        "languages": [_languages(about)],
        "licence": [about.licence],
        "where": [about.where],
        "files": about.files,
        "hub": [about.hub],
        "splits": [", ".join(about.splits)],
        "notes": [about.notes],
        "examples": _commands(about),
    }
    console = result_console()
    for heading, lines in told.items():
        for number, line in enumerate(filter(None, lines)):
            label = heading if number == 0 else ""
            console.print(Text.assemble((f"{label:<11}", "cyan"), line))


def _languages(about: "DatasetDescription") -> str:
    return " ".join(about.languages) or "those of its files"
