"""Whether a short answer is in the language that was asked for; sometimes it cannot be told.

Language identification fails on short texts and on names, and most answers are just that: BERGEN
skips what has 20 characters or less, and others count such answers as wrong. Here a verdict is
given only for a reason: an answer is known (it is the gold answer of a language), it is written in
a script, or with letters, that a language has and another has not, or its words are those of one
language (`tools.answer_words`). Names tell only where a language is known to write them otherwise
(`tools.answer_names`). Whatever is left is `unknown`, which nobody is punished for.

`benchmarks/answer_language.py` measures how often a verdict is wrong.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from crosearch.tools.answer_letters import telling_letters
from crosearch.tools.answer_names import CASED, is_brand, is_foreign_to
from crosearch.tools.answer_words import likely_languages, shipped, words_of
from crosearch.tools.detect import detect_language, script_shares, scripts_of
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.scoring import exact_match, normalise_answer

AnswerLanguage = Literal["right", "wrong", "unknown"]

_BRACKETED = re.compile(r"[(（][^()（）]*[)）]")
_NO_SCRIPT = "Zyyy"
"""As `script_shares` names what is of no script that it knows, such as º."""
_FOREIGN_SHARE = 0.5
"""From this share of its letters on, an answer is in a script."""
_SOME_KANA = 0.05
"""This share of kana makes Japanese of Chinese characters."""
_RIGHT = {"Latn": 0.7}
"""From this likelihood on, words are of a language."""
_RIGHT_ELSEWHERE = 0.97
"""In scripts of whose languages few are known here: another one may write the same."""
_WRONG = 0.01
"""Up to this likelihood, words are not of a language."""
_TELLING_WORDS = 4
_SURE = 0.9
"""The detector's confidence, where nothing but it tells."""


def judge_answer_language(
    answer: str, language: Language, golds: Mapping[str, Sequence[str]] | None = None
) -> AnswerLanguage:
    """Tell whether an answer is in a language: by what is known, the script, letters, and words.

    Args:
        answer: What was answered, without citation marks.
        language: The language that it should be in.
        golds: Gold answers by language, where there are any: an answer that is one of `language`'s
            is right, and one that is another language's alone is wrong.
    """
    known = _by_golds(answer, language, golds or {})
    if known != "unknown":
        return known
    answer = _without_brackets(answer)
    shares = script_shares(answer)
    if next(iter(shares), _NO_SCRIPT) == _NO_SCRIPT:
        return "unknown"  # Figures and signs are of every language.
    own = _own_part(answer, language, shares)
    if not own:
        return _by_foreign_script(answer, language, shares)
    verdict = _by_own_script(own, language)
    # Latin words stand among those of other scripts, and not the other way round.
    mixed = "Latn" in scripts_of(language) and len(shares) > 1
    return "unknown" if mixed and verdict == "right" else verdict


def _by_golds(
    answer: str, language: Language, golds: Mapping[str, Sequence[str]]
) -> AnswerLanguage:
    own = golds.get(language, ())
    if not own or not normalise_answer(answer, language):
        return "unknown"
    if exact_match(answer, own, language):
        return "right"
    others = (code for code, texts in golds.items() if code not in (language, "und") and texts)
    return "wrong" if any(exact_match(answer, golds[code], code) for code in others) else "unknown"


def _without_brackets(answer: str) -> str:
    """Leave out what stands in brackets, such as a name in its own script, if that is not all."""
    outside = _BRACKETED.sub(" ", answer)
    return outside if script_shares(outside) else answer


def _own_part(answer: str, language: Language, shares: Mapping[str, float]) -> str:
    """Return what of an answer is in the language's script; empty where it is in another.

    Brands and names in Latin letters stand in texts of all scripts, and are left out; so are Latin
    words, as long as they are few.
    """
    own = scripts_of(language)
    if "Latn" in own or "Latn" not in shares:
        return answer if _share(shares, own) >= _FOREIGN_SHARE else ""
    words = words_of(answer)
    latin = [word for word in words if "Latn" in script_shares(word)]
    running = sum(word[0].islower() and not is_brand(word) for word in latin)
    if running > len(words) - len(latin) and _share(shares, own) < _FOREIGN_SHARE:
        return ""
    rest = "".join(" " if "Latn" in script_shares(letter) else letter for letter in answer)
    return rest if _share(script_shares(rest), own) >= _FOREIGN_SHARE else ""


def _share(shares: Mapping[str, float], scripts: frozenset[str]) -> float:
    return sum(shares.get(script, 0.0) for script in scripts)


def _by_foreign_script(
    answer: str, language: Language, shares: Mapping[str, float]
) -> AnswerLanguage:
    if "Latn" in scripts_of(language) or next(iter(shares)) != "Latn":
        return "wrong"
    return "wrong" if is_foreign_to(answer, language) else "unknown"


def _by_own_script(answer: str, language: Language) -> AnswerLanguage:
    shares = script_shares(answer)
    kana = shares.get("Jpan", 0.0)
    if "Jpan" in scripts_of(language) and kana >= _SOME_KANA:
        return "right"
    if "Hani" in scripts_of(language) and kana > 0:
        return "unknown"  # Chinese with kana in it: a Japanese name, or Japanese.
    script = next(iter(shares))
    sharing = [code for code in EMBEDDED_LANGUAGES if script in scripts_of(code)]
    if sharing == [language]:
        return "right"
    letters = telling_letters(answer, language)
    if letters is not None:
        return "right" if letters else "wrong"
    if language in shipped().languages:
        return _by_words(answer, language, script, sharing)
    return _by_detector(answer, language)


def _by_words(
    answer: str, language: Language, script: str, sharing: Sequence[Language]
) -> AnswerLanguage:
    words = words_of(answer)
    if not words:
        return "unknown"
    likely = likely_languages(answer, sharing).get(language, 0.0)
    if likely >= _RIGHT.get(script, _RIGHT_ELSEWHERE):
        return "right"
    is_name = script in CASED and not _is_running(words)
    return "wrong" if likely <= _WRONG and not is_name else "unknown"


def _by_detector(answer: str, language: Language) -> AnswerLanguage:
    """Ask the detector about running text, where the lexicon does not know the language."""
    words = words_of(answer)
    if len(words) < _TELLING_WORDS:
        return "unknown"
    if next(iter(script_shares(answer))) in CASED and not _is_running(words):
        return "unknown"
    detection = detect_language(answer, {*EMBEDDED_LANGUAGES, language})
    if detection.confidence < _SURE:
        return "unknown"
    return "right" if detection.language == language else "wrong"


def _is_running(words: Sequence[str]) -> bool:
    """Tell whether most words are none that begin with a capital, as names do."""
    return 2 * sum(word[0].islower() for word in words) >= len(words)
