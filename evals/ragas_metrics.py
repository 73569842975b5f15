"""The metrics of ragas that can be asked for: what each needs, and how a sample is given to it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from crosearch.evals.ragas_library import JudgingModel, RagasLibrary, RagasMetric, Vectors
from crosearch.evals.ragas_samples import RagasSample
from crosearch.tools.errors import UsageError
from crosearch.tools.scoring import is_unspaced

_SIMILAR = 0.5
"""From this likeness on ragas takes two contexts for the same."""
_READ_BY_ROUGE = 0.5
"""This share of a gold answer's letters has to be a to z, which is all that rouge_score reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricAbout:
    """A metric, and what it takes."""

    name: str
    ragas_class: str
    """Its class in `ragas.metrics.collections`."""
    needs: tuple[str, ...]
    """Fields of a sample that must not be empty."""
    judged: bool = False
    """Whether a model is asked."""
    package: str = ""
    """What has to be installed for it beside ragas; empty: nothing."""


METRICS: tuple[MetricAbout, ...] = (
    MetricAbout(
        name="faithfulness", ragas_class="Faithfulness", needs=("answer", "contexts"), judged=True
    ),
    MetricAbout(
        name="answer_relevancy", ragas_class="AnswerRelevancy", needs=("answer",), judged=True
    ),
    MetricAbout(
        name="context_precision",
        ragas_class="ContextPrecisionWithReference",
        needs=("contexts", "references"),
        judged=True,
    ),
    MetricAbout(
        name="context_recall",
        ragas_class="ContextRecall",
        needs=("contexts", "references"),
        judged=True,
    ),
    MetricAbout(name="exact_match", ragas_class="ExactMatch", needs=("answer", "references")),
    MetricAbout(
        name="string_presence", ragas_class="StringPresence", needs=("answer", "references")
    ),
    MetricAbout(
        name="string_similarity",
        ragas_class="NonLLMStringSimilarity",
        needs=("answer", "references"),
        package="rapidfuzz",
    ),
    MetricAbout(
        name="bleu", ragas_class="BleuScore", needs=("answer", "references"), package="sacrebleu"
    ),
    MetricAbout(
        name="rouge",
        ragas_class="RougeScore",
        needs=("answer", "references"),
        package="rouge_score",
    ),
    MetricAbout(
        name="chrf", ragas_class="CHRFScore", needs=("answer", "references"), package="sacrebleu"
    ),
    MetricAbout(
        name="non_llm_context_precision",
        ragas_class="NonLLMStringSimilarity",
        needs=("contexts", "reference_contexts"),
        package="rapidfuzz",
    ),
    MetricAbout(
        name="non_llm_context_recall",
        ragas_class="NonLLMStringSimilarity",
        needs=("contexts", "reference_contexts"),
        package="rapidfuzz",
    ),
)

_MISSING = {
    "answer": "the run gave no answer",
    "contexts": "no evidence was found",
    "references": "no gold answer is known",
    "reference_contexts": "no gold document is known",
}


def choose_metrics(
    names: Sequence[str], *, with_judge: bool, with_gold: bool = False
) -> list[MetricAbout]:
    """Find metrics by name.

    Args:
        names: Empty: all that can be had.
        with_judge: Whether there is a model to ask.
        with_gold: Whether gold documents are known; it matters only to what can be had.

    Raises:
        UsageError: There is no such metric, or what it needs is missing; the message says what.
    """
    if not names:
        return [
            metric
            for metric in METRICS
            if (with_judge or not metric.judged)
            and (with_gold or "reference_contexts" not in metric.needs)
            and not missing_package(metric)
        ]
    known = {metric.name: metric for metric in METRICS}
    for name in names:
        if name not in known:
            raise UsageError(f"unknown metric {name!r}; known are {', '.join(known)}")
        if known[name].judged and not with_judge:
            raise UsageError(f"{name} takes a judge: give --judge openai:MODEL")
        if package := missing_package(known[name]):
            raise UsageError(f"{name} takes the package {package}: pip install 'crosearch[evals]'")
    return [known[name] for name in dict.fromkeys(names)]


