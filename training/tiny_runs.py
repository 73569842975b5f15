"""Runs of the demonstrating policy, in the real graph, over worlds that are made up for them.

Each round has a world of its own, whose subjects have drawn objects: what a run answers cannot be
known by heart, and can only be copied out of the evidence.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from crosearch.agents.policy import Policy
from crosearch.agents.transcript import Segment
from crosearch.graphs.context import LanguageChoice, SearchContext
from crosearch.graphs.search import build_search_graph
from crosearch.graphs.state import SearchInput
from crosearch.tools.embedder import load_embedder
from crosearch.tools.index import open_store
from crosearch.tools.ingestion import ingest
from crosearch.tools.languages import Language
from crosearch.tools.retriever import Retriever
from crosearch.tools.search import open_retriever
from crosearch.tools.translate import LexiconTranslator
from crosearch.training.facts import FactTable, World, WorldQuestion, WorldSettings, build_world
from crosearch.training.facts_settings import DEFAULT_LANGUAGES
from crosearch.training.tiny_demonstrator import DemonstratingPolicy, Habits, Known, find_name

CONTEXT = SearchContext(
    passages=2,
    max_searches=3,
    max_turns=5,
    max_evidence_tokens=400,
    max_seconds=600.0,
    search_timeout=300.0,
    instructions="brief",
)
"""What the tiny policy is made for: few and short passages."""

_AT_ONCE = 16
_KINDS = {"own": 0.4, "other": 0.5, "nowhere": 0.1}
_BUDGETS = ((3, 5), (2, 4), (4, 8), (5, 8), (7, 10), (7, 10))
"""Searches and turns that a lesson's run may have."""
_PASSAGES = (2, 2, 2, 3)
_WIDTHS = (1, 1, 2, 3, 4, 6, 8)
"""In how many languages a run may search that may not search in all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """What lessons are like."""

    languages: tuple[Language, ...] = DEFAULT_LANGUAGES
    subjects: int = 500
    """Of each round's world."""
    runs: int = 1_500
    """Of each round."""
    habits: Habits = field(default_factory=Habits)
    """Of the demonstrating policy."""
    narrow_share: float = 0.5
    """How many runs may search in some languages only, as members of groups may."""
    mixed_share: float = 0.25
    """How many questions are asked in another language than they are to be answered in, as members
    of groups may be."""
    led_share: float = 0.5
    """How many runs go on after the first miss whatever the habits; that turn is not learnt, but
    what comes after it is."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A question as a lesson's run is asked it."""

    question: WorldQuestion
    asked_in: Language
    context: SearchContext
    led: bool = False
    """Whether the run goes on after its first miss whatever the habits."""

    @property
    def text(self) -> str:
        """The question in the language it is asked in."""
        return self.question.translations.get(self.asked_in, self.question.question)


@dataclass(frozen=True, kw_only=True, slots=True)
class Demonstration:
    """A run of the demonstrating policy."""

    transcript: Sequence[Segment]
    led: bool = False
    """Whether it would have gone on after its first miss whatever the habits."""


async def demonstrate(table: FactTable, settings: RunSettings, number: int) -> list[Demonstration]:
    """Make one round of runs, without those in which a search failed.

    The number and the seed decide it.
    """
    draw = random.Random(f"{settings.seed} {number}")
    world = build_world(table, world_settings(settings, number))
    tasks = [
        _draw_task(question, settings, draw)
        for question in draw_questions(world.questions["train"], settings.runs, draw)
    ]
    policy = DemonstratingPolicy(known_of(tasks, table), settings.habits)
    with TemporaryDirectory() as folder:
        return await run_tasks(policy, open_world(world, Path(folder)), tasks)


def world_settings(settings: RunSettings, number: int) -> WorldSettings:
    """Describe a round's world."""
    return WorldSettings(
        languages=settings.languages,
        told_in=told_in(settings.languages),
        subjects=settings.subjects,
        shuffled=True,
        conflict_share=0.0,
        seed=settings.seed * 1_000_000 + number,
    )


def told_in(languages: Sequence[Language]) -> float:
    """Say in how many of a world's languages a fact is told: so few that some do not tell it."""
    return max(1.0, min(3.0, len(languages) / 3))


def open_world(world: World, folder: Path) -> Retriever:
    """Bring a world's passages into a store in `folder`, and open it for search."""
    world.write(folder / "world")
    store = open_store(folder / "store")
    embedder = load_embedder()
    ingest([folder / "world" / "passages.jsonl"], store=store, corpus="world", embedder=embedder)
    return open_retriever(folder / "store", "world")


def draw_questions(
    questions: Sequence[WorldQuestion], count: int, draw: random.Random
) -> list[WorldQuestion]:
    """Draw questions, each once, so that the kinds have their shares."""
    drawn: list[WorldQuestion] = []
    for kind, share in _KINDS.items():
        of_kind = [question for question in questions if question.kind == kind]
        drawn += draw.sample(of_kind, min(len(of_kind), round(count * share)))
    draw.shuffle(drawn)
    return drawn


def known_of(tasks: Sequence[Task], table: FactTable) -> dict[tuple[str, Language], Known]:
    """Say what a demonstrating policy knows of tasks on the facts of a table."""
    return {
        (task.text, task.question.language): Known(
            documents=frozenset(f"{task.question.fact}.{code}" for code in task.question.told_in),
            names=tuple(task.question.answers.get(task.question.language, ())),
            asked_in=task.asked_in,
            subject=_subject(task, table),
            led=task.led,
        )
        for task in tasks
    }


def _subject(task: Task, table: FactTable) -> str:
    """Find what a task's question is about, as it stands there, with the space before it."""
    entity = task.question.fact.split(".")[0]
    return find_name(task.text, [table.labels[entity][task.asked_in]])


async def run_tasks(
    policy: Policy, retriever: Retriever, tasks: Sequence[Task]
) -> list[Demonstration]:
    """Run tasks through the graph, and return the runs in which nothing failed."""
    graph = build_search_graph(policy, retriever, LexiconTranslator()).compile()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def run(task: Task) -> Demonstration | None:
        async with gate:
            state = await graph.ainvoke(SearchInput(question=task.text), context=task.context)
        failed = any(turn["failures"] for turn in state["history"])
        return None if failed else Demonstration(transcript=state["transcript"], led=task.led)

    made = await asyncio.gather(*map(run, tasks))
    return [run for run in made if run is not None]


def _draw_task(question: WorldQuestion, settings: RunSettings, draw: random.Random) -> Task:
    asked_in = question.language
    if question.translations and draw.random() < settings.mixed_share:
        asked_in = draw.choice(sorted(question.translations))
    return Task(
        question=question,
        asked_in=asked_in,
        context=replace(
            _context(question, settings, draw), asked_in=cast(LanguageChoice, asked_in)
        ),
        led=draw.random() < settings.led_share,
    )


def _context(question: WorldQuestion, settings: RunSettings, draw: random.Random) -> SearchContext:
    searches, turns = draw.choice(_BUDGETS)
    languages: Iterator[Language] | list[Language] = []
    if draw.random() < settings.narrow_share:
        width = min(draw.choice(_WIDTHS), len(settings.languages))
        languages = draw.sample(settings.languages, width)
        if draw.random() < 0.5 and question.told_in:
            languages[0] = draw.choice(question.told_in)
    return replace(
        CONTEXT,
        language=cast(LanguageChoice, question.language),
        search_languages=",".join(languages),
        max_searches=searches,
        max_turns=turns,
        passages=draw.choice(_PASSAGES),
        seed=draw.getrandbits(32),
    )
