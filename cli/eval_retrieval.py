"""`crosearch eval retrieval`: ways of retrieval, compared on a multilingual data set."""

from collections.abc import Iterator
from contextlib import contextmanager
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
from crosearch.cli.options import AsJson, examples

if TYPE_CHECKING:
    from crosearch.evals.retrieval import Plan, RetrievalProgress
    from crosearch.evals.retrieval_topics import Setting

EXAMPLES = examples(
    "crosearch eval retrieval xquad-r --data ./xquad-r --sample 500 --out retrieval",
    "crosearch eval retrieval xquad-r --data ./xquad-r --sample 500 --out retrieval "
    "--systems dense,hybrid,intfloat/multilingual-e5-small",
    "crosearch eval retrieval miracl --data ./miracl --split dev --languages sw,th --setting mono",
)


def retrieval(
    dataset: DatasetName,
    data: DataPath,
    split: Split = "",
    languages: AskedLanguages = "",
    systems: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="dense, the embedder alone; lexical, words translated by the lexicon; sound, how "
            "words sound; fused, these three; reranked, dense and the reranker; hybrid, search as "
            "it is; or a sentence-transformers model, by its whole name or its folder.",
            rich_help_panel=COMPARED,
        ),
    ] = "dense,lexical,hybrid",
    setting: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Which documents are ranked: mono, those of the asker's language; cross, of each "
            "other; pool, of all together; others, of all others together.",
            rich_help_panel=COMPARED,
        ),
    ] = "mono,cross,pool",
    k: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="The k of nDCG@k and recall@k; the first is the main one.",
            rich_help_panel=COMPARED,
        ),
    ] = "10,100",
    sample: Sample = None,
    embedder: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The embedder of dense and of the searches: default, or a sentence-transformers "
            "model by name or path (else CROSEARCH_EMBEDDER).",
            rich_help_panel=COMPARED,
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Gets the runs as TREC's files, the report and the figures; runs that are there "
            "are not made again.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare ways of retrieval: in one language, across two, and in a pool of all.

    It measures nDCG, recall, MRR and mAP; and how partial a ranking is to the asker's language.
    Intervals are of 95%. Started again with the same DIR, it makes only the runs that are missing.
    """
    from crosearch.cli.eval_retrieval_report import report_retrieval
    from crosearch.cli.training_progress import showing
    from crosearch.evals.datasets import open_dataset
    from crosearch.evals.retrieval import evaluate_retrieval

    plan = _plan(systems, setting, k, sample, embedder)
    read = open_dataset(dataset, data, languages=languages, split=split)
    with _folder(out) as folder:
        with showing("reading documents", _describe, _share) as show:
            comparison = evaluate_retrieval(read, plan, folder, progress=show)
        report_retrieval(comparison, out, as_json=as_json)


def _plan(systems: str, setting: str, k: str, sample: int | None, embedder: str) -> "Plan":
    from crosearch.evals.retrieval import Plan
    from crosearch.tools.settings import choose_source

    return Plan(
        systems=_split(systems),
        settings=[cast("Setting", name) for name in _split(setting)],
        ks=[_number(text) for text in _split(k)],
        sample=sample,
        embedder=choose_source(embedder=embedder).embedder,
    )


def _split(text: str) -> list[str]:
    parts = (part.strip() for part in text.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def _number(text: str) -> int:
    from crosearch.tools.errors import UsageError

    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"--k has {text!r}: give whole numbers, such as 10,100") from error


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Give the folder that was asked for, or one for the time being."""
    from tempfile import TemporaryDirectory

    if out is not None:
        yield out
        return
    with TemporaryDirectory(prefix="crosearch-") as folder:
        yield Path(folder) / "retrieval"


def _describe(progress: "RetrievalProgress") -> str:
    from crosearch.cli.output import one_line

    return (
        f"{one_line(progress.system)}, {progress.setting}: {progress.done:,} of "
        f"{progress.expected:,} rankings"
    )


def _share(progress: "RetrievalProgress") -> float:
    return progress.done / progress.expected
