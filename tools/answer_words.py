"""How likely a few words are to be of each language: by the lexicon, and by their letters.

A detector needs more text than an answer of one to three words has. What tells of such an answer is
whether a language has these words at all, spelled so; the detector's own estimate, of the letters
in them, is put beside that. Both are taken for independent, and languages for equally likely
(naive Bayes). The shares of the lexicon were chosen on the even articles of XQuAD, and spans of
NTREX in all languages; `benchmarks/answer_language.py` reports on other ones.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import cache, lru_cache

from crosearch.tools.detect import language_shares
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon, shipped_store
from crosearch.tools.lexicon_forms import FormTable
from crosearch.tools.lexicon_store import LexiconStore
from crosearch.tools.lexicon_text import key_of

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0670])*")
_VOWELS = frozenset("aeiouy")
_SHORTEST_VOWELLESS = 4
"""Letters; what is shorter and has no vowel is a unit, such as km or mph."""
_READ = 20
"""Words looked up: more tell nothing new."""

_SMALL_INITIAL = 0.7
"""How likely a word is, in a language that spells it so but for a capital at its beginning."""
_INFLECTED = 0.4
"""In a language that has a word which it may be a form of."""
_UNKNOWN = 0.05
_UNKNOWN_TO_FEW = 0.2
"""In a language whose lexicon is small."""
_FEW = 12_000
"""Terms."""
_SURE_FORM = 0.3
_LEAST = 0.0025
"""What the detector says of a language counts as this much at least: it is often too sure."""


def words_of(text: str) -> list[str]:
    """List a text's words: runs of letters, with their marks; units are none, nor single letters.

    A text in a script that puts no spaces between words is one word between its signs.
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", text))
    return [word for word in found if not _is_sign(word)]


def likely_languages(text: str, among: Collection[Language]) -> Mapping[Language, float]:
    """Estimate how likely each of some languages is, if the text is in one of them.

    Args:
        text: At least one word.
        among: Languages of one script; those that the lexicon or the detector lacks are left out.
    """
    known = {language for language in among if language in shipped().languages}
    estimated = language_shares(text, known)
    words = words_of(text)[:_READ]
    scores = {
        language: math.log(max(share, _LEAST))
        + sum(math.log(_likelihood(word, language)) for word in words)
        for language, share in estimated.items()
    }
    best = max(scores.values(), default=0.0)
    raised = {language: math.exp(score - best) for language, score in scores.items()}
    total = sum(raised.values())
    return {language: value / total for language, value in raised.items()}


def is_spelled(phrase: str, language: Language) -> bool:
    """Tell whether the lexicon has a phrase in a language, written just so."""
    terms = shipped().terms(language, key_of(phrase, language))
    return any(term == phrase for _, term in terms)


@cache
def shipped() -> LexiconStore:
    """Open the lexicon that comes with the package: verdicts must not depend on another one."""
    return shipped_store()


@cache
def shipped_lexicon() -> Lexicon:
    """Open the same to translate with."""
    return Lexicon(shipped())


@lru_cache(maxsize=65_536)
def _likelihood(word: str, language: Language) -> float:
    key = key_of(word, language)
    spellings = [term for _, term in shipped().terms(language, key)]
    if word in spellings:
        return 1.0
    if word[0].lower() + word[1:] in spellings:
        return _SMALL_INITIAL
    bases = (base for base, weight in _forms().of(language).bases(key) if weight > _SURE_FORM)
    if not spellings and any(shipped().has(language, base) for base in bases):
        return _INFLECTED
    return _UNKNOWN_TO_FEW if shipped().languages[language] < _FEW else _UNKNOWN


@cache
def _forms() -> FormTable:
    return FormTable(shipped().header)


def _is_sign(word: str) -> bool:
    if not word.isascii():
        return False
    return len(word) == 1 or (
        len(word) < _SHORTEST_VOWELLESS and _VOWELS.isdisjoint(word.casefold())
    )
