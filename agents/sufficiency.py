"""Whether the evidence answers the question: a probability for each entry of the ledger.

A logistic rule over a few measures that need no model beside the embedder. Entries in the asker's
language and foreign ones are weighed apart, since cosines and shared words mean less across
languages. The weights were fitted by `benchmarks/calibrate_extractive.py`, on one half of the
questions; it prints what they come to on the other half.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosearch.agents.matching import (
    CachedVectors,
    contrast,
    name_overlap,
    sound_overlap,
    word_similarities,
)
from crosearch.agents.questions import Asked, asked_for
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.passages import Span
from crosearch.tools.sentences import split_sentences

FEATURES = (
    "dense",  # mean of two cosines with the question: the passage's, and its best sentence's
    "above",  # by how much that is above the ledger's mean
    "sound",  # share of the question's sounds that the passage holds, rare ones counting more
    "contrast",  # how far the passage's words are nearer to the question's than other passages'
    "cover",  # mean over the question's words of the nearest word's cosine
    "weakest",  # the same over the third of the words that is covered worst
    "lead",  # how far the entry is ahead of the best other one
    "year",  # 1 or -1: a date is asked for, and the passage holds a year or does not; else 0
    "number",  # the same for an amount and a number
    "name",  # how far the best-held name of the question stands out
)

OWN_WEIGHTS: tuple[float, ...] = (3.0, 2.0, 5.0, 0.5, 4.0, 1.3, 1.5, 1.0, 0.0, 1.5)
OWN_BIAS = -9.5
FOREIGN_WEIGHTS: tuple[float, ...] = (5.0, 5.0, 3.0, 2.0, 0.5, 0.5, 1.5, 0.6, 0.0, 2.2)
FOREIGN_BIAS = -5.8

SUFFICIENT = 0.7
"""From here on no further language is searched."""
ACCEPTABLE = 0.35
"""From here on the evidence is answered from, when nothing is left to search."""

_NUMBER = re.compile(r"\d+(?:[.,٫٬\u00a0\u202f]\d+)*")
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_KIND_BONUS = 0.1
"""What a number is worth, in cosine, to a sentence when a number is asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """How likely an entry is to answer the question."""

    entry: Evidence
    probability: float
    sentence: Span
    """Where in the entry's text the answer stands, if it does."""
    is_of_kind: bool
    """Whether that sentence holds the kind of thing that was asked for."""
    features: tuple[float, ...]
    """In the order of `FEATURES`."""


def judge(
    question: str, language: Language, evidence: Sequence[Evidence], vectors: CachedVectors
) -> list[Judgement]:
    """Judge every entry, most likely first."""
    if not evidence:
        return []
    asked = asked_for(question, language)
    sentences = [_best_sentence(entry, question, asked, vectors) for entry in evidence]
    features = _measure(question, language, evidence, sentences, vectors)
    judgements = [
        Judgement(
            entry=entry,
            probability=_probability(row, own=entry["language"] == language),
            sentence=sentence.span,
            is_of_kind=sentence.is_of_kind,
            features=tuple(float(value) for value in row),
        )
        for entry, sentence, row in zip(evidence, sentences, features, strict=True)
    ]
    return sorted(judgements, key=lambda judgement: -judgement.probability)


@dataclass(frozen=True, slots=True)
class _Sentence:
    span: Span
    cosine: float
    is_of_kind: bool


def _measure(
    question: str,
    language: Language,
    evidence: Sequence[Evidence],
    sentences: Sequence[_Sentence],
    vectors: CachedVectors,
) -> NDArray[np.float64]:
    """Measure every entry, shape (entries, features)."""
    titled = [f"{entry['title']}. {entry['text']}" for entry in evidence]
    languages = [entry["language"] for entry in evidence]
    whole = vectors.look_up(titled)
    wanted = vectors.question(question)
    cosines = np.array([float(whole[text] @ wanted) for text in titled])
    dense = (cosines + np.array([sentence.cosine for sentence in sentences])) / 2
    words = word_similarities(
        question, language, list(zip(titled, languages, strict=True)), vectors
    )
    sound = sound_overlap(question, titled)
    contrasts = contrast(words)
    third = max(1, len(words) // 3)
    asked = asked_for(question, language)
    measures = {
        "dense": dense,
        "above": dense - dense.mean(),
        "sound": sound,
        "contrast": contrasts,
        "cover": words.mean(axis=0),
        "weakest": np.sort(words, axis=0)[:third].mean(axis=0),
        "lead": _leads(dense + sound + 0.3 * contrasts),
        "year": _presence(titled, question, asked, "time"),
        "number": _presence(titled, question, asked, "number"),
        "name": name_overlap(question, language, titled),
    }
    return np.column_stack([measures[name] for name in FEATURES]).astype(np.float64)


def _presence(
    texts: Sequence[str], question: str, asked: Asked, kind: Asked
) -> NDArray[np.float64]:
    if asked != kind:
        return np.zeros(len(texts))
    return np.array([1.0 if _holds(text, kind, question) else -1.0 for text in texts])


def _leads(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each score is above the best of the others."""
    if len(scores) < 2:
        return np.zeros_like(scores)
    second, best = np.sort(scores)[-2:]
    leads: NDArray[np.float64] = np.where(scores == best, best - second, scores - best)
    return leads


def _probability(row: NDArray[np.float64], *, own: bool) -> float:
    weights, bias = (OWN_WEIGHTS, OWN_BIAS) if own else (FOREIGN_WEIGHTS, FOREIGN_BIAS)
    return float(1 / (1 + np.exp(-(row @ np.array(weights) + bias))))


def _best_sentence(
    entry: Evidence,
    question: str,
    asked: Asked,
    vectors: CachedVectors,
) -> _Sentence:
    """Find the sentence that is nearest to the question, and of the kind that it asks for."""
    text = entry["text"]
    spans = split_sentences(text, entry["language"]) or [(0, len(text))]
    found = vectors.look_up(text[start:end] for start, end in spans)
    wanted = vectors.question(question)
    best = _Sentence((0, len(text)), -1.0, False)
    best_rank = -np.inf
    for start, end in spans:
        cosine = float(found[text[start:end]] @ wanted)
        is_of_kind = asked != "other" and _holds(text[start:end], asked, question)
        rank = cosine + _KIND_BONUS * is_of_kind
        if rank > best_rank:
            best, best_rank = _Sentence((start, end), cosine, is_of_kind), rank
    return best


def _holds(sentence: str, asked: Asked, question: str) -> bool:
    pattern = _YEAR if asked == "time" else _NUMBER
    return bool(set(pattern.findall(sentence)) - set(pattern.findall(question)))
