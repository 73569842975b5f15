"""Languages: one type for them everywhere, and what is known of each.

A `Language` is a normalised code: ISO 639-1 where there is one, else ISO 639-3. It is made by
`parse_language` alone, at the boundary, so that everywhere else two languages are equal when
their strings are. It stays a plain string at run time: JSON, Chroma and checkpoints keep it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, NewType

from crosearch.tools.errors import UnknownLanguageError

Language = NewType("Language", str)
"""A normalised language code, such as `de`, `zh` or `haw`."""

Direction = Literal["ltr", "rtl"]

EMBEDDED_LANGUAGES: tuple[Language, ...] = tuple(
    Language(code)
    for code in "ar de el en es fa fr hi id it ja ko nl pl pt ro ru sw th tr uk vi zh".split()
)
"""The languages that the embedded embedder was trained on."""

_UNDETERMINED = frozenset({"mul", "und", "zxx", "root"})
_RTL_SCRIPTS = frozenset({"Adlm", "Arab", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Syrc", "Thaa"})


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageProfile:
    """What CLDR says of a language."""

    language: Language
    english_name: str
    script: str
    """The ISO 15924 code of the script it is mostly written in, such as `Latn`."""
    direction: Direction

    @property
    def native_name(self) -> str:
        """Its name in itself; the English name where CLDR has no other."""
        return _native_name(self.language) or self.english_name


def parse_language(text: str) -> Language:
    """Normalise a language code or tag: `zh-CN`, `zh_cn`, `ZHO` and `zh-Hans` are all `zh`.

    Raises:
        UnknownLanguageError: No known language has this code; the message lists those that do.
    """
    code = text.strip().replace("_", "-").split("-")[0].lower()
    code = _aliases().get(code, code)
    if code not in _names():
        raise UnknownLanguageError(
            f"unknown language {text!r}: give an ISO 639 code. Known are "
            f"{', '.join(code for code in sorted(_names()) if len(code) == 2)}, "
            "and the three-letter codes of languages that have no other"
        )
    return Language(code)


def parse_languages(text: str | Iterable[str]) -> tuple[Language, ...]:
    """Normalise several languages, given as `fr,de` or one by one; order is kept, repeats are not.

    Raises:
        UnknownLanguageError: One of them is not known.
    """
    parts = text.split(",") if isinstance(text, str) else text
    return tuple(dict.fromkeys(parse_language(part) for part in parts if part.strip()))


@cache
def describe_language(language: Language) -> LanguageProfile:
    """Tell a language's names, script and direction."""
    script = _likely_script(language)
    return LanguageProfile(
        language=language,
        english_name=_names()[language],
        script=script,
        direction="rtl" if script in _RTL_SCRIPTS else "ltr",
    )


@cache
def known_languages() -> tuple[Language, ...]:
    """List every language that has a code here, sorted."""
    return tuple(Language(code) for code in sorted(_names()))


@cache
def _native_name(language: Language) -> str | None:
    # Babel reads all of a language's data for it, which takes 5 ms: too much to do unasked.
    from babel import Locale, UnknownLocaleError

    try:
        return Locale(language).languages.get(language)
    except UnknownLocaleError:
        return None


def _likely_script(language: Language) -> str:
    from babel.core import get_global

    likely = get_global("likely_subtags").get(language, "")
    return next((part for part in likely.split("_") if len(part) == 4), "Latn")


@cache
def _names() -> dict[str, str]:
    from babel import Locale

    names = Locale("en").languages
    return {
        code: name
        for code, name in names.items()
        if code.isalpha() and code not in _UNDETERMINED and code not in _aliases()
    }


@cache
def _aliases() -> dict[str, str]:
    from babel.core import get_global

    aliases = get_global("language_aliases")
    return {
        old: new.split("_")[0] for old, new in aliases.items() if "_" not in old and old != "no"
    }
