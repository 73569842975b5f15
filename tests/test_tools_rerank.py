"""How much of a question a passage holds, in its own words or in translation."""

import numpy as np
import pytest

from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.tools.pieces import Pieces, PieceTable, piece_table
from crosearch.tools.query_phrases import cut_phrases, phrases_found
from crosearch.tools.rerank import rescore_passages
from crosearch.tools.static_embedder import load_default

DE, EN = Language("de"), Language("en")
QUESTION = "Who built the bridge in Pittsburgh?"


@pytest.fixture(scope="module")
def table() -> PieceTable:
    return piece_table(load_default())


def cut(table: PieceTable, *passages: tuple[str, ...]) -> list[Pieces]:
    return [np.frombuffer(row, np.uint32) for row in table.cut_passages(passages)]


def test_the_passage_that_holds_the_question_is_best_and_tells_the_sentence(
    table: PieceTable,
) -> None:
    passages = cut(
        table,
        ("", "The lake is deep."),
        ("", "It rained.", "Roebling built the bridge in Pittsburgh."),
    )
    question = cut_phrases(QUESTION, EN, EN, table, load_lexicon())
    lake, bridge = rescore_passages(question, passages, table)
    assert 0 <= lake.score < bridge.score <= 1
    assert bridge.sentence == 1


def test_a_translation_finds_what_the_words_themselves_do_not(table: PieceTable) -> None:
    passages = cut(table, ("", "Die Brücke wurde gebaut."))
    foreign = cut_phrases("bridge", EN, DE, table, load_lexicon())
    alone = cut_phrases("bridge", EN, DE, table, None)
    assert foreign.phrases.tolist() == [0] * len(foreign.phrases)
    (with_lexicon,) = rescore_passages(foreign, passages, table)
    (without,) = rescore_passages(alone, passages, table)
    assert with_lexicon.score >= without.score
    assert not len(alone.wanted)


def test_phrases_are_found_one_by_one(table: PieceTable) -> None:
    passages = cut(table, ("", "Pittsburgh lies on three rivers."))
    question = cut_phrases("Pittsburgh bridge", EN, EN, table, None)
    found, owners = phrases_found(question, passages, table)
    assert owners.tolist() == [0]
    assert found.shape == (len(question.weights), 1)
    assert found[0, 0] == pytest.approx(1.0, abs=1e-5)
    assert question.weights.sum() == pytest.approx(1.0)


def test_a_question_without_a_known_piece_finds_nothing(table: PieceTable) -> None:
    question = cut_phrases("?!", EN, DE, table, load_lexicon())
    (found,) = rescore_passages(question, cut(table, ("", "Die Brücke.")), table)
    assert found.score == 0.0
    assert rescore_passages(question, [], table) == []
