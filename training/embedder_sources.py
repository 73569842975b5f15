"""What the default embedder is trained on: its corpus, and the mixture of its batches."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from crosearch.training.embedder_data import (
    Question,
    Row,
    read_parallel,
    read_questions,
    read_terms,
)
from crosearch.training.embedder_dictionary import Dictionary
from crosearch.training.embedder_pairs import Source, TextPool, translation_source
from crosearch.training.embedder_questions import (
    english_forms,
    native_forms,
    question_source,
)
from crosearch.training.embedder_tokenizer import balanced_corpus, train_tokenizer

# Relative shares of the batches.
_PARALLEL = {
    "ntrex": 0.15,
    "tico": 0.10,
    "tatoeba": 0.11,
    "tanaka": 0.03,
    "pud": 0.02,
    "afriqa": 0.02,
    "mgsm": 0.02,
}
TERMS = {
    "wiktionary": 0.14,
    "omw": 0.07,
    "cldr": 0.02,
    "cldr_keywords": 0.01,
    "wikidata": 0.05,
    "tico_terms": 0.01,
}
# The source whose rows reach all languages.
MANY_WAY = "ntrex"

# Questions and answers.
_ENGLISH = 0.09
_TRANSLATED = 0.18
_NATIVE = 0.06
_FORMS = 3

# How far a source's translations are trusted in the dictionary.
_DICTIONARY_WEIGHTS = {
    "wiktionary": 1.0,
    "omw": 0.7,
    "cldr": 1.0,
    "wikidata": 2.0,
    "tico_terms": 2.0,
}


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The texts of the data folder."""

    parallel: dict[str, list[Row]]
    terms: dict[str, list[Row]]
    questions: list[Question]


def read_corpus(data: Path) -> Corpus:
    """Read everything that the embedder is trained on."""
    return Corpus(
        parallel=read_parallel(data),
        terms=read_terms(data),
        questions=read_questions(data),
    )


def make_tokenizer(corpus: Corpus, pieces: int, seed: int) -> Tokenizer:
    """Train the tokenizer on the corpus, balanced by language."""
    sentences: defaultdict[str, list[str]] = defaultdict(list)
    for rows in corpus.parallel.values():
        for row in rows:
            for language, texts in row.items():
                sentences[language].extend(texts)
    for pair in corpus.questions:
        sentences[pair.language].extend((pair.question, pair.sentence))
    terms: defaultdict[str, set[str]] = defaultdict(set)
    for rows in corpus.terms.values():
        for row in rows:
            for language, texts in row.items():
                terms[language].update(texts)
    ordered = {language: sorted(texts) for language, texts in terms.items()}
    balanced = balanced_corpus(sentences, ordered, rng=random.Random(seed))
    return train_tokenizer(balanced, pieces)


def make_sources(corpus: Corpus, pool: TextPool, seed: int) -> list[Source]:
    """Return the sources of batches, with their texts added to the pool."""
    sources: list[Source] = [
        translation_source(name, _PARALLEL[name], rows, pool)
        for name, rows in corpus.parallel.items()
        if rows
    ]
    sources += [
        translation_source(name, TERMS[name], rows, pool, batch_factor=2)
        for name, rows in corpus.terms.items()
        if rows
    ]
    dictionary = Dictionary(
        (weight, corpus.terms.get(name, ())) for name, weight in _DICTIONARY_WEIGHTS.items()
    )
    sources += _question_sources(corpus.questions, dictionary, pool, seed)
    return [source for source in sources if source.share]


def _question_sources(
    questions: Sequence[Question], dictionary: Dictionary, pool: TextPool, seed: int
) -> list[Source]:
    english = [pair for pair in questions if pair.language == "en"]
    others = [pair for pair in questions if pair.language != "en"]
    native = native_forms(others, pool)
    translated = english_forms(english, dictionary, pool, seed, forms=_FORMS)
    plain = native_forms(english, pool)
    return [
        question_source("english", _ENGLISH, plain, "one"),
        question_source("native", _NATIVE, native, "one"),
        question_source("translated", _TRANSLATED, translated, "mixed"),
    ]
