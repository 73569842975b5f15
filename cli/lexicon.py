"""`crosearch lexicon`: making a lexicon, looking into it, and what a phrase is elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.inputs import read_question
from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import one_line, print_json, progress_console, result_console

if TYPE_CHECKING:
    from crosearch.tools.lexicon import Lexicon, Match

lexicon = typer.Typer(
    no_args_is_help=True, help="Look phrases up in other languages; make lexicons of your own."
)

Folder = Annotated[
    str,
    typer.Option(
        "--lexicon",
        metavar="DIR",
        help="The lexicon's folder (else CROSEARCH_LEXICON, else the one that comes along).",
        show_default=False,
    ),
]


def build(
    sources: Annotated[
        list[str],
        typer.Option(
            "--from",
            metavar="DATA|TSV|DIR",
            help="The project's data folder, a TSV file of terms, or a lexicon to add to "
            "(shipped: the one that comes along); repeatable.",
        ),
    ],
    out: Annotated[
        str, typer.Option(metavar="FOLDER", help="The new lexicon: a folder that is not there yet.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make a lexicon from data, from terms of your own, or from both.

    A TSV file begins with the line `crosearch-lexicon-tsv`, a tab and 1. Each further line has a
    language, a term, another language, its translation there and, if you like, a weight.
    """
    from crosearch.training.lexicon import build_lexicon

    with _showing_progress() as show:
        report = build_lexicon(sources, out, show)
    if as_json:
        print_json(
            {
                "folder": report.folder,
                "fingerprint": report.fingerprint,
                "languages": dict(report.languages),
                "senses": report.senses,
                "bytes": report.bytes,
            }
        )
        return
    result_console().print(
        f"{one_line(report.folder)}: {sum(report.languages.values()):,} terms in "
        f"{len(report.languages)} languages, {report.bytes / 1e6:.1f} MB, "
        f"fingerprint {report.fingerprint}",
        soft_wrap=True,
    )


def show(
    phrase: Annotated[
        str, typer.Argument(metavar="PHRASE", help="Words or a sentence; - reads standard input.")
    ],
    source: Annotated[str, typer.Option("--from", metavar="CODE", help="Its language.")],
    target: Annotated[str, typer.Option("--to", metavar="CODE", help="The language wanted.")],
    most: Annotated[int, typer.Option(min=1, metavar="N", help="Translations of each phrase.")] = 8,
    folder: Folder = "",
    as_json: AsJson = False,
) -> None:
    """Show what each phrase of a text may be in another language, and the gloss of the whole."""
    from crosearch.tools.languages import parse_language
    from crosearch.tools.lexicon import load_lexicon

    text = read_question(phrase)
    languages = parse_language(source), parse_language(target)
    opened = load_lexicon(folder or None)
    matches = opened.match(text, *languages, most=most)
    gloss = opened.gloss(text, *languages)
    if as_json:
        print_json(
            {
                "text": text,
                "from": languages[0],
                "to": languages[1],
                "matches": [_match_json(text, match) for match in matches],
                "gloss": gloss,
            }
        )
    else:
        _print_matches(text, matches, gloss)


def info(folder: Folder = "", as_json: AsJson = False) -> None:
    """Show how many terms a lexicon has in each language, and check its files."""
    from crosearch.tools.lexicon import load_lexicon

    opened = load_lexicon(folder or None)
    opened.check()
    if as_json:
        print_json(
            {
                "fingerprint": opened.fingerprint,
                "folder": opened.folder,
                "sound": True,
                "languages": dict(opened.languages),
                "rules": {code: opened.rule_count(code) for code in opened.languages},
            }
        )
    else:
        _print_info(opened)


COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (
        build,
        examples(
            "crosearch lexicon build --from ../shared/data --out ./lexicon",
            "crosearch lexicon build --from shipped --from terms.tsv --out ./lexicon",
        ),
    ),
    (
        show,
        examples(
            "crosearch lexicon show 'der Präsident der Vereinigten Staaten' --from de --to ru",
            "crosearch lexicon show 法国总统 --from zh --to en --json",
        ),
    ),
    (info, examples("crosearch lexicon info", "crosearch lexicon info --lexicon ./lexicon --json")),
)
"""Each with its examples; `cli.commands` puts them under `lexicon`."""


@contextmanager
def _showing_progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done: one changing line in a terminal, a line for each step elsewhere."""
    console = progress_console()
    if not console.is_terminal:
        yield lambda step: console.print(one_line(step), soft_wrap=True)
        return
    with console.status("beginning") as status:
        yield lambda step: status.update(one_line(step))


def _match_json(text: str, match: "Match") -> dict[str, object]:
    start, end = match.span
    return {
        "phrase": text[start:end],
        "span": [start, end],
        "exact": match.exact,
        "translations": [
            {"text": translation.text, "weight": round(translation.weight, 4)}
            for translation in match.translations
        ],
    }


def _print_matches(text: str, matches: "list[Match]", gloss: str | None) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("phrase", style="cyan", overflow="fold")
    table.add_column("translations", overflow="fold")
    for match in matches:
        start, end = match.span
        listed = ", ".join(
            f"{translation.text} {translation.weight:.2f}" for translation in match.translations
        )
        phrase = one_line(text[start:end]) + ("" if match.exact or not listed else " (a form)")
        table.add_row(phrase, one_line(listed) or "-")
    console = result_console()
    console.print(table)
    console.print(f"gloss: {one_line(gloss)}" if gloss else "too little is known for a gloss")


def _print_info(opened: "Lexicon") -> None:
    from rich import box
    from rich.table import Table

    console = result_console()
    console.print(f"{one_line(opened.folder)}: sound, fingerprint {opened.fingerprint}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("language", style="cyan")
    table.add_column("terms", justify="right")
    table.add_column("inflection rules", justify="right")
    for code, count in opened.languages.items():
        table.add_row(code, f"{count:,}", f"{opened.rule_count(code):,}")
    console.print(table)
