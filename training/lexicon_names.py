"""Parts of names: from whole names in two scripts to the surnames, forenames and places in them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from anyascii import anyascii

from crosearch.tools.languages import Language
from crosearch.training.lexicon_sources import Sense

_ENGLISH = Language("en")
_OTHER_SCRIPTS = tuple(map(Language, "ar el fa hi ja ko ru th uk zh".split()))
"""Elsewhere a name is written as in English, and needs no entry."""

_BETWEEN_PARTS = re.compile(r"[\s・·‧•=＝]+")
_LEAST_ALIKE = 0.5
_LEAST_ALIKE_IN_SYLLABLES = 0.4
_SYLLABLES = frozenset({"ja", "zh"})
"""Where a name is made of syllables that the language has."""
_PARTICLES = frozenset("al bin da de del der di du el ibn la le van von".split())
_SHORTEST = 3
_MOST_SPELLINGS = 2
_WEIGHT = 1.0


def name_parts(senses: Iterable[Sense]) -> list[Sense]:
    """Take names apart that have as many parts in English as in another script, and sound alike."""
    counted: defaultdict[str, defaultdict[Language, Counter[str]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    for sense in senses:
        parts = _parts(sense, _ENGLISH)
        if len(parts) < 2 or not all(part[0].isupper() or part in _PARTICLES for part in parts):
            continue
        for language in _OTHER_SCRIPTS:
            others = _parts(sense, language)
            if len(others) == len(parts):
                for part, other in zip(parts, others, strict=True):
                    if _is_name(part) and _sound_alike(part, other, language):
                        counted[part][language][other] += 1
    return [
        Sense(
            texts={
                _ENGLISH: (part,),
                **{language: _commonest(spellings) for language, spellings in languages.items()},
            },
            weight=_WEIGHT,
        )
        for part, languages in sorted(counted.items())
    ]


def _parts(sense: Sense, language: Language) -> Sequence[str]:
    texts = sense.texts.get(language)
    return [part for part in _BETWEEN_PARTS.split(texts[0]) if part] if texts else []


def _is_name(part: str) -> bool:
    return part[0].isupper() and len(part) >= _SHORTEST


def _sound_alike(part: str, other: str, language: Language) -> bool:
    """Tell whether two parts of a name sound alike; what is in Latin letters needs no entry."""
    if other.isascii():
        return False
    left, right = anyascii(part).lower(), anyascii(other).lower()
    least = _LEAST_ALIKE_IN_SYLLABLES if language in _SYLLABLES else _LEAST_ALIKE
    return SequenceMatcher(None, left, right, autojunk=False).ratio() >= least


def _commonest(spellings: Counter[str]) -> tuple[str, ...]:
    ordered = sorted(spellings.items(), key=lambda item: (-item[1], item[0]))
    return tuple(spelling for spelling, _ in ordered[:_MOST_SPELLINGS])
