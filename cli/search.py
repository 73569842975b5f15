"""`crosearch search`: the passages that a query finds, without anyone deciding anything."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.inputs import read_question
from crosearch.cli.options import AsJson, Corpus, Embedder, Headers, Store, examples
from crosearch.cli.output import (
    failure_text,
    one_line,
    print_json,
    progress_console,
    result_console,
)

if TYPE_CHECKING:
    from crosearch.tools.languages import Language
    from crosearch.tools.passages import Hit, SearchResult
    from crosearch.tools.settings import Source


_WIDE = 90
"""Columns of a terminal from which on each signal has one."""

EXAMPLES = examples(
    "crosearch search 'puente de madera' --languages ja,zh -k 5",
    "crosearch search 'ponte' --asked-in it --languages en",
    "crosearch search 'lake depth' --corpus lakes --store ./store --json",
)


def search(
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="Words or a question; - reads them from standard input."
        ),
    ],
    languages: Annotated[
        str,
        typer.Option(
            metavar="CODES",
            help="Where to search, such as fr,de (else in all of the corpus).",
            show_default=False,
        ),
    ] = "",
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many passages.")] = 10,
    asked_in: Annotated[
        str,
        typer.Option(
            metavar="CODE",
            help="The query's language (else it is detected).",
            show_default=False,
        ),
    ] = "",
    timeout: Annotated[
        float, typer.Option(metavar="S", help="Seconds that each language has to answer.")
    ] = 10.0,
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    header: Headers = None,
    as_json: AsJson = False,
) -> None:
    """Find the best passages of one language, or of many at once.

    A passage's score is the weighted sum of its signals: the likeness of its vectors (dense),
    the question's words in translation (lexical), names by their sound (sound), and how much of
    the question its best sentence holds (pieces).
    """
    from crosearch.cli.running import run_interruptibly
    from crosearch.cli.sources import read_headers
    from crosearch.tools.languages import parse_language, parse_languages
    from crosearch.tools.settings import choose_source

    text = read_question(query)
    wanted = parse_languages(languages)
    spoken = parse_language(asked_in) if asked_in else None
    source = choose_source(store, corpus, embedder, read_headers(header))
    result = run_interruptibly(_search(text, wanted, source, k=k, timeout=timeout, asked_in=spoken))
    if as_json:
        print_json(_result_json(result))
    else:
        _print_result(result)
    if all(outcome.status != "ok" for outcome in result.outcomes):
        raise typer.Exit(1)


async def _search(
    query: str,
    languages: "tuple[Language, ...]",
    source: "Source",
    *,
    k: int,
    timeout: float,
    asked_in: "Language | None",
) -> "SearchResult":
    import asyncio

    from crosearch.cli.sources import open_corpus

    retriever = await asyncio.to_thread(open_corpus, source)
    held = languages or tuple(await asyncio.to_thread(lambda: retriever.languages))
    return await retriever.search(query, held, k=k, timeout=timeout, asked_in=asked_in)


def _print_result(result: "SearchResult") -> None:
    from rich import box
    from rich.table import Table

    console = result_console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rank", justify="right", style="green")
    table.add_column("score", justify="right")
    wide = not console.is_terminal or console.width >= _WIDE
    names = tuple(result.hits[0].signals) if result.hits and wide else ()
    for name in names:
        table.add_column(name, justify="right", style="dim")
    table.add_column("language", style="cyan")
    widest = 30 if console.is_terminal else None
    table.add_column("title", style="bold", overflow="fold", max_width=widest)
    table.add_column("best sentence", overflow="fold")
    for rank, hit in enumerate(result.hits, start=1):
        passage = hit.passage
        table.add_row(
            str(rank),
            f"{hit.score:.2f}",
            *(f"{hit.signals.get(name, 0.0):.2f}" for name in names),
            passage.language,
            one_line(passage.title),
            one_line(_best_sentence(hit)),
        )
    if result.hits:
        console.print(table)
    else:
        console.print("nothing found")
    _print_languages(result)
    _print_failures(result)


def _print_languages(result: "SearchResult") -> None:
    """Tell what the query was taken for, and which languages are likely to hold an answer."""
    promises = sorted(
        ((outcome.promise, outcome.language) for outcome in result.outcomes if outcome.promise),
        reverse=True,
    )
    likely = ", ".join(f"{language} {promise:.0%}" for promise, language in promises)
    line = f"asked in {result.asked_in}; likely to hold an answer: {likely or 'none'}"
    console = result_console()
    console.print(line, style="dim", soft_wrap=not console.is_terminal, highlight=False)


def _print_failures(result: "SearchResult") -> None:
    progress = progress_console()
    for outcome in result.outcomes:
        if outcome.status != "ok":
            line = failure_text(outcome.language, outcome.status, outcome.detail)
            progress.print(line, style="yellow", soft_wrap=True)


def _best_sentence(hit: "Hit") -> str:
    start, end = hit.sentence
    return hit.passage.text[start:end]


def _result_json(result: "SearchResult") -> dict[str, object]:
    return {
        "query": result.query,
        "asked_in": result.asked_in,
        "languages": [outcome.language for outcome in result.outcomes],
        "hits": [_hit_json(hit) for hit in result.hits],
        "outcomes": [asdict(outcome) for outcome in result.outcomes],
        "seconds": result.seconds,
    }


def _hit_json(hit: "Hit") -> dict[str, object]:
    passage = hit.passage
    return {
        "passage_id": passage.id,
        "document_id": passage.document_id,
        "title": passage.title,
        "language": passage.language,
        "text": passage.text,
        "sentence": _best_sentence(hit),
        "url": passage.url,
        "score": hit.score,
        "signals": dict(hit.signals),
    }
