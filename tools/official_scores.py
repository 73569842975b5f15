"""Exact match and token F1 as two official scripts count them: SQuAD 1.1's and MLQA's.

Figures that are set beside those of papers have to be counted as theirs are, mistakes included.
`tools.scoring` holds our own measures, which treat more languages, and the languages alike; what is
here differs from them where the scripts do, and is written to the scripts' behaviour:

- SQuAD (Rajpurkar et al. 2016) makes every answer lower case, takes out ASCII punctuation and the
  English articles, and splits at white space, whatever the language: a Chinese answer is one token.
- MLQA (Lewis et al. 2020) takes out the punctuation of all scripts, and the articles of the
  answer's language. In Arabic the letters of the article go wherever they stand, inside of words
  too, and leave a space. In Chinese each character from U+4E00 to U+9FA5 is a token. Among the
  articles of Vietnamese are words that are none ("of"), and Hindi has none.

Neither casts digits, nor composes letters, nor keeps an answer that consists of articles alone: two
such answers match each other exactly, and share no token.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

MLQA_LANGUAGES = frozenset({"ar", "de", "en", "es", "hi", "vi", "zh"})
"""Those that MLQA's script knows."""

_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES: Mapping[str, re.Pattern[str]] = {
    language: re.compile(rf"\b(?:{words.replace(' ', '|')})\b")
    for language, words in {
        "en": "a an the",
        "es": "un una unos unas el la los las",
        "de": "ein eine einen einem eines einer der die das den dem des",
        "vi": "của là cái chiếc những",
    }.items()
} | {"ar": re.compile("ال")}
_CHINESE_CHARACTER = re.compile("([\u4e00-\u9fa5])")

_Tokens = Callable[[str], Sequence[str]]


def squad_exact_match(answer: str, golds: Sequence[str]) -> bool:
    """Say whether an answer is one of the gold answers, by SQuAD's script.

    Raises:
        ValueError: There is no gold answer.
    """
    return _matches(answer, golds, squad_tokens)


def squad_f1(answer: str, golds: Sequence[str]) -> float:
    """Measure how far an answer's tokens are a gold answer's, by SQuAD's script; the best counts.

    Returns:
        The harmonic mean of precision and recall, from 0 to 1.

    Raises:
        ValueError: There is no gold answer.
    """
    return _best_f1(answer, golds, squad_tokens)


def mlqa_exact_match(answer: str, golds: Sequence[str], language: str) -> bool:
    """Say whether an answer is one of the gold answers, by MLQA's script.

    Args:
        answer: What was answered.
        golds: At least one gold answer.
        language: The code of the answer's language; one of `MLQA_LANGUAGES`.

    Raises:
        ValueError: There is no gold answer, or the script does not know the language.
    """
    return _matches(answer, golds, lambda text: mlqa_tokens(text, language))


def mlqa_f1(answer: str, golds: Sequence[str], language: str) -> float:
    """Measure how far an answer's tokens are a gold answer's, by MLQA's script; the best counts.

    Args:
        answer: What was answered.
        golds: At least one gold answer.
        language: The code of the answer's language; one of `MLQA_LANGUAGES`.

    Returns:
        The harmonic mean of precision and recall, from 0 to 1.

    Raises:
        ValueError: There is no gold answer, or the script does not know the language.
    """
    return _best_f1(answer, golds, lambda text: mlqa_tokens(text, language))


@lru_cache(maxsize=16_384)
def squad_tokens(text: str) -> tuple[str, ...]:
    """Split a text as SQuAD's script compares it."""
    bare = text.lower().translate(_ASCII_PUNCTUATION)
    return tuple(_ARTICLES["en"].sub(" ", bare).split())


@lru_cache(maxsize=16_384)
def mlqa_tokens(text: str, language: str) -> tuple[str, ...]:
    """Split a text as MLQA's script compares it.

    Raises:
        ValueError: The script does not know the language.
    """
    if language not in MLQA_LANGUAGES:
        raise ValueError(
            f"MLQA's script does not know the language {language!r}: it knows "
            f"{', '.join(sorted(MLQA_LANGUAGES))}"
        )
    bare = "".join(letter for letter in text.lower() if not _is_punctuation(letter))
    if language in _ARTICLES:
        bare = _ARTICLES[language].sub(" ", bare)
    if language == "zh":
        bare = _CHINESE_CHARACTER.sub(r" \1 ", bare)
    return tuple(bare.split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character)[0] == "P"


def _matches(answer: str, golds: Sequence[str], tokens: _Tokens) -> bool:
    _check(golds)
    return any(tokens(answer) == tokens(gold) for gold in golds)


def _best_f1(answer: str, golds: Sequence[str], tokens: _Tokens) -> float:
    _check(golds)
    return max(_f1(tokens(answer), tokens(gold)) for gold in golds)


def _f1(tokens: Sequence[str], gold: Sequence[str]) -> float:
    shared = (Counter(tokens) & Counter(gold)).total()
    if not shared:
        return 0.0
    # Not simplified, so that rounding is the scripts' to the last digit.
    precision, recall = shared / len(tokens), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


def _check(golds: Sequence[str]) -> None:
    if isinstance(golds, str):
        raise ValueError(f"gold answers must be a list of texts, not the text {golds!r}")
    if not golds:
        raise ValueError("there is no gold answer to score against")
