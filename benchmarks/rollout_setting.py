"""What every part of the rollout benchmark runs on: questions, a corpus, budgets, a work folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from crosearch.graphs.context import SearchContext
from crosearch.tools.opening import open_source
from crosearch.tools.sample import sample_questions
from crosearch.tools.search import HybridRetriever
from crosearch.tools.settings import choose_source
from crosearch.training.questions import Question

TURN_TOKENS = 160
"""The longest turn of the tiny policy; what it was taught on is shorter."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The benchmark's settings, as they were asked for."""

    work: Path
    """Where models, stores and logs are kept between runs."""
    data: Path | None
    """The public data sets; None where there are none."""
    questions: int
    concurrency: int
    repeats: int
    passages: int
    """Of the large corpus."""
    runs: int
    """Of the memory part."""
    records: int
    """Of the resume part."""
    threads: int
    """Of torch, in the parts that measure one process."""
    temperature: float

    @cached_property
    def retriever(self) -> HybridRetriever:
        """The sample corpus."""
        return open_source(choose_source(corpus="sample"))

    @property
    def context(self) -> SearchContext:
        """Little evidence and few searches, so that a tiny model's prompts stay short."""
        return SearchContext(
            passages=3,
            max_evidence_tokens=120,
            max_searches=2,
            max_turns=4,
            max_seconds=3_600,
            search_timeout=600,
            temperature=self.temperature,
            seed=0,
        )

    @property
    def model(self) -> Path:
        """Where the taught model lies."""
        return self.work / "model"


def sampled_questions(count: int) -> Sequence[Question]:
    """Take questions of the sample corpus, one of each language in turn, as often as need be."""
    by_language: dict[str, list[Question]] = {}
    for row in sample_questions():
        question = Question(text=row.question, language=row.language, id=row.id)
        by_language.setdefault(row.language, []).append(question)
    longest = max(map(len, by_language.values()))
    mixed = [rows[place] for place in range(longest) for rows in by_language.values()
             if place < len(rows)]  # fmt: skip
    return [mixed[place % len(mixed)] for place in range(count)]
