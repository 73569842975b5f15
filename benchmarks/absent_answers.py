"""Whether the extractive policy can tell that nothing answers: the second part of `real_input.py`.

Questions with their paragraph in the index stand against questions whose paragraph was taken out
of it. The loss is counted against the same policy that never says that nothing is found.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from xquad import Documents, Question, build_corpus, interval, paragraph_of, rank, share

from crosearch.agents.extractive import ExtractivePolicy
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.graphs.context import LanguageChoice, SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.tools.index import Corpus
from crosearch.tools.languages import Language
from crosearch.tools.search import HybridRetriever

AT_ONCE = 6
PARTS = 4
"""Of the second test: each of so many indexes lacks a part of the paragraphs."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run came to."""

    language: str
    found: bool
    citations: int
    gold_citations: int
    confidence: float
    """The policy's probability that the best of the evidence answers."""
    evidence: Sequence[str]
    """The documents of the ledger, best first."""
    languages: int
    """How many were searched."""


@dataclass(frozen=True, kw_only=True)
class Answerable:
    """Runs of questions whose paragraph is there."""

    abstaining: Sequence[Asked]
    always: Sequence[Asked]
    """The same questions, by the policy that never says that nothing is found."""


class Watched:
    """A policy, and what it saw last."""

    name = "extractive"
    looks_ahead = True

    def __init__(self, policy: ExtractivePolicy) -> None:
        """Watch a policy."""
        self._policy = policy
        self._seen: Observation | None = None

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Act as the policy does."""
        self._seen = observation
        return await self._policy.act(observation, emit)

    def confidence(self) -> float:
        """Return the policy's confidence in its last turn."""
        return self._policy.confidence(self._seen) if self._seen else 0.0


async def ask_all(
    questions: Sequence[Question], corpus: Corpus, title: str, acceptable: float | None = None
) -> list[Asked]:
    """Ask questions, a few at a time, each in all languages but its own."""
    retriever = HybridRetriever(corpus)
    policy = ExtractivePolicy(corpus.embedder, acceptable=acceptable)
    room = asyncio.Semaphore(AT_ONCE)
    with Progress() as progress:
        task = progress.add_task(title, total=len(questions))

        async def ask_one(question: Question) -> Asked:
            async with room:
                asked = await ask(question, retriever, Watched(policy))
            progress.advance(task)
            return asked

        return await asyncio.gather(*(ask_one(question) for question in questions))


async def ask(question: Question, retriever: HybridRetriever, policy: Watched) -> Asked:
    """Run the graph on one question."""
    others = [code for code in retriever.languages if code != question.language]
    context = SearchContext(
        language=choice_of(question.language), search_languages=",".join(others)
    )
    graph = build_search_graph(policy, retriever).compile()
    run = await graph.ainvoke({"question": question.text}, context=context)
    cited = [entry["document_id"] for entry in run["citations"]]
    return Asked(
        language=question.language,
        found=run["found"],
        citations=len(cited),
        gold_citations=sum(rank([one], question.paragraph) == 1 for one in cited),
        confidence=policy.confidence(),
        evidence=[entry["document_id"] for entry in run["evidence"]],
        languages=len({code for search in run["searches"] for code in search["languages"]}),
    )


async def ask_answerable(questions: Sequence[Question], corpus: Corpus) -> Answerable:
    """Ask questions whose paragraph is there, of the policy and of one that always answers."""
    return Answerable(
        abstaining=await ask_all(questions, corpus, "asking"),
        always=await ask_all(questions, corpus, "asking, always answered", acceptable=0.0),
    )


async def ask_absent(
    questions: Sequence[Question], documents: Documents, folder: Path
) -> dict[str, list[Asked]]:
    """Ask questions whose paragraph is not there.

    Once of one index, without the paragraphs of all of them; once of several, each without a part
    of all paragraphs, so that most of what else their articles tell is still there.
    """
    gone = {question.paragraph for question in questions}
    corpus = build_corpus(folder / "gone", documents, without=gone)
    runs = {"all of them": await ask_all(questions, corpus, "asking what is gone")}
    near: list[Asked] = []
    for part in range(PARTS):
        group = [question for question in questions if part_of(question.paragraph) == part]
        out = {p for d in documents if part_of(p := paragraph_of(d["id"])) == part}
        corpus = build_corpus(folder / f"part-{part}", documents, without=out)
        near += await ask_all(group, corpus, f"asking, part {part + 1} gone")
    runs[f"a {PARTS}th of all"] = near
    return runs


def part_of(paragraph: str) -> int:
    """Deal paragraphs out into parts."""
    return hashlib.sha256(paragraph.encode()).digest()[0] % PARTS


def choice_of(language: Language) -> LanguageChoice:
    """Return a language as the context's closed choice."""
    return next(choice for choice in get_args(LanguageChoice) if choice == language)


def sum_declined(
    answerable: Answerable, absent: Mapping[str, Sequence[Asked]], seed: int
) -> dict[str, Any]:
    """Sum up what is declined, and what that costs the questions that have an answer."""
    cited = [run.gold_citations > 0 and run.found for run in answerable.abstaining]
    always = [run.gold_citations > 0 for run in answerable.always]
    right = np.array([run.confidence for run in answerable.always if run.gold_citations])
    figures: dict[str, Any] = {
        "gold_cited": share(cited),
        "gold_cited_always": share(always),
        "loss": share(always) - share(cited),
        "declined_answerable": share([not run.found for run in answerable.abstaining]),
        "languages": float(np.mean([run.languages for run in answerable.abstaining])),
    }
    for name, runs in absent.items():
        declined = [not run.found for run in runs]
        wrong = np.array([run.confidence for run in runs])
        figures[name] = {
            "questions": len(runs),
            "declined": share(declined),
            "interval": interval(declined, seed),
            "auc": area(np.array([run.confidence for run in answerable.always]), wrong),
            "auc_right": area(right, wrong),
            "languages": float(np.mean([run.languages for run in runs])),
        }
    return figures


def area(higher: np.ndarray[Any, Any], lower: np.ndarray[Any, Any]) -> float:
    """Return the area under the ROC curve: how often the one kind is above the other."""
    pairs = higher[:, None] - lower[None, :]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


def print_declined(figures: Mapping[str, Any], console: Console) -> None:
    """Print what is declined."""
    console.print(
        f"gold cited: {figures['gold_cited']:.3f}; never saying that nothing is found: "
        f"{figures['gold_cited_always']:.3f}; loss {figures['loss']:.3f}; "
        f"languages searched {figures['languages']:.1f}"
    )
    table = Table(title="Paragraph taken out of the index: told that nothing is found")
    for column in ("taken out", "questions", "told so", "95%", "AUC", "AUC, gold cited",
                   "languages searched"):  # fmt: skip
        table.add_column(column, justify="right")
    for name, row in figures.items():
        if not isinstance(row, dict):
            continue
        low, high = row["interval"]
        table.add_row(
            name,
            str(row["questions"]),
            f"{row['declined']:.3f}",
            f"{low:.3f}-{high:.3f}",
            f"{row['auc']:.3f}",
            f"{row['auc_right']:.3f}",
            f"{row['languages']:.1f}",
        )
    console.print(table)
