"""`crosearch languages`: codes and names, and how much a corpus holds in each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import AsJson, Headers, Store, examples
from crosearch.cli.output import print_json, result_console
from crosearch.tools.languages import (
    EMBEDDED_LANGUAGES,
    Language,
    describe_language,
    known_languages,
)

if TYPE_CHECKING:
    from crosearch.tools.languages import LanguageProfile

EXAMPLES = examples("crosearch languages", "crosearch languages --corpus sample --json")


def languages(
    corpus: Annotated[
        str, typer.Option(metavar="NAME", help="Count this corpus' passages.", show_default=False)
    ] = "",
    store: Store = "",
    every: Annotated[bool, typer.Option("--all", help="List every language with a code.")] = False,
    header: Headers = None,
    as_json: AsJson = False,
) -> None:
    """List languages: those of a corpus, or those that the embedded embedder knows."""
    counts = _count_passages(store, corpus, header) if corpus or store else None
    listed: Sequence[Language] = EMBEDDED_LANGUAGES if counts is None else tuple(counts)
    profiles = [describe_language(code) for code in (known_languages() if every else listed)]
    if as_json:
        print_json({"languages": [_profile_json(profile, counts) for profile in profiles]})
    else:
        _print_profiles(profiles, counts)


def _count_passages(
    store: str, corpus: str, header: Sequence[str] | None
) -> Mapping[Language, int]:
    from crosearch.cli.sources import find_corpus, read_headers
    from crosearch.tools.settings import choose_source

    return find_corpus(choose_source(store, corpus, headers=read_headers(header))).passages


def _profile_json(
    profile: "LanguageProfile", counts: Mapping[Language, int] | None
) -> dict[str, object]:
    row: dict[str, object] = {
        "language": profile.language,
        "english_name": profile.english_name,
        "native_name": profile.native_name,
        "script": profile.script,
        "direction": profile.direction,
    }
    return row if counts is None else row | {"passages": counts.get(profile.language, 0)}


def _print_profiles(
    profiles: Sequence["LanguageProfile"], counts: Mapping[Language, int] | None
) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("code", style="cyan")
    for heading in ("English name", "native name", "script", "direction"):
        table.add_column(heading)
    if counts is not None:
        table.add_column("passages", justify="right")
    for profile in profiles:
        row = [
            profile.language,
            profile.english_name,
            profile.native_name,
            profile.script,
            profile.direction,
        ]
        if counts is not None:
            row.append(f"{counts.get(profile.language, 0):,}")
        table.add_row(*row)
    result_console().print(table)
