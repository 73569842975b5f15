"""Batches of questions and the sentences that answer them, in one language or two.

A sentence that answers another question of the batch as well, in whatever language and
words, is not a negative of that one.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crosearch.training.embedder_data import LANGUAGES, Question
from crosearch.training.embedder_dictionary import Dictionary
from crosearch.training.embedder_pairs import Drawn, Ids, TextPool, mark_equal

Languages = Literal["one", "mixed"]

_ENGLISH = LANGUAGES.index("en")
_ALL = range(len(LANGUAGES))


@dataclass(frozen=True, kw_only=True)
class QuestionForms:
    """Questions and their sentences in the languages they are known in, several forms each."""

    questions: Ids
    """Numbers of texts, shape (rows, languages, forms); -1 where there is none."""
    sentences: Ids
    groups: Ids
    """Equal where the sentences are, shape (rows,)."""

    def rows_in(self, language: int) -> Ids:
        """Return the rows that have both a question and a sentence in a language."""
        known = (self.questions[:, language, 0] >= 0) & (self.sentences[:, language, 0] >= 0)
        return np.flatnonzero(known)


@dataclass(frozen=True, kw_only=True)
class QuestionSource:
    """Draws questions and sentences: a batch in one language, or each side of each in any."""

    name: str
    share: float
    """Relative frequency of this source's batches."""
    forms: QuestionForms
    languages: Languages
    weights: NDArray[np.float64]
    """How often each language is drawn, shape (languages,); they sum to 1."""

    def draw(self, rng: np.random.Generator, size: int) -> Drawn:
        """Return at most `size` pairs of distinct rows."""
        forms = self.forms
        if self.languages == "one":
            language = rng.choice(len(LANGUAGES), p=self.weights)
            rows = _draw_rows(forms.rows_in(language), rng, size)
            asked = found = np.full(len(rows), language)
        else:
            rows = _draw_rows(np.arange(len(forms.groups)), rng, size)
            asked, found = rng.choice(len(LANGUAGES), (2, len(rows)), p=self.weights)
        left = _draw_form(forms.questions[rows, asked], rng)
        right = _draw_form(forms.sentences[rows, found], rng)
        known = (left >= 0) & (right >= 0)
        rows, left, right = rows[known], left[known], right[known]
        groups = forms.groups[rows]
        return Drawn(left=left, right=right, same=mark_equal((groups, groups), (left, left)))


def english_forms(
    questions: Sequence[Question], dictionary: Dictionary, pool: TextPool, seed: int, *, forms: int
) -> QuestionForms:
    """Put English questions and sentences into every language that the dictionary reaches."""
    rng = random.Random(seed)
    translated: dict[str, list[list[int]]] = {}

    def numbers(text: str) -> list[list[int]]:
        if text not in translated:
            translated[text] = [_translate(text, at, dictionary, pool, rng, forms) for at in _ALL]
        return translated[text]

    return QuestionForms(
        questions=np.array([numbers(pair.question) for pair in questions], np.int64),
        sentences=np.array([numbers(pair.sentence) for pair in questions], np.int64),
        groups=_number([pair.sentence for pair in questions]),
    )


def native_forms(questions: Sequence[Question], pool: TextPool) -> QuestionForms:
    """Return questions and sentences as they are, each in its own language."""
    asked = np.full((len(questions), len(LANGUAGES), 1), -1, np.int64)
    found = asked.copy()
    for row, pair in enumerate(questions):
        language = LANGUAGES.index(pair.language)
        asked[row, language] = pool.add(pair.question)
        found[row, language] = pool.add(pair.sentence)
    groups = _number([pair.sentence for pair in questions])
    return QuestionForms(questions=asked, sentences=found, groups=groups)


def question_source(
    name: str, share: float, forms: QuestionForms, languages: Languages
) -> QuestionSource:
    """Return a source that draws languages by the square root of their number of rows."""
    weights = np.sqrt([len(forms.rows_in(at)) for at in _ALL])
    # A source of one text or none cannot make a batch.
    share = share if weights.max(initial=0) > 1 else 0.0
    total = max(float(weights.sum()), 1.0)
    return QuestionSource(
        name=name, share=share, forms=forms, languages=languages, weights=weights / total
    )


def _translate(
    text: str, at: int, dictionary: Dictionary, pool: TextPool, rng: random.Random, forms: int
) -> list[int]:
    if at == _ENGLISH:
        return [pool.add(text)] * forms
    tries = [dictionary.translate(text, LANGUAGES[at], rng) for _ in range(forms)]
    # Whether enough of the words are known can hang on the stop words left out.
    known = [pool.add(one) for one in tries if one is not None]
    return (known * forms)[:forms] or [-1] * forms


def _draw_rows(rows: Ids, rng: np.random.Generator, size: int) -> Ids:
    return rows if len(rows) <= size else rng.choice(rows, size, replace=False)


def _draw_form(forms: Ids, rng: np.random.Generator) -> Ids:
    drawn: Ids = forms[np.arange(len(forms)), rng.integers(0, forms.shape[1], len(forms))]
    return drawn


def _number(texts: Sequence[str]) -> Ids:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)
