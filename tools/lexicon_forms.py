"""Base forms of inflected words and of words with clitics, by endings and beginnings.

The rules are learned while a lexicon is made, from parallel sentences: a rule stays where the base
form's translations stood in the other sentence often enough. They lie in the lexicon's header.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language

SHORTEST_WORD = 4
"""Letters of a word that may be a form of another."""
SHORTEST_STEM = 3
"""Letters that a rule leaves as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormRule:
    """What to take from a word's beginning and end, and what to put to its end."""

    beginning: str
    ending: str
    instead: str
    weight: float
    """The share of its uses in which the base form was right."""

    def base(self, word: str) -> str:
        """Return the base form of a word that has the beginning and the ending."""
        return word[len(self.beginning) : len(word) - len(self.ending)] + self.instead


class Forms:
    """The rules of one language."""

    def __init__(self, rules: Iterable[FormRule]) -> None:
        """Order the rules by what they take away."""
        self._by_ending: defaultdict[str, list[FormRule]] = defaultdict(list)
        for rule in rules:
            self._by_ending[rule.ending].append(rule)
        self._longest = max(map(len, self._by_ending), default=0)
        self.count = sum(map(len, self._by_ending.values()))

    def bases(self, word: str) -> Iterator[tuple[str, float]]:
        """Yield what the word may be a form of, and how likely."""
        if len(word) < SHORTEST_WORD:
            return
        for length in range(min(self._longest, len(word) - SHORTEST_STEM) + 1):
            for rule in self._by_ending.get(word[len(word) - length :], ()):
                stem = len(word) - length - len(rule.beginning)
                if stem >= SHORTEST_STEM and word.startswith(rule.beginning):
                    yield rule.base(word), rule.weight


class FormTable:
    """The rules of all languages; a language's are made ready when it is first asked for."""

    def __init__(self, header: Mapping[str, object]) -> None:
        """Take the rules from a lexicon's header."""
        self._header = header
        self._ready: dict[Language, Forms] = {}

    def of(self, language: Language) -> Forms:
        """Return the rules of a language, which may be none.

        Raises:
            UsageError: They are not of their form: the lexicon is damaged.
        """
        if language not in self._ready:
            self._ready[language] = self._read(language)
        return self._ready[language]

    def _read(self, language: Language) -> Forms:
        try:
            rules = cast(Mapping[str, list[tuple[str, str, str, float]]], self._header["rules"])
            return Forms(
                FormRule(beginning=beginning, ending=ending, instead=instead, weight=float(weight))
                for beginning, ending, instead, weight in rules.get(language, ())
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(
                f"the lexicon is damaged (inflection rules of {language}: {error}): make it again "
                "with `crosearch lexicon build`"
            ) from error
