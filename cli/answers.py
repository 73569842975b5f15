"""Prints how a run ended: the answer, and the sentences that it rests on."""

from typing import TYPE_CHECKING

from crosearch.cli.output import language_name, one_line, progress_console, result_console, visible

if TYPE_CHECKING:
    from rich.console import Console

    from crosearch.graphs.state import SearchOutput
    from crosearch.tools.ledger import Evidence

_ENDINGS = {"turns": "it has taken all its turns", "seconds": "its time is spent"}


def print_answer(result: "SearchOutput") -> None:
    """Print the answer and its citations, and what it took."""
    console, progress = result_console(), progress_console()
    progress.print()
    if result["answer"]:
        style = "bold" if result["found"] else "none"
        console.print(visible(result["answer"]), style=style)
    else:
        console.print(f"No answer: {_ENDINGS[result['ending'] or 'turns']}.")
    for entry in result["citations"]:
        _print_citation(console, entry)
    progress.print()
    progress.print(_costs(result), style="dim")


def _print_citation(console: "Console", entry: "Evidence") -> None:
    from rich.padding import Padding
    from rich.text import Text

    from crosearch.tools.translate import is_gloss

    start, end = entry["span"]
    head = Text.assemble(
        (f"[{entry['number']}] ", "green"),
        (language_name(entry["language"]), "cyan"),
        (f"  {one_line(entry['title'])}", "bold"),
        ("  disagrees with other sources" if entry["stance"] == "conflicts" else "", "yellow"),
    )
    console.print()
    console.print(head)
    body = Text(one_line(entry["text"][start:end]))
    if entry["translation"] is not None:
        body.append(f"\n{one_line(entry['translation'])}", "italic")
        how = ", word for word" if is_gloss(entry) else ""
        body.append(f"  ({one_line(entry['translated_by'] or '')}{how})", "dim")
    if entry["url"]:
        body.append(f"\n{one_line(entry['url'])}", "blue")
    console.print(Padding(body, (0, 0, 0, 4), expand=False))


def _costs(result: "SearchOutput") -> str:
    searched = {language for search in result["searches"] for language in search["languages"]}
    return (
        f"{_count(len(result['searches']), 'search', 'searches')} in "
        f"{_count(len(searched), 'language', 'languages')}, "
        f"{_count(len(result['evidence']), 'passage', 'passages')} of evidence, "
        f"{result['seconds']:.2f} s"
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
