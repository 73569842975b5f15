"""Hard negatives: what is near a question and does not answer it, in any language."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from retriever_pairs import DE, EN, LANGUAGES, pair_set, parallels, question, questions

from crosearch.training.hard_negatives import mine_negatives
from crosearch.training.pair_records import PairRecord


class NumberEmbedder:
    """Finds near what has a near number: 3 lies next to 2 and 4."""

    name, dimension, fingerprint = "numbers", 2, "0" * 16

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        angles = np.array([int(text.split()[-1]) for text in texts]) * 0.33
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    encode_passages = encode_queries


def numbered(number: int, answer: str = "") -> PairRecord:
    return PairRecord(
        id=str(number),
        query={EN: (f"asked {number}",), DE: (f"gefragt {number}",)},
        passage={EN: (f"{answer or 'answer'} {number}",), DE: (f"Antwort {number}",)},
    )


def test_the_nearest_passages_of_each_language_are_found() -> None:
    mined = mine_negatives(pair_set(map(numbered, range(9))), NumberEmbedder(), count=2)
    assert set(mined.records[4].negatives[EN]) == {"answer 3", "answer 5"}
    assert set(mined.records[4].negatives[DE]) == {"Antwort 3", "Antwort 5"}


def test_what_answers_is_none_whatever_its_language_or_spelling() -> None:
    # The neighbour answers in German with the very text of 4, and in English in capitals.
    records = [numbered(number) for number in range(9)]
    records[5] = PairRecord(
        id="5",
        query=records[5].query,
        passage={EN: ("other 5",), DE: ("ANTWORT  4",)},
    )
    mined = mine_negatives(pair_set(records), NumberEmbedder(), count=2)
    assert set(mined.records[4].negatives[EN]) == {"answer 3", "answer 2"} or set(
        mined.records[4].negatives[EN]
    ) == {"answer 3", "answer 6"}
    for language in (EN, DE):
        assert "other 5" not in mined.records[4].negatives[language]
        assert "ANTWORT  4" not in mined.records[4].negatives[language]


def test_what_is_as_near_as_the_answer_may_answer_as_well() -> None:
    records = [
        *map(numbered, range(6)),
        PairRecord(id="twin", query={EN: ("asked otherwise 4",)}, passage={EN: ("same thing 4",)}),
    ]
    mined = mine_negatives(pair_set(records), NumberEmbedder(), count=3)
    assert "same thing 4" not in mined.records[4].negatives[EN]


def test_negatives_that_the_data_brings_stay() -> None:
    records = [question(n, negatives={DE: ("gebracht",)}) for n in range(6)]
    mined = mine_negatives(pair_set(records), _ByPlace(), count=2)
    assert all(record.negatives[DE] == ("gebracht",) for record in mined.records)
    assert all(record.negatives.get(EN) for record in mined.records)


def test_texts_that_say_the_same_get_none() -> None:
    texts = parallels(5)
    assert mine_negatives(texts, NumberEmbedder(), count=2) is texts


@pytest.mark.parametrize("count", [1, 3])
def test_there_are_no_more_than_wanted_and_never_an_own_passage(count: int) -> None:
    mined = mine_negatives(questions(40), _ByPlace(), count=count)
    for record in mined.records:
        for language in LANGUAGES:
            found = record.negatives[language]
            assert len(found) == count == len(set(found))
            assert record.passage[language][0] not in found


class _ByPlace(NumberEmbedder):
    """Embeds the questions and passages of `question` by their number."""

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _spread(len(texts))

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _spread(len(texts))


def _spread(count: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(0).normal(size=(count, 64)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
