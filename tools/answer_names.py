"""Latin names as answers: whether a language would write them otherwise.

A name stays as it was found where a language has no form of its own for it; where it has one, the
lexicon may know that.
"""

import re

from crosearch.tools.answer_words import is_spelled, shipped_lexicon, words_of
from crosearch.tools.detect import script_shares, scripts_of
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language

CASED = frozenset({"Latn", "Cyrl", "Grek", "Armn"})
"""Scripts that have capital letters, which names begin with."""

_BRAND = re.compile(r"[A-Z]*\d\w*|[A-Z]{2,6}s?|\w*[a-z][A-Z]\w*|[A-Za-z]")
"""Model numbers, acronyms, names with capitals inside, and the letters of formulas."""
_LEAVING_NAMES = frozenset({"el"})
"""Languages that are written in other letters, and still leave many names in Latin ones."""
_TRANSCRIBING = frozenset({"ar", "fa", "hi"})
"""Languages that write all names in their own letters."""
_MOST = 3
"""Of a phrase's translations."""


def is_brand(word: str) -> bool:
    """Tell whether a word is left in Latin letters by every script."""
    return _BRAND.fullmatch(word) is not None


def is_foreign_to(answer: str, language: Language) -> bool:
    """Tell whether an answer in Latin letters is foreign to a language of another script.

    It is where running words show that it is a text, and not a name; where the language writes all
    names in its own letters; and where it is known to call this one otherwise: as a whole, or word
    by word, unless the language often leaves names in Latin letters.
    """
    words = [word for word in words_of(answer) if not is_brand(word)]
    if not words:
        return False
    if any(word[0].islower() for word in words) or language in _TRANSCRIBING:
        return True
    if _is_named_otherwise(answer, language):
        return True
    return language not in _LEAVING_NAMES and all(
        _names(word, Language("en"), language) for word in words
    )


def _is_named_otherwise(answer: str, language: Language) -> bool:
    """Tell whether the lexicon knows the language's own name for what others write so."""
    phrase = answer.strip(" .,;:!?\"'“”«»()")
    return any(
        _names(phrase, source, language)
        for source in EMBEDDED_LANGUAGES
        if "Latn" in scripts_of(source) and is_spelled(phrase, source)
    )


def _names(phrase: str, source: Language, language: Language) -> list[str]:
    """List what a phrase is called in a language; none where any of it is not a name there."""
    matches = shipped_lexicon().match(phrase, source, language, most=_MOST)
    if len(matches) != 1 or not matches[0].exact or matches[0].span != (0, len(phrase)):
        return []
    names = [translation.text for translation in matches[0].translations]
    return names if all(_is_name(name, language) for name in names) else []


def _is_name(text: str, language: Language) -> bool:
    script = next(iter(script_shares(text)), "")
    return script in scripts_of(language) and (script not in CASED or text[0].isupper())
