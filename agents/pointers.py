"""Which languages a question points to, by what it names and how it spells it.

A fact is told most often in the language of the place that it is about, so a question that names
Poland, or something Polish, or spells a name with ł, is best asked in Polish too.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from crosearch.agents.phrases import language_name
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language

_OFFICIAL = ("official", "de_facto_official")
_SPOKEN_BY = 15.0
"""Per cent of a country's people; official languages that fewer speak tell little of it."""

_UNSPACED = frozenset({"ja", "th", "zh"})
_COUNTRY_ENDING: Mapping[str, int] = {"el": 1, "pl": 1, "ro": 1, "ru": 1, "uk": 1}
"""How many letters case endings change at the end of a country's name."""
_LANGUAGE_ENDING: Mapping[str, int] = {
    "ar": 1, "el": 1, "es": 1, "it": 1, "pl": 1, "pt": 1, "ro": 1, "ru": 2, "tr": 2, "uk": 2,
}  # fmt: skip
"""As above, for the names of languages, which double as adjectives: польский, польского."""
_SHORTEST_COUNTRY = 4
_SHORTEST_LANGUAGE = 3
"""What must be left of a name for others to follow it: `rus` of `ruso`, but `Peru` stands alone."""
_LONGEST_ENDING = 5
_CAPITALISED = frozenset({"en", "tr"})
"""Languages that capitalise these names and the adjectives: `Turkey`, and not `turkey`."""

_SPECIAL_LETTERS: Mapping[str, str] = {
    "de": "äöüß",
    "es": "áéíñóúü",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "it": "àèéìòù",
    "ja": "āēōū",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõú",
    "ro": "ăâîșşțţ",
    "tr": "çğıöşüâî",
    "ru": "ёъыэ",
    "uk": "ґєії",
    "vi": "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
}
"""Letters beside the plain alphabet; `ja` stands for romanised Japanese."""
_TELLING = 3
"""Letters that more languages than this share tell nothing."""

_SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "ARABIC": ("ar", "fa"),
    "CJK": ("zh", "ja"),
    "CYRILLIC": ("ru", "uk"),
    "DEVANAGARI": ("hi",),
    "GREEK": ("el",),
    "HANGUL": ("ko",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "THAI": ("th",),
}
"""Languages by the first word of their letters' Unicode names."""

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


def point_to_languages(question: str, asker: Language) -> dict[Language, str]:
    """Find the languages that a question points to, each with the word that does."""
    return dict(_point(question, asker))


@lru_cache(maxsize=256)
def _point(question: str, asker: Language) -> tuple[tuple[Language, str], ...]:
    """Find them once for all the turns of a run."""
    pointed: dict[Language, str] = {}
    for language, word in (*_named(question, asker), *_spelt(question, asker)):
        if language != asker:
            pointed.setdefault(language, word)
    return tuple(pointed.items())


def _named(question: str, asker: Language) -> Iterator[tuple[Language, str]]:
    for pattern, languages in _patterns(asker):
        if match := pattern.search(question):
            for language in languages:
                yield language, match[0]


def _spelt(question: str, asker: Language) -> Iterator[tuple[Language, str]]:
    for match in _WORD.finditer(unicodedata.normalize("NFC", question)):
        word = match[0]
        languages = {language for letter in word.lower() for language in _by_script(letter)}
        if asker not in languages:
            for code in sorted(languages):
                yield Language(code), word
        foreign = {letter for letter in word.lower() if letter in _all_special()}
        foreign -= set(_SPECIAL_LETTERS.get(asker, ""))
        spelling = [code for code, letters in _SPECIAL_LETTERS.items() if foreign <= set(letters)]
        if foreign and len(spelling) <= _TELLING:
            for code in spelling:
                yield Language(code), word


@cache
def _by_script(letter: str) -> tuple[str, ...]:
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], ())


@cache
def _all_special() -> frozenset[str]:
    return frozenset("".join(_SPECIAL_LETTERS.values()))


@cache
def _patterns(asker: Language) -> tuple[tuple[re.Pattern[str], tuple[Language, ...]], ...]:
    """Pair what matches the names of countries and languages, in the asker's, with languages."""
    found: dict[str, dict[Language, None]] = {}
    for name, spoken in _countries(asker):
        expression = name_expression(name, asker, is_language=False)
        found.setdefault(expression, {}).update(dict.fromkeys(spoken))
    for language in EMBEDDED_LANGUAGES:
        name = language_name(language, within=asker)
        expression = name_expression(name, asker, is_language=True)
        found.setdefault(expression, {})[language] = None
    case = 0 if asker in _CAPITALISED else re.IGNORECASE
    return tuple(
        (re.compile(expression, case), tuple(languages))
        for expression, languages in found.items()
        if expression
    )


def _countries(asker: Language) -> Iterator[tuple[str, list[Language]]]:
    """List the countries' names in the asker's language, with the languages spoken there."""
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_territory_language_info

    try:
        names = Locale(asker).territories
    except UnknownLocaleError:
        names = Locale("en").territories
    for code, name in names.items():
        if len(code) != 2 or not code.isalpha():
            continue
        spoken = [
            Language(language.split("_")[0])
            for language, facts in get_territory_language_info(code).items()
            if facts["official_status"] in _OFFICIAL
            and float(facts["population_percent"] or 0) >= _SPOKEN_BY
        ]
        if spoken:
            yield name, spoken


def name_expression(name: str, asker: Language, *, is_language: bool) -> str:
    """Write what matches a name with the endings it takes; empty where that tells too little.

    Args:
        name: The name of a place or a language, in the asker's.
        asker: Decides which endings there are.
        is_language: Whether it names a language: those double as adjectives.
    """
    endings = _LANGUAGE_ENDING if is_language else _COUNTRY_ENDING
    shortest = _SHORTEST_LANGUAGE if is_language else _SHORTEST_COUNTRY
    if asker in _UNSPACED or asker == "ko":
        stem = name.removesuffix("语").removesuffix("語").removesuffix("어")
        return re.escape(stem) if len(stem) > 1 else ""
    if asker == "ar":  # articles and prepositions are written together with the name
        return rf"\w{{0,3}}{re.escape(name.removeprefix('ال'))}\w*"
    kept = len(name) - endings.get(asker, 0)
    if kept < shortest:
        return rf"(?<!\w){re.escape(name)}(?!\w)"
    return rf"(?<!\w){re.escape(name[:kept])}\w{{0,{_LONGEST_ENDING}}}(?!\w)"
