"""`crosearch ingest`: documents into a corpus, as often as one likes."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.main import INTERRUPTED
from crosearch.cli.options import AsJson, Embedder, Headers, Store, examples
from crosearch.cli.output import print_error, print_json
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.tools.ingestion import IngestionProgress, IngestionReport
    from crosearch.tools.languages import Language
    from crosearch.tools.settings import Source

EXAMPLES = examples(
    "crosearch ingest ./articles notes.jsonl --corpus mine",
    "crosearch ingest dump.jsonl --corpus lakes --store ./store --prune --json",
    "crosearch ingest ./seen --corpus mine --store http://localhost:8000",
)


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS...",
            help=".jsonl, .txt, .md, .html and .pdf files, and folders of them.",
        ),
    ],
    corpus: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The corpus; it is made on first use.", envvar="CROSEARCH_CORPUS"
        ),
    ],
    store: Store = "",
    language: Annotated[
        str,
        typer.Option(
            metavar="CODE",
            help="Of documents that do not say theirs (else it is detected).",
            show_default=False,
        ),
    ] = "",
    embedder: Embedder = "",
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove documents that are not among PATHS any more.")
    ] = False,
    header: Headers = None,
    as_json: AsJson = False,
) -> None:
    """Bring a corpus up to date with files and folders; what has not changed is passed over."""
    from crosearch.cli.ingestion_report import print_report
    from crosearch.cli.sources import read_headers
    from crosearch.tools.languages import parse_language
    from crosearch.tools.settings import choose_source

    source = choose_source(store, corpus, embedder, read_headers(header))
    if not source.store:
        raise UsageError(
            f"the corpus {source.corpus!r} comes with the package: give another --corpus, "
            "or a --store for one of that name"
        )
    spoken = parse_language(language) if language else None
    try:
        report = _ingest(paths, source, spoken, prune=prune)
    except KeyboardInterrupt as interrupt:
        print_error("interrupted; what was ingested stays, and the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from interrupt
    if as_json:
        print_json(_report_json(report, source))
    else:
        print_report(report)
    if not report.documents:
        print_error("none of it could be read")
        raise typer.Exit(1)


def _ingest(
    paths: list[str], source: "Source", language: "Language | None", *, prune: bool
) -> "IngestionReport":
    from crosearch.cli.ingestion_report import showing_progress
    from crosearch.cli.interrupts import remembering_interrupts
    from crosearch.tools.embedder import load_embedder
    from crosearch.tools.index import open_store
    from crosearch.tools.ingestion import ingest as ingest_paths
    from crosearch.tools.settings import server_headers

    store = open_store(source.store, headers=server_headers(dict(source.headers)))
    embedder = load_embedder(source.embedder)
    with showing_progress() as show, remembering_interrupts() as raise_swallowed:

        def progress(done: "IngestionProgress") -> None:
            raise_swallowed()
            show(done)

        return ingest_paths(
            paths,
            store=store,
            corpus=source.corpus,
            embedder=embedder,
            language=language,
            prune=prune,
            progress=progress,
        )


def _report_json(report: "IngestionReport", source: "Source") -> dict[str, object]:
    return {
        "corpus": source.corpus,
        "store": source.store,
        **{name: getattr(report, name) for name in ("documents", "added", "changed", "unchanged")},
        "removed": report.removed,
        "passages": sum(count.passages for count in report.languages.values()),
        "languages": {code: asdict(count) for code, count in report.languages.items()},
        "skipped": [asdict(skipped) for skipped in report.skipped],
        "skipped_count": report.skipped_count,
        "prune_held_back": report.prune_held_back,
        "seconds": round(report.seconds, 3),
    }
