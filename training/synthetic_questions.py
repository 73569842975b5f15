"""Has a model write questions about passages, and searches with each for the passage it is about.

    with Journal(path, settings) as journal:
        report = await generate(tasks, reader, retriever, endpoint, journal)

A question that does not find its passage is about something else, or could be about anything: it
is no pair to train on (round-trip consistency, as in Promptagator, arXiv 2209.11755).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from crosearch.tools.completions import Completion, Message
from crosearch.tools.errors import CollectionError, StoreError
from crosearch.tools.languages import Language
from crosearch.tools.openai_client import EndpointError
from crosearch.tools.passages import Passage
from crosearch.tools.retriever import Retriever
from crosearch.tools.threads import in_thread
from crosearch.training.synthetic_journal import Asked, AskedQuestion, Journal
from crosearch.training.synthetic_pairs import ReadPassage
from crosearch.training.synthetic_plan import Task, still_to_do
from crosearch.training.synthetic_prompts import parse_reply, question_request, refuse_question

LOOKED_AT = 50
"""How many passages the round trip looks at."""

_SEARCH_SECONDS = 60.0
_ROUNDS = 3
"""How often a passage whose request failed is asked about, before it is left for another time."""
_FAILURES_IN_A_ROW = 10


class ChatModel(Protocol):
    """Writes the next message of a chat."""

    async def complete(
        self, messages: Sequence[Message], *, max_tokens: int | None = None
    ) -> Completion:
        """Write it.

        Raises:
            EndpointError: There is no usable reply.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationReport:
    """How far a generation has come, or what it came to."""

    passages: int
    """To be asked about in all."""
    resumed: int
    """Asked about before this run."""
    asked: int = 0
    """Asked about in this run."""
    failed: int = 0
    """Whose requests failed in this run, every time; they are asked about when it is run again."""
    failures: int = 0
    """Requests that failed in this run."""
    last_failure: str = ""
    prompt_tokens: int = 0
    """Of this run, as far as the endpoint counts, as are the next."""
    completion_tokens: int = 0
    seconds: float = 0.0
    interrupted: bool = False


Progress = Callable[[GenerationReport], None]


async def generate(
    tasks: Sequence[Task],
    read: ReadPassage,
    retriever: Retriever,
    model: ChatModel,
    journal: Journal,
    *,
    concurrency: int = 8,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> GenerationReport:
    """Ask about each passage that the journal does not know, and search with what comes.

    Args:
        tasks: What to ask about, in which languages.
        read: Reads a passage by its language and id; blocks. None: it is gone, and passed over.
        retriever: Searches the corpus that the passages are from.
        model: Writes the questions.
        journal: Keeps what comes; open.
        concurrency: Requests under way at once.
        progress: Told after each passage.
        stop: Once set, what is under way is finished, and nothing is begun.

    Raises:
        CollectionError: The model fails at everything, or the journal cannot be written. What came
            before is kept.
        StoreError: The corpus cannot be searched.
    """
    work = _Generation(read, retriever, model, journal, progress, stop or asyncio.Event())
    work.report = replace(
        work.report,
        passages=len(tasks),
        resumed=len(tasks) - len(still_to_do(tasks, journal.asked)),
    )
    left = list(tasks)
    for _ in range(_ROUNDS):
        left = await work.go_through(left, concurrency)
        if not left or work.stop.is_set():
            break
    return replace(work.told(), failed=len(left), interrupted=work.stop.is_set())


@dataclass
class _Generation:
    read: ReadPassage
    retriever: Retriever
    model: ChatModel
    journal: Journal
    progress: Progress | None
    stop: asyncio.Event
    report: GenerationReport = field(
        default_factory=lambda: GenerationReport(passages=0, resumed=0)
    )
    began: float = field(default_factory=time.monotonic)
    in_a_row: int = 0

    async def go_through(self, tasks: Sequence[Task], concurrency: int) -> list[Task]:
        """Work on tasks, several at once; return those that failed."""
        waiting = iter(tasks)
        failed: list[Task] = []

        async def work() -> None:
            for task in waiting:
                if self.stop.is_set():
                    return
                if not await self._attempt(task):
                    failed.append(task)
                self.tell()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(tasks))):
                    group.create_task(work())
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return failed

    async def _attempt(self, task: Task) -> bool:
        asked = self.journal.asked.get(task.key)
        if asked is None or asked["digest"] != task.digest:
            try:
                asked = await self._ask(task)
            except EndpointError as error:
                self._note(error)
                return False
        if asked is not None and not asked["searched"]:
            await self._search(asked)
        return True

    async def _ask(self, task: Task) -> Asked | None:
        passage = await in_thread(lambda: self.read(task.language, task.passage))
        if passage is None:
            return None
        messages = question_request(passage.title, passage.text, task.asked_in)
        # Twice the estimate: some models need many tokens for some scripts, and some think first.
        reply = await self.model.complete(messages, max_tokens=400 + 4 * task.completion_tokens)
        self.in_a_row = 0
        asked = _asked(task, passage, reply)
        await in_thread(lambda: self.journal.add(asked))
        self.report = replace(
            self.report,
            asked=self.report.asked + 1,
            prompt_tokens=self.report.prompt_tokens + (reply.prompt_tokens or 0),
            completion_tokens=self.report.completion_tokens + (reply.completion_tokens or 0),
        )
        return asked

    async def _search(self, asked: Asked) -> None:
        for language, question in asked["questions"].items():
            if not question["refused"]:
                question["rank"] = await self._rank(question["text"], language, asked)
        asked["searched"] = True
        await in_thread(lambda: self.journal.add(asked))

    async def _rank(self, question: str, language: Language, asked: Asked) -> int | None:
        passage_id = asked["key"].partition(" ")[2]
        found = await self.retriever.search(
            question,
            [asked["language"]],
            k=LOOKED_AT,
            timeout=_SEARCH_SECONDS,
            asked_in=language,
        )
        for outcome in found.outcomes:
            if outcome.status != "ok":
                raise StoreError(f"{outcome.language} cannot be searched: {outcome.detail}")
        ids = [hit.passage.id for hit in found.hits]
        return ids.index(passage_id) + 1 if passage_id in ids else None

    def _note(self, error: EndpointError) -> None:
        self.in_a_row += 1
        self.report = replace(
            self.report, failures=self.report.failures + 1, last_failure=str(error)
        )
        if self.in_a_row >= _FAILURES_IN_A_ROW:
            raise CollectionError(
                f"{self.in_a_row} requests failed one after the other, the last one so: {error}. "
                "What came before is kept, and the same command goes on"
            ) from error

    def told(self) -> GenerationReport:
        """Give the report as of now."""
        return replace(self.report, seconds=time.monotonic() - self.began)

    def tell(self) -> None:
        """Tell how far it has come."""
        if self.progress is not None:
            self.progress(self.told())


def _asked(task: Task, passage: Passage, completion: Completion) -> Asked:
    reply = parse_reply(completion.text, task.asked_in)
    questions = {
        language: AskedQuestion(
            text=text, refused=refuse_question(text, language, passage.text), rank=None
        )
        for language, text in reply.questions.items()
    }
    return Asked(
        key=task.key,
        language=task.language,
        digest=task.digest,
        searched=False,
        summary=reply.summary,
        questions=questions,
        missing=[language for language in task.asked_in if language not in questions],
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
    )
