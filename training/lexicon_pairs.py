"""Which words of each language stand for which English ones in the parallel sentences."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.lexicon_text import cut
from crosearch.training.lexicon_alignment import AlignedPair, align_words
from crosearch.training.lexicon_corpus import ENGLISH, UNSPACED, Corpus
from crosearch.training.lexicon_sources import Texts

Known = Mapping[Language, Mapping[str, set[str]]]
"""By language, its keys and the English keys that dictionaries give them."""

_LEAST_SENTENCES = 3
_STEM = 5
_ARTICLE = "the"
_WITH_ARTICLES = frozenset({"de", "el", "es", "fr", "it", "nl", "pt"})
"""Elsewhere, what the article aligns with is chance."""


def find_runs(sentences: Sequence[Texts], language: Language) -> set[str]:
    """Find words of a language without spaces that no dictionary need have.

    Raises:
        UsageError: scipy is not installed.
    """
    try:
        from crosearch.training.lexicon_substrings import find_words
    except ImportError as error:
        raise UsageError(
            "to make a lexicon from sentences takes scipy: pip install 'crosearch[train]'"
        ) from error
    pairs = [
        ([unit.key for unit in cut(texts[ENGLISH][0], ENGLISH)], texts[language][0])
        for texts in sentences
        if ENGLISH in texts and language in texts
    ]
    return {
        found.run
        for found in find_words(pairs, language)
        if found.sentences >= _LEAST_SENTENCES and found.word[0].isalpha()
    }


def align_language(language: Language, corpus: Corpus, known: Known) -> list[AlignedPair]:
    """Align a language's words with the English ones."""
    words = known.get(language, {})
    pairs = {(english, word) for word, others in words.items() for english in others}
    stems = _stems(words) if language not in UNSPACED else {}

    def is_known(english: str, word: str) -> bool:
        return (english, word) in pairs or word[:_STEM] in stems.get(english, ())

    return [
        pair
        for pair in align_words(corpus.pairs(ENGLISH, language), is_known)
        if _is_telling(pair, language) or (pair.left, pair.right) in pairs
    ]


def _is_telling(pair: AlignedPair, language: Language) -> bool:
    if pair.left == _ARTICLE and language not in _WITH_ARTICLES:
        return False
    if len(pair.left) == 1 and pair.left not in "ai":
        return False
    return language not in UNSPACED or len(pair.right) > 1


def _stems(words: Mapping[str, set[str]]) -> dict[str, set[str]]:
    stems: defaultdict[str, set[str]] = defaultdict(set)
    for word, others in words.items():
        if len(word) > _STEM:
            for english in others:
                stems[english].add(word[:_STEM])
    return stems


def align_all(
    corpus: Corpus, known: Known, on_language: Callable[[Language], None]
) -> dict[Language, list[AlignedPair]]:
    """Align every language of the corpus with English."""
    aligned = {}
    for language in sorted(corpus.rows):
        if language != ENGLISH and ENGLISH in corpus.rows:
            on_language(language)
            aligned[language] = align_language(language, corpus, known)
    return aligned
