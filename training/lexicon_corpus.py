"""Parallel sentences as the words that the lexicon would cut them into."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crosearch.tools.languages import Language
from crosearch.tools.lexicon_text import Unit, cut, join
from crosearch.training.lexicon_sources import Texts

ENGLISH = Language("en")
UNSPACED: tuple[Language, ...] = (Language("ja"), Language("th"), Language("zh"))

_LONGEST_RUN = 12
_READING_MARKS = re.compile("[\u0640\u064b-\u0652\u0670]")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Corpus:
    """The sentences of every language, row by row, and how its words are written."""

    rows: Mapping[Language, Mapping[int, Sequence[str]]]
    """Keys of a row's words, without numbers."""
    counts: Mapping[Language, Counter[str]]
    spellings: Mapping[Language, Mapping[str, Counter[str]]]
    """Of the words that do not begin a sentence, where a space parts them."""

    def spelling(self, language: Language, key: str) -> str:
        """Return how a word is mostly written within sentences; its key if it never stands so."""
        written = self.spellings[language].get(key)
        if not written:
            return key
        return min(written.items(), key=lambda item: (-item[1], item[0]))[0]

    def pairs(self, left: Language, right: Language) -> list[tuple[Sequence[str], Sequence[str]]]:
        """Return the sentences that both languages have."""
        others = self.rows[right]
        return [(words, others[row]) for row, words in self.rows[left].items() if row in others]


def make_corpus(
    sentences: Sequence[Texts],
    vocabulary: Mapping[Language, set[str]],
    on_language: Callable[[Language], None],
) -> Corpus:
    """Cut every sentence into words."""
    by_language: defaultdict[Language, list[tuple[int, str]]] = defaultdict(list)
    for row, texts in enumerate(sentences):
        for language, (text, *_) in texts.items():
            by_language[language].append((row, text))
    rows: dict[Language, dict[int, Sequence[str]]] = {}
    counts: dict[Language, Counter[str]] = {}
    spellings: dict[Language, dict[str, Counter[str]]] = {}
    for language in sorted(by_language):
        on_language(language)
        counted = counts[language] = Counter()
        written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        rows[language] = {}
        for row, text in by_language[language]:
            units = cut(text, language)
            if language in UNSPACED:
                words = segment(units, vocabulary.get(language, set()))
            else:
                words = [unit.key for unit in units]
                _note_spellings(units, text, written)
            kept = [word for word in words if word[0].isalpha()]
            rows[language][row] = kept
            counted.update(kept)
        spellings[language] = dict(written)
    return Corpus(rows=rows, counts=counts, spellings=spellings)


def segment(units: Sequence[Unit], vocabulary: set[str]) -> list[str]:
    """Cut a text without spaces into the longest known words; what lies between is one word."""
    words: list[str] = []
    place = unknown = 0
    while place < len(units):
        length = _longest(units, place, vocabulary)
        starts_run = not units[place].glued
        if unknown < place and (length or starts_run):
            words.append(join(units[unknown:place]))
            unknown = place
        if length:
            words.append(join(units[place : place + length]))
            unknown = place + length
        place += length or 1
    if unknown < place:
        words.append(join(units[unknown:place]))
    return words


def _longest(units: Sequence[Unit], place: int, vocabulary: set[str]) -> int:
    end = place + 1
    while end < min(place + _LONGEST_RUN, len(units)) and units[end].glued:
        end += 1
    return next(
        (last - place for last in range(end, place, -1) if join(units[place:last]) in vocabulary),
        0,
    )


def _note_spellings(units: Iterable[Unit], text: str, written: Mapping[str, Counter[str]]) -> None:
    for unit in list(units)[1:]:
        spelling = _READING_MARKS.sub("", text[unit.start : unit.end])
        if spelling:
            written[unit.key][spelling] += 1
