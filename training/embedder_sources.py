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
from crosearch.training.embedder_pairs import (
    PairSource,
    TextPool,
    question_source,
    translate_questions,
    translation_source,
)
from crosearch.training.embedder_tokenizer import balanced_corpus, train_tokenizer

# Share of the batches; they sum to 1.
_PARALLEL = {
    "ntrex": 0.15,
    "tico": 0.10,
    "tatoeba": 0.11,
    "tanaka": 0.03,
    "pud": 0.02,
    "afriqa": 0.02,
    "mgsm": 0.02,
}
_TERMS = {
    "wiktionary": 0.14,
    "omw": 0.07,
    "cldr": 0.02,
    "cldr_keywords": 0.01,
    "wikidata": 0.05,
    "tico_terms": 0.01,
}
_ENGLISH_QUESTIONS = 0.08
_TRANSLATED_QUESTIONS = 0.12
_NATIVE_QUESTIONS = 0.05

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


def make_sources(corpus: Corpus, pool: TextPool, seed: int) -> list[PairSource]:
    """Return the sources of batches, with their texts added to the pool."""
    sources = [
        translation_source(name, _PARALLEL[name], rows, pool)
        for name, rows in corpus.parallel.items()
    ]
    sources += [
        translation_source(name, _TERMS[name], rows, pool, batch_factor=2)
        for name, rows in corpus.terms.items()
    ]
    dictionary = Dictionary(
        (weight, corpus.terms.get(name, ())) for name, weight in _DICTIONARY_WEIGHTS.items()
    )
    english = [pair for pair in corpus.questions if pair.language == "en"]
    native = [pair for pair in corpus.questions if pair.language != "en"]
    translated = translate_questions(english, dictionary, random.Random(seed))
    sources += [
        question_source("english", _ENGLISH_QUESTIONS, _one_form(english), pool),
        question_source("translated", _TRANSLATED_QUESTIONS, translated, pool),
        question_source("native", _NATIVE_QUESTIONS, _one_form(native), pool),
    ]
    return [source for source in sources if len(source.cumulative)]


def _one_form(pairs: Sequence[Question]) -> list[tuple[list[str], list[str]]]:
    return [([pair.question], [pair.sentence]) for pair in pairs]
