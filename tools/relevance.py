"""How well a passage fits a question, and which of its sentences does best.

Both follow from the question and the passage alone, whatever search found it: all passages of a
run are on one scale.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosearch.tools.embedder import Embedder
from crosearch.tools.languages import Language
from crosearch.tools.names import coverage, name_grams, name_words
from crosearch.tools.passages import Passage, Span
from crosearch.tools.questions import WantedQuantity, wanted_quantity
from crosearch.tools.retriever import Vectors
from crosearch.tools.sounds import SoundCodes

Vector = NDArray[np.float32]

_NAMES_IN_PASSAGE = 0.5
_NAMES_IN_SENTENCE = 0.1
_TITLE_IN_QUESTION = 0.3
_QUANTITY_IN_SENTENCE = 0.5
"""What shared names, and a quantity of the kind that is asked for, are worth in cosine; chosen on
XQuAD-R and on the sample corpus."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReadQuestion:
    """A question, with all that passages are compared with."""

    vector: Vector
    """Shape (dimension,)."""
    names: tuple[str, ...]
    grams: SoundCodes
    wanted: WantedQuantity


def read_question(question: str, language: Language, embedder: Embedder) -> ReadQuestion:
    """Make a question ready for comparison."""
    return ReadQuestion(
        vector=embedder.encode_queries([question])[0],
        names=name_words(question),
        grams=name_grams(question),
        wanted=wanted_quantity(question, language),
    )


def best_sentence(passage: Passage, rows: Vectors, question: ReadQuestion) -> Span:
    """Choose a passage's sentence by meaning, by the question's names, and by the kind of answer.

    Args:
        passage: The passage.
        rows: Its sentences' vectors, shape (sentences, dimension).
        question: What the sentence is to answer.
    """
    fit = rows @ question.vector
    for place, (start, end) in enumerate(passage.sentences):
        text = passage.text[start:end]
        if question.names:
            fit[place] += _NAMES_IN_SENTENCE * coverage(question.names, name_grams(text))
        if question.wanted.find(text, passage.language):
            fit[place] += _QUANTITY_IN_SENTENCE
    return passage.sentences[int(fit.argmax())] if len(fit) else (0, len(passage.text))


def relevance(passage: Passage, rows: Vectors, question: ReadQuestion) -> float:
    """Sum up how well a passage fits the question: about 0 where it does not, 1 where it does.

    Half of the cosines of the passage and of its best sentence; the share of the question's names
    that the passage holds, and of the title's that the question holds. Other shared words are left
    out: they would favour the asker's own language.
    """
    whole = float(mean_vector(rows) @ question.vector)
    best = float((rows @ question.vector).max(initial=-1.0))
    held = coverage(question.names, name_grams(f"{passage.title}. {passage.text}"))
    asked = coverage(name_words(passage.title, title=True), question.grams)
    names = _NAMES_IN_PASSAGE * held + _TITLE_IN_QUESTION * asked
    return round((whole + best) / 2 + names, 4)


def mean_vector(rows: Vectors) -> Vector:
    """Average a passage's sentence vectors, normalised; zero where there are none."""
    total: Vector = rows.sum(axis=0)
    length = float(np.linalg.norm(total))
    return total / np.float32(length) if length else total
