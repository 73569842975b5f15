"""Which sentence of a passage answers the question.

The ledger's span is the sentence nearest to the question, which is often the one that introduces
the subject. The answer stands more often where the *rest* of the question is told: its words that
are not in the title, compared with the passage's other sentences.
"""

import numpy as np

from crosearch.agents.matching import COVERED, CachedVectors, word_similarities
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.tools.passages import Span
from crosearch.tools.questions import wanted_quantity
from crosearch.tools.sentences import split_sentences

_QUANTITY_BONUS = 0.5
"""What it is worth, in cosine, to hold a quantity of the kind that is asked for."""


def choose_sentence(
    question: str, language: Language, entry: Evidence, vectors: CachedVectors
) -> Span:
    """Choose the sentence of an entry's text that says most of what the title leaves open."""
    text, of = entry["text"], entry["language"]
    spans = split_sentences(text, of)
    if not spans:
        return (0, len(text))
    sentences = [text[start:end] for start, end in spans]
    words = word_similarities(question, language, [(s, of) for s in sentences], vectors)
    title = word_similarities(question, language, [(entry["title"] or "-", of)], vectors)[:, 0]
    is_open = title < COVERED
    above = np.clip(words - words.mean(axis=1, keepdims=True), 0.0, None)
    fit = (above[is_open] if is_open.any() else above).mean(axis=0)
    wanted = wanted_quantity(question, language)
    fit += _QUANTITY_BONUS * np.array([bool(wanted.find(s, of)) for s in sentences])
    return spans[int(fit.argmax())]