def missing_package(metric: MetricAbout) -> str:
    """Name the package that a metric needs and that is not installed; empty: there is none."""
    missing = metric.package and find_spec(metric.package) is None
    return metric.package if missing else ""


def why_not(metric: MetricAbout, sample: RagasSample) -> str:
    """Say why a sample has no value by a metric; empty where it can have one."""
    for field in metric.needs:
        if not getattr(sample, field):
            return _MISSING[field]
    if metric.name == "rouge" and not _is_read_by_rouge(sample.references):
        return "ragas' ROUGE reads no letters but a to z"
    return ""


def judged_metric(
    metric: MetricAbout, library: RagasLibrary, judge: JudgingModel, vectors: Vectors
) -> RagasMetric:
    """Make a metric that asks a model.

    Answer relevancy asks once: ragas asks three times for the same, which at temperature 0 is
    thrice the price of one reply.
    """
    if metric.name == "answer_relevancy":
        return library.metric(metric.ragas_class, llm=judge, embeddings=vectors, strictness=1)
    return library.metric(metric.ragas_class, llm=judge)


async def judged_value(name: str, metric: RagasMetric, sample: RagasSample) -> float:
    """Measure a sample by a metric that asks a model.

    The first gold answer is the reference: ragas takes one.
    """
    fields: Mapping[str, Mapping[str, object]] = {
        "faithfulness": {
            "response": sample.answer,
            "retrieved_contexts": list(sample.contexts),
        },
        "answer_relevancy": {"response": sample.answer},
        "context_precision": {
            "reference": next(iter(sample.references), ""),
            "retrieved_contexts": list(sample.contexts),
        },
        "context_recall": {
            "reference": next(iter(sample.references), ""),
            "retrieved_contexts": list(sample.contexts),
        },
    }
    result = await metric.ascore(user_input=sample.question, **fields[name])
    return float(result.value)


async def plain_value(metric: MetricAbout, library: RagasLibrary, sample: RagasSample) -> float:
    """Measure a sample by a metric that asks nobody; of several gold answers the best counts."""
    measure = library.metric(metric.ragas_class, **_settings(metric.name, sample))
    if metric.name == "non_llm_context_precision":
        return _average_precision(
            [await _likeness(measure, text, sample.reference_contexts) for text in sample.passages]
        )
    if metric.name == "non_llm_context_recall":
        likenesses = [
            await _likeness(measure, text, sample.passages) for text in sample.reference_contexts
        ]
        return sum(likeness > _SIMILAR for likeness in likenesses) / len(likenesses)
    return await _likeness(measure, sample.answer, sample.references)


def _settings(name: str, sample: RagasSample) -> dict[str, object]:
    if name != "bleu":
        return {}
    # Answers are shorter than four words, of which plain BLEU makes 0; and where no spaces are
    # written, a text would be one word.
    tokens = "char" if is_unspaced(sample.references[0]) else "13a"
    return {"kwargs": {"use_effective_order": True, "tokenize": tokens}}


async def _likeness(measure: RagasMetric, text: str, others: Sequence[str]) -> float:
    values = [
        float((await measure.ascore(reference=other, response=text)).value) for other in others
    ]
    return max(values)


def _average_precision(likenesses: Sequence[float]) -> float:
    """Return average precision as ragas' `NonLLMContextPrecisionWithReference` defines it.

    Its own class is not called, since it notes its use in the user's home.
    """
    relevant = [likeness >= _SIMILAR for likeness in likenesses]
    precisions = [
        sum(relevant[:place]) / place
        for place, is_relevant in enumerate(relevant, start=1)
        if is_relevant
    ]
    return math.fsum(precisions) / len(precisions) if precisions else 0.0


def _is_read_by_rouge(texts: Sequence[str]) -> bool:
    letters = [letter for text in texts for letter in text.lower() if letter.isalnum()]
    read = sum(letter.isascii() for letter in letters)
    return bool(letters) and read / len(letters) >= _READ_BY_ROUGE
