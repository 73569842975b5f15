"""Questions and passages put into other languages word by word, through the lexicon.

Nobody would read them: word order is the source's, and of a word's senses one is drawn. A
retriever that counts words learns from them to match a question with an answer in another
language, and they cost nothing.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from crosearch.tools.languages import Language
from crosearch.tools.passages import Span
from crosearch.training.pair_records import PairRecord, Texts

_ENGLISH = Language("en")
_UNSPACED = frozenset(map(Language, ("ja", "km", "lo", "my", "th", "zh")))
_WORD = re.compile(r"[^\W\d_]+")
_EVERYWHERE = 0.02
"""A word that stands in this share of a language's texts says little of any of them."""
_FEW_TEXTS = 1_000


class Wording(Protocol):
    """A translation of a phrase."""

    @property
    def text(self) -> str:
        """As a reader writes it."""
        ...

    @property
    def weight(self) -> float:
        """How likely it is, relative to the others."""
        ...


class Phrase(Protocol):
    """A phrase or a word of a text, and what the lexicon knows of it."""

    @property
    def span(self) -> Span:
        """Where it stands."""
        ...

    @property
    def translations(self) -> Sequence[Wording]:
        """Best first; none where it is not known."""
        ...


class PhraseBook(Protocol):
    """As much of a lexicon as is needed here."""

    def match(self, text: str, source: Language, target: Language) -> Sequence[Phrase]:
        """Cut a text into phrases and words, from left to right."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WordByWord:
    """How pairs are translated."""

    languages: Sequence[Language]
    """Into which."""
    seed: int = 0
    least_known: float = 0.4
    """A text is kept where more than this share of its content words was found."""
    frequent_dropped: float = 0.5
    """The share of texts that lose the words which stand everywhere, such as articles."""


def translate_pairs(
    records: Iterable[PairRecord],
    lexicon: PhraseBook,
    settings: WordByWord,
    everywhere: Mapping[Language, frozenset[str]],
) -> Iterator[PairRecord]:
    """Yield each question with its passages, in its own languages and in those it was put into.

    What is drawn depends on the seed and the record alone.

    Args:
        records: Questions with passages; parallel texts are passed on as they are.
        lexicon: Translates phrases.
        settings: Into which languages, and how.
        everywhere: As `frequent_words` finds them.
    """
    for record in records:
        if record.parallel:
            yield record
            continue
        sides = {
            name: _translate_side(f"{record.id} {name}", texts, lexicon, settings, everywhere)
            for name, texts in (("query", record.query), ("passage", record.passage))
        }
        yield replace(record, query=sides["query"], passage=sides["passage"])


def frequent_words(records: Iterable[PairRecord]) -> Mapping[Language, frozenset[str]]:
    """Find the words that stand in very many of a language's texts; few texts tell nothing."""
    texts: Counter[Language] = Counter()
    counts: dict[Language, Counter[str]] = {}
    for record in records:
        for side in (record.query, record.passage):
            for language, found in side.items():
                texts[language] += len(found)
                counted = counts.setdefault(language, Counter())
                for text in found:
                    counted.update(set(_WORD.findall(text.casefold())))
    return {
        language: frozenset(
            word for word, count in counted.items() if count > _EVERYWHERE * texts[language]
        )
        for language, counted in counts.items()
        if texts[language] >= _FEW_TEXTS
    }


def _translate_side(
    name: str,
    texts: Texts,
    lexicon: PhraseBook,
    settings: WordByWord,
    everywhere: Mapping[Language, frozenset[str]],
) -> Texts:
    source = _ENGLISH if _ENGLISH in texts else next(iter(texts))
    made = dict(texts)
    for target in settings.languages:
        if target in texts:
            continue
        rng = random.Random(f"{settings.seed} {name} {target}")
        frequent = everywhere.get(source, frozenset())
        found = (
            translate_text(text, lexicon, source, target, settings, frequent, rng)
            for text in texts[source]
        )
        if kept := tuple(dict.fromkeys(text for text in found if text)):
            made[target] = kept
    return made


def translate_text(
    text: str,
    lexicon: PhraseBook,
    source: Language,
    target: Language,
    settings: WordByWord,
    frequent: frozenset[str],
    rng: random.Random,
) -> str | None:
    """Put a text into another language, word by word; None where too little of it is known.

    Args:
        text: What to translate.
        lexicon: Translates phrases.
        source: The text's language.
        target: The other one.
        settings: How much has to be known, and how often `frequent` words are dropped.
        frequent: Words in lower case that count neither as known nor as unknown.
        rng: Draws among the senses.
    """
    drops = rng.random() < settings.frequent_dropped
    written: list[str] = []
    content = known = 0
    for phrase in lexicon.match(text, source, target):
        start, end = phrase.span
        words = text[start:end]
        is_frequent = words.casefold() in frequent
        if is_frequent and (drops or not phrase.translations):
            continue
        size = 0 if is_frequent else len(words.split())
        content += size
        if phrase.translations:
            known += size
            weights = [one.weight for one in phrase.translations]
            written.append(rng.choices(phrase.translations, weights)[0].text)
        else:
            # A name or a number is often written the same.
            known += size if any(map(str.isdigit, words)) else 0
            written.append(words)
    if not content or known / content <= settings.least_known:
        return None
    return _join(written, target)


def _join(words: Sequence[str], language: Language) -> str:
    """Put spaces between words; where the language has none, around foreign letters only."""
    text = ""
    for word in filter(None, words):
        glued = language in _UNSPACED and not (text[-1:].isascii() or word[0].isascii())
        text += word if glued or not text else f" {word}"
    return text
