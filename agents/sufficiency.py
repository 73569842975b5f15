"""Whether the evidence answers the question: a probability for each entry of the ledger.

A logistic rule over a few measures that need no model beside the embedder and the lexicon. An
entry's score is averaged with those of entries in other languages that say about the same: one
passage may be near a question by chance, but not its parallels as well. Entries in the asker's
language and foreign ones are weighed apart. The weights were fitted to the sample corpus'
questions by `benchmarks/calibrate_extractive.py`, which prints what they come to on others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosearch.agents.matching import CachedVectors, sound_share
from crosearch.agents.pointers import point_to_languages
from crosearch.tools.coverage import CoverageMeter, coverage_meter
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.products import row_products
from crosearch.tools.questions import WantedQuantity, wanted_quantity

FEATURES = (
    "score",  # the ledger's own score of the entry
    "supported",  # as `score`, averaged over the entry and its parallels in other languages
    "lead",  # how far `supported` is above that of the best entry on another statement
    "kind",  # 1 or -1: a quantity is asked for, and the sentence holds one or does not; else 0
    "known",  # the share of the question that the lexicon can put into the entry's language
    "length",  # how many phrases the question has: by tens, at most two
    "title",  # share of the title's sounds that the question holds
    "rest",  # share of what the title leaves open of the question that the passage holds
    "pointed",  # 1 where the question points to the entry's language, else 0
)

OWN_WEIGHTS: tuple[float, ...] = (1.09, 1.3, 0.58, 0.37, 0.0, 0.35, 3.54, 8.61, 0.0)
OWN_BIAS = -12.02
FOREIGN_WEIGHTS: tuple[float, ...] = (4.6, 3.42, 2.13, 0.4, -1.93, 0.94, 4.97, 4.76, 2.99)
FOREIGN_BIAS = -9.99

UNTITLED_BIAS = 2.4
"""Log-odds that are added for an entry whose title cannot speak for it. Chosen on questions of
XQuAD, whose paragraphs have no titles, other than those that `benchmarks/real_input.py` asks."""

SUFFICIENT = 0.6
"""From here on no further language is searched."""
ACCEPTABLE = 0.3
"""From here on the evidence is answered from, when nothing is left to search."""

_UNLIKE, _ALIKE = 0.45, 0.75
"""Cosines of two passages in different languages: up to the first one tells nothing of the other,
from the second on they are parallels. Chosen by a look at XQuAD's, which has parallels."""
_LONGEST = 20


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
            probability=_probability(row, entry, own=entry["language"] == language),
            is_of_kind=is_of_kind,
            features=tuple(float(value) for value in row),
        )
        for entry, is_of_kind, row in zip(evidence, of_kind, features, strict=True)
    ]
    return sorted(judgements, key=lambda judgement: -judgement.probability)


def sentence_of(entry: Evidence) -> str:
    """Return the entry's sentence that answers the question, if one does."""
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
    meter = coverage_meter(vectors.embedder)
    languages = [entry["language"] for entry in evidence]
    titled = [f"{entry['title']}. {entry['text']}" for entry in evidence]
    held = vectors.look_up(titled)
    passages = np.stack([held[text] for text in titled]).astype(np.float64)
    scores = np.array([entry["score"] for entry in evidence])
    supported = _parallels(passages, languages) @ scores
    pointed = point_to_languages(question, language)
    known = {of: meter.known(question, language, of) for of in languages}
    phrases = {of: meter.phrases(question, language, of) for of in languages}
    measures = {
        "score": scores,
        "supported": supported,
        "lead": _leads(supported, np.array([entry["cluster"] for entry in evidence])),
        "kind": kinds,
        "known": np.array([known[of] for of in languages]),
        "length": np.array([min(phrases[of], _LONGEST) / 10 for of in languages]),
        "title": np.array([_title_share(entry, question) for entry in evidence]),
        "rest": np.array([_rest_told(entry, question, language, meter) for entry in evidence]),
        "pointed": np.array([float(of in pointed) for of in languages]),
    }
    return np.column_stack([measures[name] for name in FEATURES]).astype(np.float64)


def _leads(scores: NDArray[np.float64], clusters: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far each score is above the best of other clusters; of the least, if of none."""
    best = {cluster: scores[clusters == cluster].max() for cluster in np.unique(clusters)}
    rivals = [
        max((top for other, top in best.items() if other != cluster), default=scores.min())
        for cluster in clusters
    ]
    leads: NDArray[np.float64] = scores - np.array(rivals)
    return leads


def _parallels(passages: NDArray[np.float64], languages: Sequence[Language]) -> NDArray[np.float64]:
    """Weigh for each entry those that say about the same in other languages, and itself.

    Args:
        passages: The passages' vectors, shape (entries, dimension).
        languages: Their languages.

    Returns:
        Weights, shape (entries, entries); each row sums to 1.
    """
    likeness = np.clip((row_products(passages, passages) - _UNLIKE) / (_ALIKE - _UNLIKE), 0.0, 1.0)
    codes = np.array(languages)
    likeness[codes[:, None] == codes[None, :]] = 0.0
    np.fill_diagonal(likeness, 1.0)
    weights: NDArray[np.float64] = likeness / likeness.sum(axis=1, keepdims=True)
    return weights


def _rest_told(entry: Evidence, question: str, language: Language, meter: CoverageMeter) -> float:
    return meter.measure(question, language, entry["title"], entry["text"], entry["language"]).rest


def _title_share(entry: Evidence, question: str) -> float:
    return sound_share(entry["title"], question) if entry["title"] else 0.0


def _kinds(of_kind: Sequence[bool], wanted: WantedQuantity) -> NDArray[np.float64]:
    if wanted.asked == "other":
        return np.zeros(len(of_kind))
    return np.where(of_kind, 1.0, -1.0)


def _probability(row: NDArray[np.float64], entry: Evidence, *, own: bool) -> float:
    weights, bias = (OWN_WEIGHTS, OWN_BIAS) if own else (FOREIGN_WEIGHTS, FOREIGN_BIAS)
    bias += 0.0 if entry["title"] else UNTITLED_BIAS
    return float(1 / (1 + np.exp(-(row @ np.array(weights) + bias))))
