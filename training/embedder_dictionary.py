"""English texts put into other languages word by word, through the lexicon.

To a bag of tokens word order is nothing, so a question looked up word by word trains a
static embedder to match it with an answer in another language.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from crosearch.training.embedder_data import Row

_LONGEST_PHRASE = 4
_TRANSLATIONS_KEPT = 4
_LEAST_FOUND = 0.4
_WORD = re.compile(r"[\w'-]+")

_STOP_WORDS = frozenset(
    "a an the of in on at to for from by with and or but as is are was were be been being am do "
    "does did has have had will would can could may might shall should must it its this that "
    "these those there he she they them his her their we our you your i my me him us not no so "
    "if than then into about over under after before between during which who whom whose what "
    "when where why how s t many much".split()
)

_ENDINGS = (
    ("'s", ""),
    ("ies", "y"),
    ("es", "e"),
    ("es", ""),
    ("s", ""),
    ("ied", "y"),
    ("ed", "e"),
    ("ed", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
)


class Dictionary:
    """English phrases with their most frequent words in each other language."""

    def __init__(self, sources: Iterable[tuple[float, Iterable[Row]]]) -> None:
        """Count the translations in the rows of each source, with the source's weight."""
        counts: _Counts = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
        for weight, rows in sources:
            for row in rows:
                _count(row, weight, counts)
        self._entries = {
            language: {phrase: _most_frequent(words) for phrase, words in phrases.items()}
            for language, phrases in counts.items()
        }

    def translate(self, text: str, language: str, rng: random.Random) -> str | None:
        """Return the text's words in a language, or None where too few are known."""
        entries = self._entries.get(language, {})
        words = _WORD.findall(text.lower())
        with_stop_words = rng.random() < 0.5
        output: list[str] = []
        content = found = 0
        at = 0
        while at < len(words):
            length, entry = _longest_match(words, at, entries)
            phrase = words[at : at + length]
            at += length
            is_stop = length == 1 and phrase[0] in _STOP_WORDS
            if is_stop and not with_stop_words:
                continue
            content += 0 if is_stop else length
            if entry is not None:
                found += 0 if is_stop else length
                output.append(rng.choices(*entry)[0])
            elif not is_stop:
                # A name or number is often the same, or is matched by its pieces.
                found += length if phrase[0][0].isdigit() else 0
                output.append(phrase[0])
        return " ".join(output) if content and found / content > _LEAST_FOUND else None


_Entry = tuple[list[str], list[float]]
_Counts = defaultdict[str, defaultdict[str, defaultdict[str, float]]]


def _count(row: Row, weight: float, counts: _Counts) -> None:
    for phrase in row.get("en", ()):
        key = phrase.lower()
        if key.count(" ") >= _LONGEST_PHRASE:
            continue
        for language, words in row.items():
            if language != "en":
                for word in words:
                    # A synset's many words share its weight.
                    counts[language][key][word] += weight / len(words)


def _most_frequent(words: dict[str, float]) -> _Entry:
    kept = sorted(words, key=lambda word: -words[word])[:_TRANSLATIONS_KEPT]
    return kept, [words[word] for word in kept]


def _longest_match(
    words: list[str], at: int, entries: dict[str, _Entry]
) -> tuple[int, _Entry | None]:
    for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
        entry = entries.get(" ".join(words[at : at + length]))
        if entry is not None:
            return length, entry
    for stem in _stems(words[at]):
        if stem in entries:
            return 1, entries[stem]
    return 1, None


def _stems(word: str) -> Iterator[str]:
    for ending, instead in _ENDINGS:
        stem = word[: -len(ending)] + instead
        if word.endswith(ending) and len(stem) > 2:
            yield stem
            if len(stem) > 3 and stem[-1] == stem[-2]:
                yield stem[:-1]
