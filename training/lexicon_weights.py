"""How likely each sense of a term is, and each term of a sense: what parallel sentences tell.

Dictionaries list a word's senses without their frequencies. A sense whose English word stands
opposite a term in parallel sentences is likelier than one that never does, and a term that is
common is likelier said than a rare synonym.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from crosearch.tools.languages import Language
from crosearch.training.lexicon_alignment import AlignedPair
from crosearch.training.lexicon_corpus import ENGLISH, Corpus
from crosearch.training.lexicon_graph import LexiconGraph, WeighedTerm
from crosearch.training.lexicon_sources import Sense

Aligned = Mapping[Language, Sequence[AlignedPair]]

_UNSEEN = 0.3
"""The likelihood of what no sentence tells of."""
_SEEN = 6.0
"""How much a pair that always stands together adds to it."""
_FREQUENCY = 4.0
"""A word of e**4 occurrences is so much likelier than an unseen one as a pair always seen."""
_ENGLISH_WORD = 2.0
"""How far an English word's own pairs are trusted beside the dictionaries' senses of it."""


class Evidence:
    """What the parallel sentences tell of terms and senses."""

    def __init__(self, aligned: Aligned, corpus: Corpus) -> None:
        """Order the aligned pairs by their words."""
        self._corpus = corpus
        self.by_word: dict[Language, dict[str, dict[str, AlignedPair]]] = {}
        self.by_english: defaultdict[str, dict[Language, dict[str, AlignedPair]]] = defaultdict(
            dict
        )
        for language, pairs in aligned.items():
            words: defaultdict[str, dict[str, AlignedPair]] = defaultdict(dict)
            for pair in pairs:
                words[pair.right][pair.left] = pair
                self.by_english[pair.left].setdefault(language, {})[pair.right] = pair
            self.by_word[language] = dict(words)

    def weigh_sense(self, sense: Sense, graph: LexiconGraph) -> Iterator[WeighedTerm]:
        """Yield a sense's terms, how likely each means it, and how likely it is said so."""
        keys = {
            language: [graph.key(language, term) for term in terms]
            for language, terms in sense.texts.items()
        }
        english = keys.get(ENGLISH, [])
        for language, terms in sense.texts.items():
            for term, key in zip(terms, keys[language], strict=True):
                if language == ENGLISH:
                    meant, said = self._english_support(key, keys), 0.0
                else:
                    meant, said = self._support(language, key, english)
                yield WeighedTerm(
                    language,
                    term,
                    sense.weight * (_UNSEEN + _SEEN * meant),
                    self._frequency(language, key) * (_UNSEEN + _SEEN * said),
                )

    def weigh_english_words(self) -> Iterator[list[WeighedTerm]]:
        """Yield a sense for each English word: all that it was aligned with."""
        for english, languages in sorted(self.by_english.items()):
            spelling = self._corpus.spelling(ENGLISH, english)
            terms = [WeighedTerm(ENGLISH, spelling, _ENGLISH_WORD, 1.0)]
            for language, pairs in sorted(languages.items()):
                for word, pair in sorted(pairs.items()):
                    terms.append(
                        WeighedTerm(
                            language,
                            self._corpus.spelling(language, word),
                            _UNSEEN + _SEEN * pair.left_given_right,
                            pair.right_given_left,
                        )
                    )
            yield terms

    def _support(self, language: Language, key: str, english: Sequence[str]) -> tuple[float, float]:
        pairs = self.by_word.get(language, {}).get(key, {})
        held = [pairs[word] for word in english if word in pairs]
        return (
            max((pair.left_given_right for pair in held), default=0.0),
            max((pair.right_given_left for pair in held), default=0.0),
        )

    def _english_support(self, english: str, keys: Mapping[Language, Sequence[str]]) -> float:
        """Return how much of what an English word is aligned with belongs to a sense."""
        shares = []
        for language, pairs in self.by_english.get(english, {}).items():
            if language in keys:
                held = sum(
                    pairs[key].right_given_left
                    for key in sorted(set(keys[language]))
                    if key in pairs
                )
                shares.append(min(held, 1.0))
        return sum(shares) / len(shares) if shares else 0.0

    def _frequency(self, language: Language, key: str) -> float:
        counts = self._corpus.counts.get(language)
        return _UNSEEN + math.log1p(counts[key] if counts else 0) / _FREQUENCY
