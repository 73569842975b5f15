"""What a phrase of the lexicon may be in another language, and how likely each translation is.

A term has senses, a sense has terms in other languages. Where two languages share no sense of a
wordnet or entity, they meet in an English word, which is a sense too: that is the pivot.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from crosearch.tools.languages import Language
from crosearch.tools.lexicon_forms import FormTable
from crosearch.tools.lexicon_store import LexiconStore

_BASE_SHARE = 0.3
"""How likely a word is a form of another where it stands in the lexicon itself."""
_CAPITAL_SHARE = 0.2
"""How likely a word in small letters means a term with a capital one."""
_SMALL_SHARE = 0.5
"""How likely a word with a capital letter, which may begin a sentence, means one without."""

_LIKELIEST_FORMS = 12
"""Of a word, from which a second ending is taken."""

Terms = tuple[tuple[int, float], ...]
"""Numbers of terms, and how likely each is meant."""
Scored = tuple[tuple[str, float], ...]
"""Translations with their shares, best first."""


class Meanings:
    """Translates keys; what was translated lately is kept."""

    def __init__(self, store: LexiconStore, forms: FormTable) -> None:
        """Translate with a store and the inflection rules of its languages."""
        self._store = store
        self._forms = forms
        self.translate = lru_cache(maxsize=16_384)(self._translate)
        # The same for every language that a text is looked up in.
        self.terms = lru_cache(maxsize=4096)(self._terms)
        self.bases = lru_cache(maxsize=4096)(self._bases)
        self.with_bases = lru_cache(maxsize=4096)(self._with_bases)

    def _terms(self, key: str, written: str, language: Language) -> Terms:
        """Return the terms with a key; those of the other case count less."""
        return tuple(
            (number, _case_share(written, term))
            for number, term in self._store.terms(language, key)
        )

    def _bases(self, key: str, written: str, language: Language) -> Terms:
        """Return the terms that a word may be a form of, with one ending or, failing that, two."""
        forms = self._forms.of(language)
        bases = dict(forms.bases(key))
        terms = self._of_bases(bases, written, language)
        if not terms:
            twice: dict[str, float] = {}
            likeliest = sorted(bases.items(), key=lambda item: (-item[1], item[0]))
            for form, weight in likeliest[:_LIKELIEST_FORMS]:
                for base, other in forms.bases(form):
                    twice[base] = max(twice.get(base, 0.0), weight * other)
            terms = self._of_bases(twice, written, language)
        return terms

    def _of_bases(self, bases: Mapping[str, float], written: str, language: Language) -> Terms:
        terms: dict[int, float] = {}
        for base, weight in bases.items():
            for number, term in self._store.terms(language, base):
                # Squared: of two rules, the surer one is mostly right.
                likely = weight**2 * _case_share(written, term)
                terms[number] = max(terms.get(number, 0.0), likely)
        return tuple(sorted(terms.items()))

    def _with_bases(self, key: str, written: str, language: Language) -> Terms:
        """Return the terms with a key, and, far less likely, those that it may be a form of."""
        exact = self.terms(key, written, language)
        held = {number for number, _ in exact}
        return exact + tuple(
            (number, _BASE_SHARE * weight)
            for number, weight in self.bases(key, written, language)
            if number not in held
        )

    def _translate(self, terms: Terms, target: Language, most: int) -> Scored:
        """Return the translations of terms of which one is meant."""
        first, end = self._store.numbers(target)
        scores: dict[int, float] = {}
        for term, weight in terms:
            senses, likelihoods = self._store.senses_of(term)
            shares = weight * likelihoods / max(float(likelihoods.sum()), 1e-9)
            for sense, share in zip(senses.tolist(), shares.tolist(), strict=True):
                numbers, weights = self._store.terms_of(sense)
                low, high = np.searchsorted(numbers, (first, end))
                parts = weights[low:high] / max(float(weights[low:high].sum()), 1e-9)
                for number, part in zip(numbers[low:high].tolist(), parts.tolist(), strict=True):
                    scores[number] = scores.get(number, 0.0) + share * part
        whole = sum(scores.values())
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:most]
        return tuple((self._store.term(target, number), score / whole) for number, score in best)


def _case_share(written: str, term: str) -> float:
    if written[0].islower() and term[0].isupper():
        return _CAPITAL_SHARE
    return _SMALL_SHARE if written[0].isupper() and term[0].islower() else 1.0
