"""Compares ways to answer on one multilingual data set.

`evaluate_answers` is the whole of `crosearch eval answers`: it makes the runs that are not in the
folder yet, each strategy with the same policy on the same index, scores them, and compares them on
the same questions.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crosearch.evals.answers_data import (
    INDEX_CHOICES,
    AskedQuestion,
    IndexChoice,
    count_by_language,
    digest_questions,
    prepare_questions,
)
from crosearch.evals.answers_entries import AnswerEntry
from crosearch.evals.answers_evaluation import AnswerEvaluation
from crosearch.evals.answers_figures import compare_rows
from crosearch.evals.answers_folder import LOG, hold_answers, write_manifest
from crosearch.evals.answers_runs import (
    AnswerTeller,
    EntryRuns,
    make_runs,
    score_runs,
)
from crosearch.evals.dataset_types import EvalDataset
from crosearch.evals.log_runs import HeldPolicies, Setting
from crosearch.evals.packages import need_packages
from crosearch.evals.retrieval_data import read_places
from crosearch.evals.retrieval_store import fill_store
from crosearch.graphs.baselines import BASELINES
from crosearch.graphs.context import SearchContext
from crosearch.tools.embedder import DEFAULT_EMBEDDER, Embedder, load_embedder
from crosearch.tools.errors import UsageError
from crosearch.tools.opening import open_source
from crosearch.tools.retriever import Retriever
from crosearch.tools.search import HybridRetriever
from crosearch.tools.settings import Source
from crosearch.tools.threads import in_thread
from crosearch.tools.translate import Translator
from crosearch.training.run_names import index_fingerprint


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerPlan:
    """What is compared, and how."""

    entries: Sequence[AnswerEntry]
    context: SearchContext
    translator: Translator
    index: IndexChoice = "both"
    sample: int | None = None
    """How many questions to ask at most; None asks all."""
    source: Source | None = None
    """The corpus that is searched; None: the data set's own documents."""
    embedder: str = DEFAULT_EMBEDDER
    """Of the data set's documents, as for `load_embedder`."""
    concurrency: int = 16

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: There is nothing to compare, a strategy cannot be run with these settings,
                or a choice or number is out of range.
        """
        if not self.entries:
            raise UsageError("there is nothing to compare: give a strategy and a policy")
        for entry in self.entries:
            BASELINES[entry.strategy].check(self.context)
        if self.index not in INDEX_CHOICES:
            raise UsageError(
                f"the index {self.index!r} is unknown; known are {', '.join(INDEX_CHOICES)}"
            )
        for name, value in (("sample", self.sample), ("concurrency", self.concurrency)):
            if value is not None and value < 1:
                raise UsageError(f"the {name} is {value}; it must be at least 1")


async def evaluate_answers(
    dataset: EvalDataset,
    plan: AnswerPlan,
    out: Path,
    *,
    progress: AnswerTeller | None = None,
    stop: asyncio.Event | None = None,
) -> AnswerEvaluation | None:
    """Run entries on a data set, and compare them.

    Args:
        dataset: With gold answers, gold documents, or both.
        plan: What is compared.
        out: The folder that keeps everything; runs that are there are not made again.
        progress: Is told how far an entry is.
        stop: Once set, what is under way is finished, and nothing is compared.

    Returns:
        What came of it; None if `stop` came.

    Raises:
        UsageError: There is nothing to measure or to search, a policy or package is not there, or
            the folder holds another evaluation.
        DocumentError: The data set has two documents of one id.
        CollectionError: Run after run failed, or another process is at the folder.
        StoreError: The documents cannot be ingested, or the corpus cannot be read.
    """
    need_packages("sacrebleu", "pyarrow", doing="evaluating answers")
    stop = stop or asyncio.Event()
    places, documents = await in_thread(lambda: read_places(dataset))
    searched = await in_thread(lambda: _open_source(plan))
    held = searched.languages if searched else Counter(one.language for one in places.values())
    if not held:
        raise UsageError(
            f"{dataset.name!r} comes without documents: name a corpus to search with --corpus"
        )
    asked = prepare_questions(
        dataset, held=held, places=places, index=plan.index, sample=plan.sample
    )
    settings = {
        "data_set": dataset.name,
        "documents": documents if places else "none",
        "questions": digest_questions((one.question, one.hidden) for one in asked),
        "asked": count_by_language(asked),
        "sample": plan.sample or "all",
        "index": plan.index,
        **(_tell_corpus(searched) if searched else _tell_embedder(plan.embedder)),
    }
    with hold_answers(out, settings):
        if searched is None:
            searched = await in_thread(lambda: _ingest(dataset, plan, out))
        made = await _make_all(plan, asked, searched, out / LOG, progress, stop)
        if made is None:
            return None
        rows = await in_thread(lambda: list(score_runs(made, out / LOG)))
        comparison = compare_rows(dataset.name, [entry.title for entry in plan.entries], rows)
        manifest = write_manifest(out, settings, made)
    return AnswerEvaluation(
        comparison=comparison,
        rows=rows,
        questions=[one.question for one in asked],
        manifest=manifest,
    )


def _open_source(plan: AnswerPlan) -> HybridRetriever | None:
    return open_source(plan.source) if plan.source else None


def _ingest(dataset: EvalDataset, plan: AnswerPlan, out: Path) -> HybridRetriever:
    embedder = load_embedder(plan.embedder)
    return HybridRetriever(fill_store(out / "store", dataset.documents, embedder))


def _tell_corpus(searched: Retriever) -> dict[str, object]:
    return {
        "corpus": f"{searched.corpus} ({index_fingerprint(searched)})",
        "embedder": _named(searched.embedder),
    }


def _tell_embedder(name: str) -> dict[str, object]:
    return {"corpus": "its own documents", "embedder": _named(load_embedder(name))}


def _named(embedder: Embedder) -> str:
    return f"{embedder.name} ({embedder.fingerprint})"


async def _make_all(
    plan: AnswerPlan,
    asked: Sequence[AskedQuestion],
    retriever: Retriever,
    log: Path,
    progress: AnswerTeller | None,
    stop: asyncio.Event,
) -> list[EntryRuns] | None:
    setting = Setting(
        retriever=retriever,
        translator=plan.translator,
        context=plan.context,
        folder=log,
        concurrency=plan.concurrency,
    )
    made: list[EntryRuns] = []
    with HeldPolicies(retriever.embedder) as policies:
        for entry in plan.entries:
            runs = await make_runs(entry, asked, setting, policies, progress=progress, stop=stop)
            if runs is None:
                return None
            made.append(runs)
    return made
