"""A question in another language as a bag of weighted terms, for a lexical index to look for.

Each phrase of the question gives the terms of its translations, weighed by how likely each is, and
its own, since names and numbers often stay as they are.
"""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon, Match
from crosearch.tools.terms import index_terms

KEPT_WEIGHT = 0.5
"""Of the terms of the question itself, beside its translations."""

MOST_TERMS = 160
"""The terms that weigh most are looked for; each costs time, and the last bring next to nothing."""

_REMEMBERED = 1_024

Bag = Mapping[str, float]
"""Terms as `index_terms` makes them, with their weights, all above zero."""


class QueryTranslator:
    """Translates questions through a lexicon, and remembers the last ones. Thread-safe."""

    def __init__(self, lexicon: Lexicon | None) -> None:
        """Translate by a lexicon; None keeps every question's own terms alone."""
        self._lexicon = lexicon
        self.bag = lru_cache(maxsize=_REMEMBERED)(self._bag)
        """`translate_query` with this lexicon, remembered."""

    def _bag(self, text: str, source: Language, target: Language) -> Bag:
        return translate_query(text, source, target, self._lexicon)


def translate_query(text: str, source: Language, target: Language, lexicon: Lexicon | None) -> Bag:
    """Translate a question to a weighted bag of terms of another language's index.

    Args:
        text: The question.
        source: The language that it is written in.
        target: The language that is searched; where it is the source, the bag is the question's
            own terms.
        lexicon: What to translate by; None keeps the question's own terms alone.
    """
    own = Counter(index_terms(text, target))
    if source == target:
        return MappingProxyType({term: float(count) for term, count in own.items()})
    bag: dict[str, float] = {}
    for match in lexicon.match(text, source, target) if lexicon else ():
        _add_translations(bag, match, target)
    for term, count in own.items():
        bag[term] = bag.get(term, 0.0) + KEPT_WEIGHT * count
    best = sorted(bag.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
    return MappingProxyType(dict(best))


def _add_translations(bag: dict[str, float], match: Match, target: Language) -> None:
    """Add the terms of a phrase's translations; however many words one has, it counts once."""
    for translation in match.translations:
        terms = index_terms(translation.text, target)
        for term in terms:
            bag[term] = bag.get(term, 0.0) + translation.weight / len(terms)
