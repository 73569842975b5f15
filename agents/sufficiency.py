"""Whether the evidence answers the question: a probability for each entry of the ledger.

A logistic rule over a few measures that need no model beside the embedder. Entries in the asker's
language and foreign ones are weighed apart, since cosines and shared words mean less across
languages. The weights were fitted to the sample corpus' questions by
`benchmarks/calibrate_extractive.py`, which prints what they come to on questions held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosearch.agents.matching import (
    COVERED,
    CachedVectors,
    Scores,
    contrast,
    name_overlap,
    sound_overlap,
    sound_share,
    word_similarities,
)
from crosearch.agents.pointers import point_to_languages
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.questions import WantedQuantity, wanted_quantity

FEATURES = (
    "dense",  # mean of two cosines with the question: the passage's, and its nearest sentence's
    "above",  # by how much that is above the ledger's mean
    "contrast",  # how far the passage's words are nearer to the question's than other passages'
    "rest",  # mean cosine of the nearest word, over the question's words that the title leaves open
    "lead",  # how far the entry is ahead of the best other one
    "kind",  # 1 or -1: a quantity is asked for, and the sentence holds one or does not; else 0
    "name",  # how far the best-held name of the question stands out
    "title",  # share of the title's sounds that the question holds
    "pointed",  # 1 where the question points to the entry's language, else 0
    "score",  # by how much the ledger's own score is above the ledger's mean
)

OWN_WEIGHTS: tuple[float, ...] = (1.8, -0.3, -0.3, 6.7, 2.0, 1.5, 2.5, 2.5, 0.0, 1.8)
OWN_BIAS = -10.9
FOREIGN_WEIGHTS: tuple[float, ...] = (0.9, 6.0, 2.0, -0.3, 1.0, 1.1, 0.5, 7.7, 2.6, 5.9)
FOREIGN_BIAS = -6.7

SUFFICIENT = 0.75
"""From here on no further language is searched."""
ACCEPTABLE = 0.48
"""From here on the evidence is answered from, when nothing is left to search."""

_UNTITLED = 0.2
"""What an entry without a title counts with: between one on the subject and the others. Chosen on
XQuAD, whose paragraphs have none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """How likely an entry is to answer the question."""

    entry: Evidence
    probability: float
    is_of_kind: bool
    """Whether the entry's sentence holds a quantity that can be what was asked for."""
    features: tuple[float, ...]
    """In the order of `FEATURES`."""


def judge(
    question: str, language: Language, evidence: Sequence[Evidence], vectors: CachedVectors
) -> list[Judgement]:
    """Judge every entry, most likely first."""
    if not evidence:
        return []
    wanted = wanted_quantity(question, language)
    of_kind = [bool(wanted.find(sentence_of(entry), entry["language"])) for entry in evidence]
    features = _measure(question, language, evidence, _kinds(of_kind, wanted), vectors)
    judgements = [
        Judgement(
            entry=entry,
            probability=_probability(row, own=entry["language"] == language),
            is_of_kind=is_of_kind,
            features=tuple(float(value) for value in row),
        )
        for entry, is_of_kind, row in zip(evidence, of_kind, features, strict=True)
    ]
    return sorted(judgements, key=lambda judgement: -judgement.probability)


def sentence_of(entry: Evidence) -> str:
    """Return the entry's sentence that is nearest to the question."""
    start, end = entry["span"]
    return entry["text"][start:end]


def _measure(
    question: str,
    language: Language,
    evidence: Sequence[Evidence],
    kinds: NDArray[np.float64],
    vectors: CachedVectors,
) -> NDArray[np.float64]:
    """Measure every entry, shape (entries, features)."""
    titled = [f"{entry['title']}. {entry['text']}" for entry in evidence]
    languages = [entry["language"] for entry in evidence]
    dense = _dense(question, titled, [sentence_of(entry) for entry in evidence], vectors)
    words = word_similarities(
        question, language, list(zip(titled, languages, strict=True)), vectors
    )
    contrasts = contrast(words)
    scores = np.array([entry["score"] for entry in evidence])
    pointed = point_to_languages(question, language)
    measures = {
        "dense": dense,
        "above": dense - dense.mean(),
        "contrast": contrasts,
        "rest": _rest(question, language, evidence, words, vectors),
        "lead": _leads(dense + sound_overlap(question, titled) + 0.3 * contrasts),
        "kind": kinds,
        "name": name_overlap(question, language, titled),
        "title": np.array(
            [
                sound_share(entry["title"], question) if entry["title"] else _UNTITLED
                for entry in evidence
            ]
        ),
        "pointed": np.array([float(code in pointed) for code in languages]),
        "score": scores - scores.mean(),
    }
    return np.column_stack([measures[name] for name in FEATURES]).astype(np.float64)


def _rest(
    question: str,
    language: Language,
    evidence: Sequence[Evidence],
    words: Scores,
    vectors: CachedVectors,
) -> NDArray[np.float64]:
    """Leave out what the titles cover: that a passage is on the subject does not answer anything.

    Args:
        question: As it was asked.
        language: Its language.
        evidence: The entries.
        words: The question's words' similarities to the passages, shape (words, entries).
        vectors: The embedder.
    """
    titles = [(entry["title"] or "-", entry["language"]) for entry in evidence]
    covered = word_similarities(question, language, titles, vectors) >= COVERED
    rest = np.where(covered, np.nan, words)
    rest[:, covered.all(axis=0)] = words[:, covered.all(axis=0)]
    means: NDArray[np.float64] = np.nanmean(rest, axis=0)
    return means


def _dense(
    question: str, passages: Sequence[str], sentences: Sequence[str], vectors: CachedVectors
) -> NDArray[np.float64]:
    held = vectors.look_up((*passages, *sentences))
    wanted = vectors.question(question)
    return np.array(
        [
            float((held[passage] + held[sentence]) @ wanted) / 2
            for passage, sentence in zip(passages, sentences, strict=True)
        ]
    )


def _kinds(of_kind: Sequence[bool], wanted: WantedQuantity) -> NDArray[np.float64]:
    if wanted.asked == "other":
        return np.zeros(len(of_kind))
    return np.where(of_kind, 1.0, -1.0)


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
