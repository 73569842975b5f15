"""Scores collected runs by ragas: every value once, with a reason for each that is missing.

    with ReplyCache(folder / "replies.jsonl") as cache:
        scorer = Scorer(RagasLibrary(), metrics, embedder)
        expected = await scorer.estimate(samples, name=…, cache=cache)
        values = await scorer.score(samples, PaidAsker(model, …), concurrency=8)

A judge that answers nonsense, does not answer, or would cost too much makes no value 0: the value
is missing, and the report counts why.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypedDict

from crosearch.agents.judge import JudgementError
from crosearch.evals.ragas_budget import BudgetReachedError, Spent
from crosearch.evals.ragas_cache import ReplyCache
from crosearch.evals.ragas_estimate import EstimatingAsker
from crosearch.evals.ragas_judge import Asker, ValueJudge
from crosearch.evals.ragas_library import RagasLibrary
from crosearch.evals.ragas_metrics import (
    MetricAbout,
    judged_metric,
    judged_value,
    plain_value,
    why_not,
)
from crosearch.evals.ragas_prompts import AdaptedPrompts
from crosearch.evals.ragas_samples import RagasSample
from crosearch.evals.ragas_vectors import EmbedderVectors
from crosearch.tools.embedder import Embedder
from crosearch.tools.endpoint_errors import EndpointError
from crosearch.tools.languages import Language

CUT_OFF = "interrupted"
"""Why a value is missing that was not begun."""

_OWN_ERRORS = (ValueError, ArithmeticError, AssertionError)
"""What ragas and those it measures with raise where a value cannot be had."""


class RagasValue(TypedDict):
    """One value of one run, or why there is none; plain JSON."""

    key: str
    """The run's."""
    question_id: str
    language: Language
    metric: str
    value: float | None
    missing: str
    """Why there is no value, in the words of the report; empty where there is one."""
    detail: str
    """What exactly went wrong, where there is more to say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoringProgress:
    """How far a scoring has come."""

    done: int
    total: int


class Scorer:
    """Measures samples by metrics of ragas."""

    def __init__(
        self, library: RagasLibrary, metrics: Sequence[MetricAbout], embedder: Embedder
    ) -> None:
        """Take what is measured by.

        Args:
            library: ragas.
            metrics: The metrics.
            embedder: What answer relevancy compares questions by.
        """
        self._library, self._metrics = library, metrics
        self._vectors = EmbedderVectors(embedder)
        self.prompts: AdaptedPrompts | None = None
        """The prompts of the latest scoring, as they were adapted."""
        library.accept(ValueJudge, EmbedderVectors)

    async def estimate(
        self, samples: Iterable[RagasSample], *, name: str, cache: ReplyCache
    ) -> Spent:
        """Say about what judging will take, beside what is kept.

        Args:
            samples: What is to be measured.
            name: What the judge's replies are kept under.
            cache: What is kept.
        """
        asker = EstimatingAsker(name=name, cache=cache)
        prompts = AdaptedPrompts(self._library, asker)
        for sample in samples:
            for metric in self._metrics:
                if metric.judged and not why_not(metric, sample):
                    with suppress(*_OWN_ERRORS):
                        await self._value(metric, sample, asker, prompts)
        return asker.expected

    async def score(
        self,
        samples: Sequence[RagasSample],
        asker: Asker | None,
        *,
        concurrency: int = 8,
        progress: Callable[[ScoringProgress], None] | None = None,
        stop: asyncio.Event | None = None,
    ) -> list[RagasValue]:
        """Measure every sample by every metric.

        Args:
            samples: The runs.
            asker: The judge; None: no metric needs one.
            concurrency: Values under way at once.
            progress: Told after each value.
            stop: Once set, what is under way is finished, and the rest is missing.

        Returns:
            The values by run, and of each by metric, in the order given.

        Raises:
            CollectionError: The judge fails at everything, or its replies cannot be kept. What was
                paid for is kept.
        """
        self.prompts = AdaptedPrompts(self._library, asker) if asker else None
        pairs = [(sample, metric) for sample in samples for metric in self._metrics]
        values: list[RagasValue | None] = [None] * len(pairs)
        waiting, done = iter(range(len(pairs))), 0

        async def work() -> None:
            nonlocal done
            for place in waiting:
                sample, metric = pairs[place]
                if stop is not None and stop.is_set():
                    values[place] = _missing(sample, metric, CUT_OFF)
                else:
                    values[place] = await self._measured(sample, metric, asker)
                done += 1
                if progress is not None:
                    progress(ScoringProgress(done=done, total=len(pairs)))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(pairs))):
                    group.create_task(work())
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return [value for value in values if value is not None]

    async def _measured(
        self, sample: RagasSample, metric: MetricAbout, asker: Asker | None
    ) -> RagasValue:
        if reason := why_not(metric, sample):
            return _missing(sample, metric, reason)
        try:
            value = await self._value(metric, sample, asker, self.prompts)
        except BudgetReachedError as error:
            return _missing(sample, metric, str(error))
        except JudgementError as error:
            unasked = isinstance(error.__cause__, EndpointError)
            reason = "the judge did not answer" if unasked else "the judge's replies were of no use"
            return _missing(sample, metric, reason, str(error))
        except _OWN_ERRORS as error:
            return _missing(sample, metric, "ragas failed", f"{type(error).__name__}: {error}")
        if not math.isfinite(value):
            return _missing(sample, metric, "ragas gave no number", f"it gave {value}")
        return _as_value(sample, metric, value=round(value, 6))

    async def _value(
        self,
        metric: MetricAbout,
        sample: RagasSample,
        asker: Asker | None,
        prompts: AdaptedPrompts | None,
    ) -> float:
        if not metric.judged or asker is None or prompts is None:
            return await plain_value(metric, self._library, sample)
        measure = judged_metric(metric, self._library, ValueJudge(asker), self._vectors)
        await prompts.adapt(measure, sample.language)
        return await judged_value(metric.name, measure, sample)


def _missing(sample: RagasSample, metric: MetricAbout, reason: str, detail: str = "") -> RagasValue:
    return {**_as_value(sample, metric), "missing": reason, "detail": detail}


def _as_value(
    sample: RagasSample, metric: MetricAbout, *, value: float | None = None
) -> RagasValue:
    return RagasValue(
        key=sample.key,
        question_id=sample.question_id,
        language=sample.language,
        metric=metric.name,
        value=value,
        missing="",
        detail="",
    )
