"""Short answers in twelve languages, in the language that was asked for and in others.

XQuAD's eleven languages, and Japanese from JSQuAD. Half of the answers are asked for in their own
language. The others are the answer to the same question in another language; one that holds the
right answer, or is held by it, is left out, since a name that is the same in both is not wrong in
either. Japanese has no parallel answers: any Japanese answer may stand for a wrong one, and any
other one is wrong where Japanese is asked for. A word of Chinese characters is left out between
these two where texts of both languages hold all of its characters.

Only XQuAD's odd articles and JSQuAD's odd passages are drawn from: whatever of
`tools.answer_language` was chosen by looking at answers was chosen on the even ones. Answers
without any letter are of no language, and are left out; where a script puts no spaces between
words, those of the English answer are counted, and of Japanese at most ten characters.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import ceil
from pathlib import Path

from crosearch.tools.languages import Language
from crosearch.tools.letters import letter_folding
from crosearch.tools.scoring import normalise_answer

JAPANESE, CHINESE, ENGLISH = Language("ja"), Language("zh"), Language("en")
MOST_WORDS = 3
MOST_JAPANESE = 10
"""Characters."""
_HAN = re.compile("[\u4e00-\u9fff]")

Golds = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """An answer to be judged."""

    text: str
    language: Language
    """Its own."""
    asked: Language
    golds: Golds = field(default_factory=dict[str, list[str]])
    """The right answers by language; none where they are not known."""

    @property
    def is_right(self) -> bool:
        """Whether it is in the language that was asked for."""
        return self.language == self.asked


def draw(data: Path, count: int, seed: int) -> list[Case]:
    """Draw answers: as many asked for in each language, half of these right, rounded up."""
    right = defaultdict[Language, list[Case]](list)
    wrong = defaultdict[tuple[Language, Language], list[Case]](list)
    for case in _cases(data):
        if case.is_right:
            right[case.asked].append(case)
        else:
            wrong[case.asked, case.language].append(case)
    order = random.Random(seed)
    drawn: list[Case] = []
    for asked, cases in sorted(right.items()):
        share = ceil(count / (2 * len(right)))
        drawn += order.sample(cases, min(share, len(cases)))
        of_each = [
            order.sample(wrong[key], len(wrong[key])) for key in sorted(wrong) if key[0] == asked
        ]
        drawn += [case for turn in zip(*of_each, strict=False) for case in turn][:share]
    return drawn


def _cases(data: Path) -> Iterator[Case]:
    """Make every case there is, each once."""
    seen: set[tuple[str, Language, Language]] = set()
    for case in (*_of_xquad(data), *_with_japanese(data)):
        key = (case.text, case.language, case.asked)
        if key not in seen:
            seen.add(key)
            yield case


def _of_xquad(data: Path) -> Iterator[Case]:
    for golds in _xquad_answers(data / "xquad_dev"):
        for (language, (text, *_)), asked in product(golds.items(), golds):
            if language == asked or not _holds(golds[asked][0], text):
                yield Case(
                    text=text, language=Language(language), asked=Language(asked), golds=golds
                )


def _with_japanese(data: Path) -> Iterator[Case]:
    japanese = list(_japanese_answers(data / "train"))
    chinese_letters = _letters(data / "train", "zh")
    japanese_letters = _letters(data / "train", "ja")
    for golds in _xquad_answers(data / "xquad_dev"):
        for language, (text, *_) in golds.items():
            if language != CHINESE or not _is_of_both(text, japanese_letters):
                yield Case(text=text, language=Language(language), asked=JAPANESE)
    languages = sorted({code for golds in _xquad_answers(data / "xquad_dev") for code in golds})
    for text in japanese:
        yield Case(text=text, language=JAPANESE, asked=JAPANESE, golds={JAPANESE: [text]})
        for asked in languages:
            if asked != CHINESE or not _is_of_both(text, chinese_letters):
                yield Case(text=text, language=JAPANESE, asked=Language(asked))


def _xquad_answers(folder: Path) -> Iterator[Golds]:
    """Read the short answers of the odd articles, for each question in all its languages."""
    golds = defaultdict[str, Golds](dict)
    for path in sorted(folder.glob("xquad.*.json")):
        articles = json.loads(path.read_text("utf-8"))["data"]
        for article in articles[1::2]:
            for paragraph in article["paragraphs"]:
                for entry in paragraph["qas"]:
                    text = entry["answers"][0]["text"]
                    golds[entry["id"]][path.suffixes[0][1:]] = [text]
    for by_language in golds.values():
        if _is_short(by_language[ENGLISH][0]):
            short = {code: texts for code, texts in by_language.items() if _is_short(texts[0])}
            if len(short) > 1:
                yield short


def _japanese_answers(folder: Path) -> Iterator[str]:
    """Read the short answers of JSQuAD's odd passages."""
    for line in (folder / "qa.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        text = row["a"]
        if row["l"] == JAPANESE and row["c"] % 2 and len(text) <= MOST_JAPANESE:
            if _is_short(text):
                yield text


def _letters(folder: Path, language: str) -> frozenset[str]:
    """Collect the characters that a language's questions and sentences hold."""
    rows = map(json.loads, (folder / "qa.jsonl").read_text("utf-8").splitlines())
    return frozenset("".join(row["q"] + row["s"] for row in rows if row["l"] == language))


def _is_of_both(text: str, letters: frozenset[str]) -> bool:
    written = [letter for letter in text if letter.isalpha()]
    return all(_HAN.match(letter) and letter in letters for letter in written)


def _is_short(text: str) -> bool:
    return len(text.split()) <= MOST_WORDS and any(map(str.isalpha, text))


def _holds(gold: str, text: str) -> bool:
    one, other = (_folded(part) for part in (gold, text))
    return one in other or other in one


def _folded(text: str) -> str:
    return normalise_answer(text, "und").translate(letter_folding(ENGLISH))
