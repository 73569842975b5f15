"""Inflection rules, learned from parallel sentences without any grammar.

A rule takes a beginning and an ending from a word and puts another ending to it. It is good where
the base form so made has a translation that stands in the other language's sentence: about as often
as the translations of words that stand in the dictionary themselves.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from crosearch.tools.languages import Language
from crosearch.tools.lexicon_forms import SHORTEST_STEM, SHORTEST_WORD, FormRule

_WITH_BEGINNINGS = frozenset({"ar", "fa", "id", "sw"})
_LONGEST_BEGINNING = 3
_LONGEST_ENDING = 6
_LONGEST_INSTEAD = 3
_MOST_SENTENCES = 5
"""That are read for one word."""
_LEAST_HITS = 3.0
_LEAST_WEIGHT = 0.3
_MOST_RULES = 400
_COMMON = frozenset(
    "the of to and in a is that for on with as was are it by be at from this have an or his has "
    "not but were had they he which you we their".split()
)


def learn_rules(
    language: Language,
    sentences: Sequence[tuple[Sequence[str], Sequence[str]]],
    translations: Mapping[str, set[str]],
) -> list[FormRule]:
    """Learn the rules of a language, the most useful first.

    Args:
        language: Of the words on the left.
        sentences: Words of a sentence, and of the same in another language.
        translations: Words of the language, and what they are in the other.
    """
    stems = {
        word: {_stem(other) for other in others if other not in _COMMON and len(other) > 2}
        for word, others in translations.items()
        if " " not in word
    }
    known = sorted(word for word, others in stems.items() if others)
    beginnings = _LONGEST_BEGINNING if language in _WITH_BEGINNINGS else 0
    hits: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    uses: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    exact_hits, exact_uses = 0.0, 0
    for word, others in sorted(_sentences_of_words(sentences).items()):
        if stems.get(word):
            exact_hits += _hit_share(stems[word], others)
            exact_uses += 1
        for rule, base in _possible_rules(word, known, beginnings):
            hits[rule] += _hit_share(stems[base], others)
            uses[rule] += 1
    exact = exact_hits / exact_uses if exact_uses else 1.0
    weighed = [(count, rule, count / (uses[rule] + 0.5) / exact) for rule, count in hits.items()]
    kept = sorted(
        (item for item in weighed if item[0] >= _LEAST_HITS and item[2] >= _LEAST_WEIGHT),
        key=lambda item: (-item[0], item[1]),
    )
    return [
        FormRule(
            beginning=beginning, ending=ending, instead=instead, weight=round(min(weight, 1.0), 2)
        )
        for _, (beginning, ending, instead), weight in kept[:_MOST_RULES]
    ]


def _sentences_of_words(
    sentences: Sequence[tuple[Sequence[str], Sequence[str]]],
) -> dict[str, list[set[str]]]:
    found: defaultdict[str, list[set[str]]] = defaultdict(list)
    for words, others in sentences:
        stems = {_stem(other) for other in others}
        for word in set(words):
            if len(word) >= SHORTEST_WORD and len(found[word]) < _MOST_SENTENCES:
                found[word].append(stems)
    return found


def _hit_share(stems: set[str], sentences: Sequence[set[str]]) -> float:
    return sum(not stems.isdisjoint(sentence) for sentence in sentences) / len(sentences)


def _possible_rules(
    word: str, known: Sequence[str], beginnings: int
) -> Iterator[tuple[tuple[str, str, str], str]]:
    for cut in range(beginnings + 1):
        body = word[cut:]
        shortest = max(SHORTEST_STEM, len(body) // 2, len(body) - _LONGEST_ENDING)
        for length in range(len(body), shortest - 1, -1):
            stem, ending = body[:length], body[length:]
            for base in _beginning_with(stem, known):
                instead = base[length:]
                shortens = cut or ending
                if shortens and base != word and (not instead or ending[:1] != instead[0]):
                    yield (word[:cut], ending, instead), base


def _beginning_with(stem: str, known: Sequence[str]) -> Iterator[str]:
    place = bisect_left(known, stem)
    while place < len(known) and known[place].startswith(stem):
        if len(known[place]) - len(stem) <= _LONGEST_INSTEAD:
            yield known[place]
        place += 1


def _stem(word: str) -> str:
    return word[:5]
