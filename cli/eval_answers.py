"""`crosearch eval answers`: ways to answer, compared on a multilingual data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from crosearch.cli.dataset_options import (
    COMPARED,
    AskedLanguages,
    DataPath,
    DatasetName,
    Sample,
    Split,
)
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
    Seed,
    Temperature,
    Tokenizer,
    Translator,
    policy_settings,
)

if TYPE_CHECKING:
    from crosearch.evals.answers import AnswerPlan
    from crosearch.evals.answers_data import IndexChoice
    from crosearch.evals.answers_evaluation import AnswerEvaluation
    from crosearch.evals.answers_runs import AnswerProgress
    from crosearch.evals.dataset_types import EvalDataset
    from crosearch.tools.settings import Source

EXAMPLES = examples(
    "crosearch eval answers xquad --data xquad --sample 500 --out report",
    "crosearch eval answers xquad --data xquad --strategies own-language,everywhere,crosearch "
    "--policy tiny --policy mine=./trained --translator lexicon --out report",
    "crosearch eval answers mkqa --data mkqa.jsonl --corpus wiki --policy openai:my-model "
    "--languages de,ja --sample 200 --out report",
)


def answers(
    dataset: DatasetName,
    data: DataPath,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets the runs and the report; runs that are there are not made again.",
        ),
    ],
    split: Split = "",
    languages: AskedLanguages = "",
    strategies: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="all, or some of closed-book, own-language, english, everywhere, "
            "everywhere-translated, one-language-loop, reflective, crosearch.",
            rich_help_panel=COMPARED,
        ),
    ] = "all",
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="[TITLE=]NAME",
            help="Who decides: extractive, tiny, a model's folder or openai:MODEL, as for "
            "crosearch collect; repeatable (else CROSEARCH_POLICY, else extractive).",
            rich_help_panel=COMPARED,
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        str,
        typer.Option(
            metavar="WHICH",
            help="The index that askers find: own, all of it; others, without their own language; "
            "both, half of the questions each.",
            rich_help_panel=COMPARED,
        ),
    ] = "both",
    sample: Sample = None,
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    header: Headers = None,
    translator: Translator = "",
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs under way at once.")
    ] = 16,
    instructions: Instructions = "auto",
    temperature: Temperature = 0.0,
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
    """Compare ways to answer on a data set: CroSearch beside baselines, with the same policy.

    The data set's own documents are searched, or those of --corpus. DIR gets report.html,
    report.md and results.parquet, with a row for each run. Intervals are of 95%; differences are
    paired.

    Started again, it goes on where it ended; a further strategy costs its own runs alone.
    """
    from crosearch.cli.eval_answers_report import print_evaluation
    from crosearch.cli.titles import by_title
    from crosearch.evals.answers import AnswerPlan
    from crosearch.evals.answers_entries import list_entries, parse_strategies
    from crosearch.evals.datasets import open_dataset
    from crosearch.graphs.context import SearchContext
    from crosearch.tools.settings import choose_policy, choose_source, choose_translator
    from crosearch.tools.translate import load_translator

    settings = policy_settings(
        top_p=None,
        top_k=None,
        max_tokens=max_tokens,
        adapter="",
        device=device,
        tokenizer=tokenizer,
    )
    named = by_title(policies or [choose_policy("")])
    plan = AnswerPlan(
        entries=list_entries(named, parse_strategies(strategies), settings),
        context=SearchContext(
            passages=passages,
            max_searches=max_searches,
            max_turns=max_turns,
            max_evidence_tokens=max_evidence_tokens,
            max_seconds=max_seconds,
            instructions=instructions,
            temperature=temperature,
            seed=seed,
        ),
        translator=load_translator(choose_translator(translator)),
        index=cast("IndexChoice", index),
        sample=sample,
        source=_source(corpus, store, embedder, header),
        embedder=choose_source(embedder=embedder).embedder,
        concurrency=concurrency,
    )
    read = open_dataset(dataset, data, languages=languages, split=split)
    evaluation = _evaluate(read, plan, out)
    if evaluation is None:
        print_error("interrupted; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)
    _write(evaluation, out)
    print_evaluation(evaluation, out, as_json=as_json)


def _source(corpus: str, store: str, embedder: str, header: list[str] | None) -> "Source | None":
    """Name the corpus that is searched; None where the data set's own is."""
    from crosearch.cli.sources import read_headers
    from crosearch.tools.errors import UsageError
    from crosearch.tools.settings import choose_source

    if corpus:
        return choose_source(store, corpus, embedder, read_headers(header))
    if store or header:
        raise UsageError("a store is searched where --corpus names a corpus in it")
    return None


def _evaluate(dataset: "EvalDataset", plan: "AnswerPlan", out: Path) -> "AnswerEvaluation | None":
    from crosearch.cli.interrupts import run_finishing
    from crosearch.cli.training_progress import showing
    from crosearch.evals.answers import evaluate_answers

    with showing("reading documents", _describe, _share) as show:
        return run_finishing(
            lambda stop: evaluate_answers(dataset, plan, out, progress=show, stop=stop)
        )


def _write(evaluation: "AnswerEvaluation", out: Path) -> None:
    from crosearch.evals.answers_evaluation import write_evaluation
    from crosearch.evals.answers_folder import LOG
    from crosearch.training.several_logs import run_reader

    write_evaluation(evaluation, out, run_reader([out / LOG]))


def _describe(progress: "AnswerProgress") -> str:
    from crosearch.cli.output import one_line

    return f"{one_line(progress.entry)}: {progress.done:,} of {progress.expected:,} runs"


def _share(progress: "AnswerProgress") -> float:
    return progress.done / progress.expected
