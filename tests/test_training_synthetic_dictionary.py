import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.languages import Language
from crosearch.tools.passages import Span
from crosearch.training.pair_records import PairRecord
from crosearch.training.synthetic_dictionary import (
    WordByWord,
    frequent_words,
    translate_pairs,
    translate_text,
)

DE, EN, RU, ZH = map(Language, ("de", "en", "ru", "zh"))


@dataclass(frozen=True)
class Word:
    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Match:
    span: Span
    translations: Sequence[Word]


class SmallBook:
    """Knows words one by one, and `boat lift`."""

    def __init__(self, words: Mapping[str, Sequence[Word]]) -> None:
        self._words = words

    def match(self, text: str, source: Language, target: Language) -> list[Match]:
        return [
            Match(found.span(), self._words.get(f"{target} {found[0].casefold()}", ()))
            for found in re.finditer(r"boat lift|\w+", text, re.IGNORECASE)
        ]


BOOK = SmallBook(
    {
        "de boat lift": [Word("Schiffshebewerk")],
        "de when": [Word("wann")],
        "de the": [Word("das")],
        "de opened": [Word("eröffnet", 0.5), Word("geöffnet", 0.5)],
        "zh boat lift": [Word("升船机")],
        "zh opened": [Word("开放")],
    }
)
SETTINGS = WordByWord(languages=(DE, ZH))


def translated(
    text: str, target: Language = DE, *, seed: int = 0, frequent: frozenset[str] = frozenset()
) -> str | None:
    return translate_text(text, BOOK, EN, target, SETTINGS, frequent, random.Random(seed))


def test_phrases_are_translated_and_what_is_not_known_is_kept() -> None:
    assert translated("When the boat lift Niederfinow?") == "wann das Schiffshebewerk Niederfinow"


def test_a_sense_is_drawn() -> None:
    drawn = {translated("When opened?", seed=seed) for seed in range(20)}

    assert drawn == {"wann eröffnet", "wann geöffnet"}


def test_a_text_of_which_too_little_is_known_is_left_out() -> None:
    assert translated("Some lakes opened somewhere") is None
    assert translated("") is None
    assert translated("?!") is None


def test_a_number_counts_as_known() -> None:
    assert translated("Berlin 1961 opened", DE, seed=3) in (
        "Berlin 1961 eröffnet",
        "Berlin 1961 geöffnet",
    )


def test_frequent_words_are_dropped_in_some_texts_and_translated_in_others() -> None:
    drawn = {
        translated("When the boat lift", seed=seed, frequent=frozenset({"the"}))
        for seed in range(20)
    }

    assert drawn == {"wann das Schiffshebewerk", "wann Schiffshebewerk"}


def test_a_script_without_spaces_gets_none_but_around_foreign_words() -> None:
    assert translated("boat lift opened", ZH) == "升船机开放"
    assert translated("boat lift Niederfinow opened", ZH) == "升船机 Niederfinow 开放"


def record(identifier: str, question: str) -> PairRecord:
    return PairRecord(
        id=identifier,
        query={EN: (question,)},
        passage={EN: ("The boat lift opened.",), RU: ("Открыт.",)},
        group="Niederfinow",
    )


def test_a_record_keeps_its_texts_and_gets_others() -> None:
    (made,) = translate_pairs([record("q1", "When is it opened?")], BOOK, SETTINGS, {})

    assert made.id == "q1"
    assert made.group == "Niederfinow"
    assert made.query[EN] == ("When is it opened?",)
    assert made.query[DE][0].startswith("wann")
    assert ZH not in made.query
    assert made.passage[RU] == ("Открыт.",)
    assert made.passage[ZH] == ("The 升船机开放",)


def test_a_language_that_is_there_is_not_made_again() -> None:
    settings = WordByWord(languages=(EN, RU))

    assert list(translate_pairs([record("q1", "When?")], BOOK, settings, {})) == [
        record("q1", "When?")
    ]


def test_parallel_texts_are_passed_on() -> None:
    texts = {EN: ("boat lift",), RU: ("судоподъёмник",)}
    parallel = PairRecord(id="1", query=texts, passage=texts)

    assert list(translate_pairs([parallel], BOOK, SETTINGS, {})) == [parallel]


@given(seed=st.integers(0, 1_000), other=st.integers(2, 5))
def test_what_is_drawn_for_a_record_does_not_hang_on_the_others(seed: int, other: int) -> None:
    settings = WordByWord(languages=(DE,), seed=seed)
    wanted = record("q1", "When opened?")
    others = [record(f"q{number}", "Opened when the boat lift?") for number in range(2, other + 2)]

    (alone,) = translate_pairs([wanted], BOOK, settings, {})
    *_, last = translate_pairs([*others, wanted], BOOK, settings, {})

    assert alone == last


def test_words_that_stand_everywhere_are_found_in_enough_texts() -> None:
    names = ["".join(chr(ord("a") + int(digit)) for digit in f"{n:03}") for n in range(600)]
    records = [
        PairRecord(
            id=name,
            query={EN: (f"What of the lake {name}?",)},
            passage={EN: (f"The lake {name}.",)},
        )
        for name in names
    ]

    assert frequent_words(records)[EN] == {"what", "of", "the", "lake"}
    assert EN not in frequent_words(records[:10])


@pytest.mark.parametrize("text", ["When?", "Boat lift", "boat lift opened"])
def test_the_same_seed_draws_the_same(text: str) -> None:
    assert translated(text, seed=5) == translated(text, seed=5)
