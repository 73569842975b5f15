"""How well a passage fits a question, and which of its sentences does best.

Both follow from the question and the passage alone, whatever search found it: all passages of a
run are on one scale.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.coverage import Coverage, CoverageMeter, coverage_meter
from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.names import coverage, name_grams, name_words
from crosearch.tools.passages import Passage, Span
from crosearch.tools.questions import WantedQuantity, wanted_quantity
from crosearch.tools.retriever import Vectors
from crosearch.tools.sounds import SoundCodes

Vector = NDArray[np.float32]

_IN_SENTENCE = 0.5
_IN_PASSAGE = 1.0
_NAMES = 0.3
_TITLE = 0.6
"""What the shares of the question and of the title are worth, in cosine; chosen on questions of
the sample corpus and on training questions."""
_SCALE = 1.6
"""Brings what fits best to about 1."""
_PHRASES_IN_SENTENCE = 4.0
_QUANTITY_IN_SENTENCE = 2.0
"""As above, for the choice of the sentence."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReadQuestion:
    """A question, with all that passages are compared with."""

    text: str
    language: Language
    vector: Vector
    """Shape (dimension,)."""
    names: tuple[str, ...]
    grams: SoundCodes
    wanted: WantedQuantity
    meter: CoverageMeter

    def covered(self, passage: Passage) -> Coverage:
        """Measure how much of the question a passage holds."""
        return self.meter.measure(
            self.text, self.language, passage.title, passage.text, passage.language
        )


def read_question(question: str, language: Language, embedder: Embedder) -> ReadQuestion:
    """Make a question ready for comparison."""
    return ReadQuestion(
        text=question,
        language=language,
        vector=embedder.encode_queries([question])[0],
        names=name_words(question),
        grams=name_grams(question),
        wanted=wanted_quantity(question, language),
        meter=coverage_meter(embedder),
    )


def best_sentence(passage: Passage, rows: Vectors, question: ReadQuestion) -> Span:
    """Choose the sentence that answers: by meaning, phrase by phrase, and by the kind of answer.

    Args:
        passage: The passage.
        rows: Its sentences' vectors, shape (sentences, dimension).
        question: What the sentence is to answer.
    """
    fit = rows @ question.vector
    if not len(fit):
        return (0, len(passage.text))
    held = question.covered(passage).rests
    if len(held) == len(fit):
        fit += _PHRASES_IN_SENTENCE * np.array(held, np.float32)
    for place, (start, end) in enumerate(passage.sentences):
        if question.wanted.find(passage.text[start:end], passage.language):
            fit[place] += _QUANTITY_IN_SENTENCE
    return passage.sentences[int(fit.argmax())]


def relevance(passage: Passage, rows: Vectors, question: ReadQuestion) -> float:
    """Sum up how well a passage fits the question: about 0 where it does not, 1 where it does.

    Half of the cosines of the passage and of its best sentence; how much of the question the
    passage holds, and its best sentence; the share of the question's names that the passage holds,
    and of the title's that the question holds.
    """
    whole = float(mean_vector(rows) @ question.vector)
    best = float((rows @ question.vector).max(initial=-1.0))
    held = question.covered(passage)
    names = coverage(question.names, name_grams(f"{passage.title}. {passage.text}"))
    title = coverage(name_words(passage.title, title=True), question.grams)
    shares = _IN_SENTENCE * max(held.sentences, default=0.0) + _IN_PASSAGE * held.whole
    fit = (whole + best) / 2 + shares + _NAMES * names + _TITLE * title
    return round(fit / _SCALE, 4)


def mean_vector(rows: Vectors) -> Vector:
    """Average a passage's sentence vectors, normalised; zero where there are none."""
    total: Vector = rows.sum(axis=0)
    length = float(np.linalg.norm(total))
    return total / np.float32(length) if length else total
