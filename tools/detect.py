"""Which language a text is in: the script first, then a model among the languages of that script.

A question in Hangul, Thai or Greek needs no model, and gets none loaded. The model is py3langid
(naive Bayes over byte n-grams, in its wheel; the method is Lui and Baldwin's langid.py, ACL 2012).
`benchmarks/detection.py` compares it with lingua on short questions.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from crosearch.tools.errors import UnknownLanguageError
from crosearch.tools.languages import (
    EMBEDDED_LANGUAGES,
    Language,
    describe_language,
    parse_language,
)

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]  # ships no types

_READ = 2_000
"""Code points looked at: more tells nothing new."""

_DOMINANT = 0.8
"""A script with this share of the letters decides alone; below it the text is mixed."""

_CERTAIN = 0.8
"""From this confidence on, a language is taken without regard to how usual it is."""

_HAN_WEIGHT = 3
"""One Han letter says about as much as three of an alphabet."""

_SOME_KANA = 0.05
"""Less than this share of kana may be a の in a Chinese brand's name."""

_SCRIPTS: Mapping[str, str] = MappingProxyType(
    {
        "ARABIC": "Arab",
        "ARMENIAN": "Armn",
        "BENGALI": "Beng",
        "CJK": "Hani",
        "CYRILLIC": "Cyrl",
        "DEVANAGARI": "Deva",
        "ETHIOPIC": "Ethi",
        "GEORGIAN": "Geor",
        "GREEK": "Grek",
        "GUJARATI": "Gujr",
        "GURMUKHI": "Guru",
        "HANGUL": "Kore",
        "HEBREW": "Hebr",
        "HIRAGANA": "Jpan",
        "KANNADA": "Knda",
        "KATAKANA": "Jpan",
        "KHMER": "Khmr",
        "LAO": "Laoo",
        "LATIN": "Latn",
        "MALAYALAM": "Mlym",
        "MYANMAR": "Mymr",
        "ORIYA": "Orya",
        "SINHALA": "Sinh",
        "TAMIL": "Taml",
        "TELUGU": "Telu",
        "THAANA": "Thaa",
        "THAI": "Thai",
        "TIBETAN": "Tibt",
    }
)
"""The first word of a letter's Unicode name, and the ISO 15924 code of its script."""

_WRITTEN_WITH: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Hans": frozenset({"Hani"}),
        "Hant": frozenset({"Hani"}),
        "Jpan": frozenset({"Jpan", "Hani"}),
    }
)
"""Scripts of languages that are not the scripts of their letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Detection:
    """A guess at a text's language."""

    language: Language
    """The best guess, always one of those asked about."""
    confidence: float
    """From 0 to 1; below 0.5 the text does not tell."""


def detect_language(text: str, among: Collection[Language] | None = None) -> Detection:
    """Guess which of the languages a text is in.

    Args:
        text: Any text; its first 2,000 characters are read.
        among: The languages to choose from. None: all with a two-letter code that the model knows,
            where one beside the embedded languages must be certain to be believed. A language that
            the model does not know can still be told by its script.

    Raises:
        ValueError: `among` is empty.
    """
    if among is not None:
        return _detect_among(text[:_READ], frozenset(among))
    detection = _detect_among(text[:_READ], _usual_languages())
    if detection.confidence >= _CERTAIN:
        return detection
    return _detect_among(text[:_READ], frozenset(EMBEDDED_LANGUAGES))


def language_shares(text: str, among: Collection[Language]) -> dict[Language, float]:
    """Estimate how likely each of some languages is, by the model alone, whatever the script.

    Args:
        text: Any text; its first 2,000 characters are read.
        among: The languages to choose from; those that the model does not know are left out.

    Returns:
        Shares that sum to 1; empty where the model knows none of the languages.
    """
    known = frozenset(among) & _model_labels().keys()
    if not known:
        return {}
    ranked = _restricted(frozenset(known)).rank(text[:_READ])
    return {parse_language(label): float(share) for label, share in ranked}


def _detect_among(text: str, languages: frozenset[Language]) -> Detection:
    if not languages:
        raise ValueError("detect_language needs at least one language to choose from")
    shares = script_shares(text)
    candidates = _written_in(languages, shares)
    if not candidates:
        return Detection(language=_fallback(languages), confidence=0.0)
    if len(candidates) == 1:
        (language,) = candidates
        share = sum(shares.get(script, 0.0) for script in scripts_of(language))
        return Detection(language=language, confidence=share)
    return _classify(text, candidates)


def script_shares(text: str) -> dict[str, float]:
    """Measure the share of each script among a text's letters, most first.

    A Han letter counts as three, since it says about as much.

    Returns:
        Shares by ISO 15924 code, `Jpan` for kana and `Kore` for Hangul; empty without letters.
    """
    counts: Counter[str] = Counter()
    for letter, times in Counter(text).items():
        if letter.isalpha():
            script = _script_of(letter)
            counts[script] += times * (_HAN_WEIGHT if script == "Hani" else 1)
    total = counts.total()
    return {script: count / total for script, count in counts.most_common()}


@lru_cache(maxsize=4096)
def _script_of(letter: str) -> str:
    words = unicodedata.name(letter, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
    return _SCRIPTS.get(words.replace("-", " ").split(" ")[0], "Zyyy")


def _written_in(languages: frozenset[Language], shares: Mapping[str, float]) -> frozenset[Language]:
    """Keep the languages whose script the text is in; all that it shows, when it is mixed."""
    if not shares:
        return frozenset()
    if shares.get("Jpan", 0.0) >= _SOME_KANA:
        # Kana beside Han is Japanese; Han beside kana is no sign of Chinese.
        shares = {script: share for script, share in shares.items() if script != "Hani"}
        shares["Jpan"] = 1.0 - sum(s for script, s in shares.items() if script != "Jpan")
    top, share = max(shares.items(), key=lambda item: item[1])
    scripts = {top} if share >= _DOMINANT else set(shares)
    return frozenset(code for code in languages if scripts_of(code) & scripts)


@cache
def scripts_of(language: Language) -> frozenset[str]:
    """List the scripts that a language's letters are of, as `script_shares` names them."""
    script = describe_language(language).script
    return _WRITTEN_WITH.get(script, frozenset({script}))


def _classify(text: str, languages: frozenset[Language]) -> Detection:
    known = frozenset(languages & _model_labels().keys())
    if not known:
        return Detection(language=_fallback(languages), confidence=0.0)
    label, confidence = _restricted(known).classify(text)
    return Detection(language=parse_language(label), confidence=float(confidence))


def _fallback(languages: frozenset[Language]) -> Language:
    return Language("en") if "en" in languages else min(languages)


@cache
def _model() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _model_labels() -> Mapping[Language, str]:
    """Map languages to the model's labels, which hold some codes that CLDR does not name."""
    labels: dict[Language, str] = {}
    for label in _model().labels:
        with suppress(UnknownLanguageError):
            labels.setdefault(parse_language(label), label)
    return labels


@cache
def _usual_languages() -> frozenset[Language]:
    return frozenset(language for language in _model_labels() if len(language) == 2)


@lru_cache(maxsize=64)
def _restricted(languages: frozenset[Language]) -> "LanguageIdentifier":
    """Make a view of the model for some languages; it shares the automaton, and is only read."""
    view = copy(_model())
    view.set_languages([_model_labels()[language] for language in languages])
    return view
