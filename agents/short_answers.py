"""Countries, cities and languages as answers, named in the asker's language.

Only what has one name in each language, by CLDR, is taken from a foreign sentence: where a question
asks for a country, a city or a language, and the sentence names exactly one that the question does
not. Which of them is asked for, the lexicon tells from the question's words.
"""

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Literal

from crosearch.agents.pointers import name_expression
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.lexicon import Lexicon

Kind = Literal["country", "city", "language"]

_ASKED: Mapping[str, Kind] = {
    "country": "country",
    "nation": "country",
    "city": "city",
    "town": "city",
    "language": "language",
}
"""What is asked for, by English words of the question."""
_INTERROGATIVES = frozenset({"which", "what"})
"""They stand beside what is asked for; elsewhere a question speaks of a country, and no more."""
_ENGLISH = Language("en")
_SURE = 0.1
"""The share of its meanings that a word of the question must have."""
_SHORTEST = 3
"""Letters of a name."""


def short_answer(
    question: str, asker: Language, sentence: str, of: Language, lexicon: Lexicon
) -> str | None:
    """Name what is asked for, in the asker's language.

    Args:
        question: As it was asked.
        asker: Its language.
        sentence: What answers it.
        of: The sentence's language.
        lexicon: Tells what the question's words mean.

    Returns:
        The name; None where the question asks for something else, or the sentence does not name
        exactly one.
    """
    kind = asked_kind(question, asker, lexicon)
    if kind is None:
        return None
    told = _find(sentence, of, kind) - _find(question, asker, kind)
    return _names(asker, kind).get(told.pop()) if len(told) == 1 else None


def asked_kind(question: str, asker: Language, lexicon: Lexicon) -> Kind | None:
    """Tell whether a question asks for a country, a city or a language; None where for neither."""
    meant = _meanings(question, asker, lexicon)
    kinds: set[Kind] = {
        kind
        for one, two in pairwise(meant)
        for word, kind in _ASKED.items()
        if (word in one and two & _INTERROGATIVES) or (word in two and one & _INTERROGATIVES)
    }
    return kinds.pop() if len(kinds) == 1 else None


def _meanings(question: str, asker: Language, lexicon: Lexicon) -> list[frozenset[str]]:
    """List for each phrase of a question what it may be in English."""
    if asker == _ENGLISH:
        return [frozenset({word}) for word in re.findall(r"[a-z]+", question.lower())]
    return [
        frozenset(one.text.lower() for one in match.translations if one.weight >= _SURE)
        for match in lexicon.match(question, asker, _ENGLISH)
    ]


def _find(text: str, language: Language, kind: Kind) -> set[str]:
    """Find the codes of what a text names."""
    return {code for code, pattern in _patterns(language, kind).items() if pattern.search(text)}


@cache
def _patterns(language: Language, kind: Kind) -> Mapping[str, re.Pattern[str]]:
    expressions = {
        code: name_expression(name, language, is_language=kind == "language")
        for code, name in _names(language, kind).items()
        if len(name) >= _SHORTEST or not name.isascii()
    }
    return {code: re.compile(found) for code, found in expressions.items() if found}


@cache
def _names(language: Language, kind: Kind) -> Mapping[str, str]:
    """Name all of a kind in a language, by code; empty where CLDR has no names in it."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale(language)
    except UnknownLocaleError:
        return {}
    if kind == "country":
        return {c: n for c, n in locale.territories.items() if len(c) == 2 and c.isalpha()}
    if kind == "language":
        return {c: n for c, n in locale.languages.items() if len(c) == 2}
    cities = {zone: names["city"] for zone, names in locale.time_zones.items() if "city" in names}
    if describe_language(language).script != "Latn":
        return cities
    # Where a city is written as in its time zone's name, CLDR does not write it again.
    return {zone: zone.rpartition("/")[2].replace("_", " ") for zone in _zones()} | cities


def _zones() -> list[str]:
    from babel import Locale

    return [zone for zone, names in Locale("ru").time_zones.items() if "city" in names]
