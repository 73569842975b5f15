"""The cases that `calibrate_extractive.py` fits to and checks on: questions and their ledgers."""

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from absent_answers import choice_of
from numpy.typing import NDArray
from rich.progress import track
from xquad import build_corpus, draw, paragraph_of, read_xquad

from crosearch.agents.actions import SearchAction, render_answer, render_search
from crosearch.agents.answers import abstain
from crosearch.agents.language_choice import choose_languages
from crosearch.agents.matching import CachedVectors
from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.sufficiency import judge
from crosearch.graphs.context import SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language, parse_language
from crosearch.tools.sample import SampleQuestion, sample_passages_path, sample_questions
from crosearch.tools.search import HybridRetriever

Rows = NDArray[np.float64]
Documents = Sequence[Mapping[str, str]]

PARTS = 4
"""Stores that each lack what answers a part of the questions."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What was measured of a ledger's entries, shape (entries, features)."""

    features: Rows
    own: NDArray[np.bool_]
    """Which entries are in the asker's language."""
    titled: NDArray[np.bool_]
    gold: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question, and the ledgers after each of its searches."""

    id: str
    kind: str
    ledgers: list[Ledger] = field(default_factory=list[Ledger])

    @property
    def half(self) -> int:
        """0 or 1, by the id."""
        return part_of(self.id, 2)


class Explorer:
    """Searches as the extractive policy would that is never satisfied, and keeps the measures."""

    name = "explorer"

    def __init__(self, embedder: Embedder, is_gold: Callable[[str], bool], case: Case):
        """Add ledgers to a case."""
        self._vectors = CachedVectors(embedder)
        self._is_gold = is_gold
        self._case = case

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Search on while anything is left."""
        if observation.evidence:
            self._case.ledgers.append(await asyncio.to_thread(self._measure, observation))
        choice = choose_languages(observation)
        if not choice.languages:
            return Emission(text=render_answer(abstain(observation.language, thought="")))
        search = SearchAction(languages=choice.languages, query=observation.question[:1000])
        return Emission(text=render_search(search))

    def _measure(self, observation: Observation) -> Ledger:
        judged = judge(
            observation.question, observation.language, observation.evidence, self._vectors
        )
        return Ledger(
            features=np.array([judgement.features for judgement in judged]),
            own=np.array([j.entry["language"] == observation.language for j in judged]),
            titled=np.array([bool(j.entry["title"]) for j in judged]),
            gold=np.array([self._is_gold(j.entry["document_id"]) for j in judged]),
        )


async def explore(
    retriever: HybridRetriever,
    question: str,
    language: Language,
    case: Case,
    is_gold: Callable[[str], bool],
    without: Collection[Language] = (),
) -> Case:
    """Run one question to its end, in all languages but some."""
    graph = build_search_graph(Explorer(retriever.embedder, is_gold, case), retriever).compile()
    searched = [code for code in retriever.languages if code not in without]
    context = SearchContext(language=choice_of(language), search_languages=",".join(searched))
    await graph.ainvoke({"question": question}, context=context)
    return case


async def sample_cases(folder: Path) -> list[Case]:
    """Explore the sample corpus' questions, and those that it answers without what does."""
    with sample_passages_path().open(encoding="utf-8") as lines:
        documents: Documents = [json.loads(line) for line in lines]
    questions = sample_questions()
    cases: list[Case] = []

    async def ask(group: Sequence[SampleQuestion], retriever: HybridRetriever, kind: str) -> None:
        for question in track(group, kind):
            named = {"own": "sample", "nowhere": "sample nowhere"}.get(
                question.kind, "sample other"
            )
            case = Case(id=question.fact or question.id, kind=kind if "gone" in kind else named)
            is_gold = set(question.gold).__contains__
            await explore(retriever, question.question, question.language, case, is_gold)
            cases.append(case)

    await ask(questions, HybridRetriever(build_corpus(folder / "sample", documents)), "sample")
    for part in range(PARTS):
        group = [q for q in questions if q.gold and part_of(q.fact or q.id, PARTS) == part]
        gone = {document for question in group for document in question.gold}
        kept = [document for document in documents if document["id"] not in gone]
        corpus = build_corpus(folder / f"sample-{part}", kept)
        await ask(group, HybridRetriever(corpus), "sample gone")
    return cases


async def native_cases(data: Path, count: int, folder: Path) -> list[Case]:
    """Explore training questions of each source, with their passage and without it."""
    documents, questions = _read_native(data / "train", count)
    cases: list[Case] = []
    parts = [*range(PARTS)]
    for part in [None, *parts[:2]]:
        kept = [d for d in documents if part is None or part_of(d["id"], PARTS) != part]
        retriever = HybridRetriever(build_corpus(folder / f"native-{part}", kept))
        kind = "native" if part is None else "native gone"
        group = [q for q in questions if part is None or part_of(q[2], PARTS) == part]
        for text, language, gold in track(group, kind):
            case = Case(id=gold, kind=kind)
            await explore(retriever, text, language, case, {gold}.__contains__)
            cases.append(case)
    return cases


def _read_native(
    train: Path, count: int
) -> tuple[list[dict[str, str]], list[tuple[str, Language, str]]]:
    """Read the training questions' passages as documents, and draw questions of each source."""
    with (train / "qa_passages.jsonl").open(encoding="utf-8") as lines:
        passages = [str(json.loads(line)).replace("[SEP]", " ") for line in lines]
    with (train / "qa.jsonl").open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["c"] >= 0]
    languages: dict[int, str] = {}
    sources: dict[str, list[tuple[str, Language, str]]] = {}
    for row in rows:
        # AfriQA asks in Swahili what English passages tell.
        languages.setdefault(row["c"], "en" if row["src"] == "afriqa" else row["l"])
        if (row["src"], row["l"]) != ("afriqa", "en"):
            question = row["q"].lstrip("- "), parse_language(row["l"]), f"p{row['c']}"
            sources.setdefault(row["src"], []).append(question)
    documents = [
        {"id": f"p{place}", "title": "", "text": passages[place], "language": code}
        for place, code in sorted(languages.items())
    ]
    order = random.Random(3)
    drawn = [q for name in sorted(sources) for q in order.sample(sources[name], count)]
    return documents, drawn


async def xquad_cases(data: Path, count: int, folder: Path) -> list[Case]:
    """Explore questions of XQuAD in all languages but their own, with the gold and without it."""
    documents, questions = read_xquad(data / "xquad_dev")
    cases: list[Case] = []
    drawn = draw(questions, 3 * count, seed=7)
    there, missing = drawn[: 2 * count], drawn[2 * count :]
    gone = {question.paragraph for question in missing}
    for kind, group, without in (("xquad", there, set[str]()), ("xquad gone", missing, gone)):
        corpus = build_corpus(folder / kind.replace(" ", "-"), documents, without=without)
        retriever = HybridRetriever(corpus)
        for question in track(group, kind):
            case = Case(id=question.paragraph, kind=kind)

            def is_gold(document: str, paragraph: str = question.paragraph) -> bool:
                return paragraph_of(document) == paragraph

            await explore(
                retriever, question.text, question.language, case, is_gold, {question.language}
            )
            cases.append(case)
    return cases


def part_of(name: str, parts: int) -> int:
    """Deal names out into parts."""
    return hashlib.sha256(name.encode()).digest()[0] % parts
