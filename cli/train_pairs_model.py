"""Has a model ask about passages: what it costs, whether to go on, what came of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from crosearch.cli.main import INTERRUPTED
from crosearch.cli.output import print_error, print_json, progress_console
from crosearch.cli.train_pairs_report import (
    GenerationOutcome,
    describe_cost,
    outcome_json,
    print_outcome,
    showing_generation,
)
from crosearch.tools.errors import UsageError
from crosearch.tools.settings import Source

if TYPE_CHECKING:
    from crosearch.tools.openai_client import ChatEndpoint
    from crosearch.tools.prices import Prices
    from crosearch.training.synthetic_plan import Choice, Task
    from crosearch.training.synthetic_sources import PassageSource


def ask_model(
    paths: list[str],
    source: Source,
    endpoint: "ChatEndpoint",
    out: Path,
    choice: "Choice",
    *,
    concurrency: int,
    top: int,
    licence: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Ask about the passages of files, or else of a corpus, and print what came of it.

    Args:
        paths: Documents; they are ingested into a store beside `out`. Empty: the corpus is used.
        source: The corpus.
        endpoint: The model.
        out: The pair file.
        choice: Which passages are asked about, and in which languages.
        concurrency: Requests under way at once.
        top: Among how many passages a question has to find its own.
        licence: The passages', as the file is to tell it.
        yes: Whether to go on without being asked.
        as_json: Whether to print JSON.

    Raises:
        UsageError: What was begun in `out` had other settings, or nobody is there to be asked.
        CollectionError: The model fails at everything, or the disk does.
        Exit: With 1 where requests failed or nobody agreed to the cost, 130 after an interrupt.
    """
    outcome = _generate(
        _open(paths, source, out),
        endpoint,
        out,
        choice,
        concurrency=concurrency,
        top=top,
        licence=licence,
        yes=yes,
    )
    if as_json:
        print_json(outcome_json(outcome))
    else:
        print_outcome(outcome)
    if outcome.report.interrupted:
        print_error("interrupted; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)
    if outcome.report.failed:
        raise typer.Exit(1)


def _open(paths: list[str], source: Source, out: Path) -> "PassageSource":
    from crosearch.cli.sources import announce_sample
    from crosearch.tools.opening import locate_store
    from crosearch.training.synthetic_sources import PassageSource, files_source

    if paths:
        source = files_source(out, source.embedder)
        _ingest(paths, source)
    locate_store(source, announce_sample)
    return PassageSource(source)


def _ingest(paths: list[str], source: Source) -> None:
    from crosearch.cli.ingestion_report import print_skipped, showing_progress
    from crosearch.tools.embedder import load_embedder
    from crosearch.tools.index import open_store
    from crosearch.tools.ingestion import ingest

    with showing_progress() as show:
        report = ingest(
            paths,
            store=open_store(source.store),
            corpus=source.corpus,
            embedder=load_embedder(source.embedder),
            prune=True,
            progress=show,
        )
    print_skipped(progress_console(), report)
    if not report.documents:
        raise UsageError(f"none of it could be read: {', '.join(paths)[:200]}")


def _generate(
    source: "PassageSource",
    endpoint: "ChatEndpoint",
    out: Path,
    choice: "Choice",
    *,
    concurrency: int,
    top: int,
    licence: str,
    yes: bool,
) -> GenerationOutcome:
    from crosearch.cli.interrupts import run_finishing
    from crosearch.tools.prices import read_prices
    from crosearch.training.pair_files import write_pairs
    from crosearch.training.synthetic_journal import Journal
    from crosearch.training.synthetic_pairs import count_questions, generated_pairs
    from crosearch.training.synthetic_plan import plan_tasks, still_to_do
    from crosearch.training.synthetic_questions import generate
    from crosearch.training.synthetic_sources import journal_path

    prices = read_prices()
    tasks = plan_tasks(source, source.sizes, choice)
    settings = _settings(source, endpoint, choice)
    with Journal(journal_path(out), settings) as journal:
        _confirm(still_to_do(tasks, journal.asked), len(tasks), prices, yes=yes)
        with showing_generation() as show:
            report = run_finishing(
                lambda stop: generate(
                    tasks,
                    source.read,
                    source.retriever,
                    endpoint,
                    journal,
                    concurrency=concurrency,
                    progress=show,
                    stop=stop,
                )
            )
        told = f"questions of {endpoint.model} on passages of {source.name!r}"
        about = {"source": told, "licence": licence, **settings, "top": top}
        records = write_pairs(out, generated_pairs(tasks, source.read, journal, top), about)
        counts = count_questions(tasks, journal, top)
    return GenerationOutcome(report=report, out=out, records=records, counts=counts, prices=prices)


def _settings(
    source: "PassageSource", endpoint: "ChatEndpoint", choice: "Choice"
) -> dict[str, object]:
    """Gather what the questions depend on; a limit only says how many there are."""
    from crosearch.training.synthetic_prompts import PROMPT_VERSION

    return {
        "model": endpoint.model,
        "corpus": source.name,
        "languages": list(choice.languages),
        "per_passage": choice.per_passage,
        "temperature": choice.temperature,
        "seed": choice.seed,
        "prompt": PROMPT_VERSION,
    }


def _confirm(left: "list[Task]", planned: int, prices: "Prices | None", *, yes: bool) -> None:
    """Tell what it will cost, and ask whether to go on."""
    progress_console().print(describe_cost(left, planned, prices), soft_wrap=True)
    if yes or not left:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked whether to spend it: give --yes")
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(1)
