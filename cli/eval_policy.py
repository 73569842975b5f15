"""`crosearch eval policy`: policies and ways of searching, compared on the same questions."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from crosearch.cli.main import INTERRUPTED
from crosearch.cli.options import AsJson, Corpus, Embedder, Headers, Store, examples
from crosearch.cli.output import print_error
from crosearch.cli.policy_options import (
    Device,
    Instructions,
    MaxEvidenceTokens,
    MaxSearches,
    MaxSeconds,
    MaxTokens,
    MaxTurns,
    Passages,
    SearchLanguages,
    Seed,
    Tokenizer,
    Translator,
    policy_settings,
)
from crosearch.cli.titles import split_title

if TYPE_CHECKING:
    from crosearch.evals.log_runs import Setting
    from crosearch.evals.policies import PolicyComparison
    from crosearch.evals.policies_arms import PolicyEntry, Strategy
    from crosearch.evals.policies_questions import HeldOutQuestion
    from crosearch.graphs.context import SearchContext

EXAMPLES = examples(
    "crosearch eval policy questions/test.jsonl --policy tiny --policy ./trained --corpus world "
    "--out comparison",
    "crosearch eval policy questions/test.jsonl --policy ./trained --strategy free --strategy own "
    "--strategy everywhere --corpus world --out comparison",
    "crosearch eval policy questions/test.jsonl --policy ./trained --temperature 0 "
    "--temperature 0.7 --samples 4 --corpus world --out comparison",
)

_COMPARED = "What is compared"


def policy(
    questions: Annotated[
        str,
        typer.Argument(
            metavar="QUESTIONS",
            help="As for crosearch collect, with answers. Rows may have the fields fact, kind "
            "(own, other, conflict, nowhere) and told_in.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets the runs and the report; runs that are there are not made again.",
        ),
    ],
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="[TITLE=]NAME",
            help="A policy by name or folder, as for crosearch collect; repeatable "
            "(else extractive). Those of one title, such as several seeds, are told of together.",
            rich_help_panel=_COMPARED,
            show_default=False,
        ),
    ] = None,
    strategies: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy",
            metavar="NAME",
            help="How they search: free, where they choose; own, in the asker's language alone; "
            "everywhere, in all languages each time; untranslated, free without translations; "
            "unaligned, free and not told what agrees; repeatable (else free).",
            rich_help_panel=_COMPARED,
            show_default=False,
        ),
    ] = None,
    temperatures: Annotated[
        list[float] | None,
        typer.Option(
            "--temperature",
            min=0.0,
            metavar="T",
            help="How they sample; 0 takes the likeliest token; repeatable (else 0).",
            rich_help_panel=_COMPARED,
            show_default=False,
        ),
    ] = None,
    samples: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="G",
            help="Runs of each question at temperatures above 0.",
            rich_help_panel=_COMPARED,
        ),
    ] = 1,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Take only the first N questions.",
            rich_help_panel=_COMPARED,
            show_default=False,
        ),
    ] = None,
    resamples: Annotated[
        int,
        typer.Option(
            min=100,
            metavar="N",
            help="Bootstrap draws for the 95% intervals.",
            rich_help_panel=_COMPARED,
        ),
    ] = 1_000,
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    header: Headers = None,
    translator: Translator = "",
    search_languages: SearchLanguages = "",
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs under way at once.")
    ] = 16,
    instructions: Instructions = "auto",
    max_tokens: MaxTokens = None,
    device: Device = "",
    tokenizer: Tokenizer = "",
    seed: Seed = None,
    max_searches: MaxSearches = 4,
    max_turns: MaxTurns = 8,
    max_seconds: MaxSeconds = 120.0,
    max_evidence_tokens: MaxEvidenceTokens = 2000,
    passages: Passages = 10,
    as_json: AsJson = False,
) -> None:
    """Compare policies, and ways of searching, on the same held-out questions.

    Every policy is run with every strategy at every temperature. The report in DIR tells how often
    each is right, by language and by where the answer is told; how its answers to one fact agree
    over askers' languages; when it declines; and what it searches. Intervals are of 95%.

    Started again, it goes on where it ended, and knows what it ran before.
    """
    from crosearch.cli.eval_policy_report import report_comparison
    from crosearch.evals.policies_questions import read_held_out
    from crosearch.graphs.context import SearchContext

    entries = _entries(
        policies or ["extractive"],
        strategies or ["free"],
        temperatures or [0.0],
        samples,
        max_tokens=max_tokens,
        device=device,
        tokenizer=tokenizer,
    )
    asked = read_held_out(questions, limit=limit)
    context = SearchContext(
        search_languages=search_languages,
        passages=passages,
        max_searches=max_searches,
        max_turns=max_turns,
        max_evidence_tokens=max_evidence_tokens,
        max_seconds=max_seconds,
        instructions=instructions,
        seed=seed,
    )
    setting = _setting(
        context,
        out,
        corpus=(store, corpus, embedder, header),
        translator=translator,
        concurrency=concurrency,
    )
    comparison = _compare(entries, asked, setting, resamples)
    if comparison is None:
        print_error("interrupted; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)
    report_comparison(comparison, out, as_json=as_json)


def _entries(
    policies: Sequence[str],
    strategies: Sequence[str],
    temperatures: Sequence[float],
    samples: int,
    *,
    max_tokens: int | None,
    device: str,
    tokenizer: str,
) -> "list[PolicyEntry]":
    from crosearch.evals.policies_arms import PolicyEntry, check_entries

    settings = policy_settings(
        top_p=None,
        top_k=None,
        max_tokens=max_tokens,
        adapter="",
        device=device,
        tokenizer=tokenizer,
    )
    entries: list[PolicyEntry] = []
    for given in policies:
        title, name = split_title(given)
        for strategy in strategies:
            for temperature in temperatures:
                entry = PolicyEntry(
                    policy=name,
                    name=title,
                    strategy=cast("Strategy", strategy),
                    temperature=temperature,
                    samples=samples if temperature else 1,
                    settings=settings,
                )
                entries.append(entry)
    check_entries(entries)
    return entries


def _setting(
    context: "SearchContext",
    out: Path,
    *,
    corpus: tuple[str, str, str, list[str] | None],
    translator: str,
    concurrency: int,
) -> "Setting":
    from crosearch.cli.sources import announce_sample, read_headers
    from crosearch.evals.log_runs import Setting
    from crosearch.tools.opening import open_source
    from crosearch.tools.settings import choose_source, choose_translator
    from crosearch.tools.translate import load_translator

    store, name, embedder, header = corpus
    source = choose_source(store, name, embedder, read_headers(header))
    return Setting(
        retriever=open_source(source, announce_sample),
        translator=load_translator(choose_translator(translator)),
        context=context,
        folder=out / "runs",
        concurrency=concurrency,
    )


def _compare(
    entries: "Sequence[PolicyEntry]",
    questions: "Sequence[HeldOutQuestion]",
    setting: "Setting",
    resamples: int,
) -> "PolicyComparison | None":
    from crosearch.cli.eval_policy_report import showing_runs
    from crosearch.cli.interrupts import run_finishing
    from crosearch.evals.policies import evaluate_policies

    with showing_runs() as show:
        return run_finishing(
            lambda stop: evaluate_policies(
                entries, questions, setting, resamples=resamples, progress=show, stop=stop
            )
        )
