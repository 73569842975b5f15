"""A lexicon that is there already, read back to be written again with more in it."""

from collections.abc import Iterator
from typing import cast

from crosearch.tools.languages import Language
from crosearch.tools.lexicon_store import LexiconStore
from crosearch.training.lexicon_graph import WeighedTerm

Rules = dict[str, list[list[object]]]


def read_lexicon(store: LexiconStore) -> Iterator[list[WeighedTerm]]:
    """Yield the senses of a lexicon: their terms with both of their likelihoods."""
    terms: dict[int, tuple[Language, str]] = {}
    meant: dict[tuple[int, int], float] = {}
    for language in store.languages:
        for number in range(*store.numbers(language)):
            terms[number] = language, store.term(language, number)
            senses, weights = store.senses_of(number)
            for sense, weight in zip(senses.tolist(), weights.tolist(), strict=True):
                meant[number, sense] = weight
    for sense in range(store.sense_count):
        numbers, weights = store.terms_of(sense)
        yield [
            WeighedTerm(*terms[number], meant.get((number, sense), 0.0), weight)
            for number, weight in zip(numbers.tolist(), weights.tolist(), strict=True)
        ]


def held_rules(store: LexiconStore) -> Rules:
    """Return the inflection rules of a lexicon, as its header has them."""
    return cast(Rules, store.header.get("rules", {}))
