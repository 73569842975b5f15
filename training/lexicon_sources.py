"""What the shipped lexicon is made of, read from the project's data folder.

Only `train/` and the Wikidata labels are opened; the names of months, days, languages and
territories are CLDR's, as Babel carries them. The evaluation sets are never read.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language

Texts = dict[Language, tuple[str, ...]]
"""Texts that mean the same, by language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sense:
    """Terms that mean the same."""

    texts: Texts
    weight: float
    """How far it is trusted against other senses of the same term."""


_KEYWORDS = "kw:"
_ENGLISH = Language("en")
_WEIGHTS = {"wiktionary": 1.0, "omw": 0.5, "cldr": 1.0, "wikidata": 2.0, "tico": 1.5, "babel": 2.0}
_FEW_LANGUAGES = 5
_EXAMPLE_WORDS = 4
"""A translation of so many words more is an example."""
_BRACKETED = re.compile(r"\s*\([^)]*\)\s*|\s*\[[^\]]*\]\s*")
_ABBREVIATION = re.compile(r".{1,4}\.")
_REMARK = re.compile(r"\.\.\.|…|=|\s\+|^(?:not )?used ", re.IGNORECASE)
_LABEL = re.compile(r"\b(?:imper?e?fect(?:ive)?|present tense|perfect(?:ive)?):\s*")
_ALTERNATIVES = re.compile(r"\s+[-–/]\s+|\s*;\s*")
_READING_MARKS = re.compile("[\u0640\u064b-\u0652\u0670]|(?<=[\u0400-\u04ff])\u0301")
"""What dictionaries add to Arabic and Cyrillic words, and readers do not write."""


def read_senses(data: Path) -> list[Sense]:
    """Read every term of the data folder, in an order that depends on nothing else.

    Raises:
        UsageError: A file is missing.
    """
    train = data / "train"
    senses = [
        *_wiktionary(train / "wiktionary_lex.tsv"),
        *_wordnet(train / "omw_lex.jsonl"),
        *_cldr(train / "cldr_names.jsonl"),
        *_labels(data / "wikidata_labels.jsonl"),
        *_medical_terms(train / "tico19_terms.tsv"),
        *calendar_senses(),
    ]
    return [sense for sense in senses if _is_worth_keeping(sense)]


def _is_worth_keeping(sense: Sense) -> bool:
    """Leave out the rare plants and beasts that a few wordnets name and English is missing for."""
    least = 2 if _ENGLISH in sense.texts else _FEW_LANGUAGES
    return len(sense.texts) >= least


def read_sentences(data: Path) -> list[Texts]:
    """Read every parallel sentence of the data folder.

    Raises:
        UsageError: A file is missing.
    """
    train = data / "train"
    columns = ("ntrex", "tico19", "tanaka_en_ja", "pud_en_th", "afriqa_sw_en_questions", "mgsm")
    rows = [row for name in columns for row in _parallel(train / f"{name}.tsv")]
    for record in _table(train / "tatoeba_laser.tsv"):
        rows.append({Language(record["lang"]): (record["text"],), _ENGLISH: (record["en"],)})
    return [row for row in rows if len(row) > 1]


def calendar_senses() -> list[Sense]:
    """Name the months and days of the week, with the forms that dates have."""
    locales = {language: Locale(language) for language in EMBEDDED_LANGUAGES}
    senses = []
    for attribute, numbers in (("months", range(1, 13)), ("days", range(7))):
        for number in numbers:
            texts = {
                language: _cleaned(
                    getattr(locale, attribute)[context]["wide"][number]
                    for context in ("stand-alone", "format")
                )
                for language, locale in locales.items()
            }
            senses.append(Sense(texts=texts, weight=_WEIGHTS["babel"]))
    return senses


def _wiktionary(path: Path) -> Iterator[Sense]:
    words: defaultdict[tuple[str, str], defaultdict[Language, list[str]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in _table(path):
        texts = words[record["en"], _word_class(record["pos"])]
        texts[Language(record["lang"])].extend(
            term
            for term in _without_notes(record["term"])
            if term.count(" ") - record["en"].count(" ") < _EXAMPLE_WORDS
        )
    for (english, _), texts in words.items():
        yield _sense({**texts, _ENGLISH: [english]}, "wiktionary")


def _without_notes(term: str) -> list[str]:
    """Return the words that an editor wrote into one cell; none where it is a remark."""
    if _REMARK.search(term):
        return []
    return _ALTERNATIVES.split(_LABEL.sub(" - ", term).strip(" -"))


def _word_class(tag: str) -> str:
    """Put nouns by gender and verbs by transitivity back together."""
    return {"m": "n", "f": "n", "mf": "n", "vt": "v", "vi": "v", "vr": "v"}.get(tag, tag)


def _wordnet(path: Path) -> Iterator[Sense]:
    for record in _records(path):
        # The Chinese wordnet writes a particle after "+"; others write "_" for a blank.
        texts = {
            language: [
                word.replace("+", "").replace("_", " ")
                for word in words
                if not _ABBREVIATION.fullmatch(word)
            ]
            for language, words in _texts(record).items()
        }
        yield _sense(texts, "omw")


def _cldr(path: Path) -> Iterator[Sense]:
    for record in _records(path):
        # Keywords are words of one picture, not translations of each other.
        if not str(record["k"]).startswith(_KEYWORDS):
            yield _sense(_texts(record), "cldr")


def _labels(path: Path) -> Iterator[Sense]:
    for record in _records(path):
        yield _sense(_texts(record), "wikidata")


def _medical_terms(path: Path) -> Iterator[Sense]:
    terms: defaultdict[str, defaultdict[Language, list[str]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in _table(path):
        terms[record["en"]][Language(record["lang"])].append(record["term"])
    for english, texts in terms.items():
        yield _sense({**texts, _ENGLISH: [english]}, "tico")


def _sense(texts: Mapping[Language, Iterable[str]], source: str) -> Sense:
    cleaned = {language: _cleaned(terms) for language, terms in sorted(texts.items())}
    return Sense(
        texts={language: terms for language, terms in cleaned.items() if terms},
        weight=_WEIGHTS[source],
    )


def _cleaned(terms: Iterable[str]) -> tuple[str, ...]:
    bare = (_BRACKETED.sub(" ", _READING_MARKS.sub("", term)) for term in terms)
    return tuple(dict.fromkeys(" ".join(term.split()) for term in bare if term.strip()))


def _texts(record: Mapping[str, object]) -> dict[Language, list[str]]:
    return {
        language: [str(text) for text in (value if isinstance(value, list) else [value])]
        for language in EMBEDDED_LANGUAGES
        if (value := record.get(language))
    }


def _parallel(path: Path) -> Iterator[Texts]:
    for record in _table(path):
        yield {Language(code): (text,) for code, text in record.items() if text and code}


def _records(path: Path) -> Iterator[dict[str, object]]:
    for line in _lines(path):
        yield json.loads(line)


def _table(path: Path) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(_lines(path), delimiter="\t", quoting=csv.QUOTE_NONE)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from lines
    except FileNotFoundError as error:
        raise UsageError(
            f"{path.parent.parent if path.parent.name == 'train' else path.parent} lacks "
            f"{path.name}: give the project's data folder, or TSV files of your own"
        ) from error
