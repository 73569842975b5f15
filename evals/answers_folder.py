"""The folder of an evaluation of answers: its runs, its report, and what they were made of.

manifest.json     data set, questions, index, embedder, prompts, measures, versions; what made each
                  entry's runs
evaluation/       the settings, which never change, and the lock
runs/             the trajectory log
store/            the data set's documents, where it comes with some
results.parquet   a row for each run
report.md, report.html, results.json
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from crosearch.agents.baseline_prompts import open_closed_book
from crosearch.agents.policy import Instructions
from crosearch.agents.prompts import open_transcript
from crosearch.agents.transcript import Segment
from crosearch.evals.answers_data import digest_questions
from crosearch.evals.answers_runs import EntryRuns
from crosearch.evals.chrf import chrf_signature
from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.packages import package_versions
from crosearch.evals.retrieval_data import SEED
from crosearch.tools.errors import CollectionError
from crosearch.tools.languages import Language
from crosearch.training.run_names import MadeBy
from crosearch.training.training_folder import hold_folder, write_json
from crosearch.training.trajectories import fingerprint

MANIFEST, TABLE, LOG = "manifest.json", "results.parquet", "runs"

MEASURES = 1
"""Counted up whenever a figure is computed otherwise: figures are comparable where it is equal."""

_PACKAGES = ("crosearch", "chromadb", "langgraph", "numpy", "tantivy", "tokenizers")
_MODEL_PACKAGES = ("openai", "torch", "transformers")


def hold_answers(out: Path, settings: Mapping[str, object]) -> AbstractContextManager[None]:
    """Hold the folder of an evaluation while the block lasts.

    Raises:
        UsageError: It holds another evaluation, or something else.
        CollectionError: Another process is at it, or it cannot be written.
    """
    return hold_folder(
        out / "evaluation",
        settings,
        called="evaluation",
        error=CollectionError,
        doing="filled",
    )


def write_manifest(
    out: Path, settings: Mapping[str, object], entries: Sequence[EntryRuns]
) -> Mapping[str, object]:
    """Say what the figures of a report come from, and return that.

    Raises:
        OSError: The disk is full or fails.
    """
    manifest: dict[str, object] = {
        **settings,
        "seed": SEED,
        "measures": measures(),
        "prompts": _prompts(),
        "versions": package_versions((*_PACKAGES, *_MODEL_PACKAGES)),
        "entries": {one.entry.name: _made_by(one.made_by) for one in entries},
    }
    write_json(out / MANIFEST, manifest)
    return manifest


def describe_scored(
    name: str, questions: Sequence[EvalQuestion], entries: Mapping[str, Mapping[str, object]]
) -> Mapping[str, object]:
    """Say what the figures of scored logs come from.

    Args:
        name: What was scored.
        questions: What was asked.
        entries: What made each entry's runs; plain JSON.
    """
    return {
        "data_set": name,
        "questions": digest_questions((question, False) for question in questions),
        "seed": SEED,
        "measures": measures(),
        "versions": package_versions(_PACKAGES),
        "entries": dict(entries),
    }


def measures() -> dict[str, object]:
    """Tell what figures are measured by."""
    return {"version": MEASURES, "chrF": chrf_signature()}


def _prompts() -> dict[str, str]:
    """Name what policies are told in the beginning, by its wording alone."""
    english = Language("en")
    told: dict[str, list[Segment]] = {}
    for form in get_args(Instructions):
        told[form] = open_transcript(
            "", english, languages={english: 1}, turns=1, searches=1, instructions=form
        )
        told[f"closed-book, {form}"] = open_closed_book("", english, turns=1, instructions=form)
    return {
        name: fingerprint([segment["text"] for segment in segments])
        for name, segments in told.items()
    }


def _made_by(made_by: MadeBy) -> dict[str, object]:
    return {**asdict(made_by), "settings": dict(made_by.settings)}
