"""Pieces of texts, and how near passages come to a question, piece by piece."""

import numpy as np
import pytest

from crosearch.tools.pieces import END, Pieces, PieceTable, piece_table
from crosearch.tools.static_embedder import load_default

NOTHING = np.zeros(0, np.uint32)


@pytest.fixture(scope="module")
def table() -> PieceTable:
    return piece_table(load_default())


def cut(table: PieceTable, *passages: tuple[str, ...]) -> list[Pieces]:
    return [np.frombuffer(row, np.uint32) for row in table.cut_passages(passages)]


def test_a_passage_keeps_its_title_and_its_sentences_apart(table: PieceTable) -> None:
    (passage,) = cut(table, ("Paris", "A river.", "A tower."))
    assert (passage == END).sum() == 3
    title, _, tower = np.split(passage, np.flatnonzero(passage == END) + 1)[:3]
    alone = table.cut_texts(["Paris", "A tower."])
    assert [title[:-1].tolist(), tower[:-1].tolist()] == [row.tolist() for row in alone]


def test_the_pieces_of_a_question_weigh_one_in_all_and_know_their_places(
    table: PieceTable,
) -> None:
    text = "Where is Pittsburgh?"
    query = table.cut_query(text)
    assert query.weights.sum() == pytest.approx(1.0)
    assert np.linalg.norm(query.directions, axis=1) == pytest.approx(1.0)
    words = [text[start:end] for start, end in query.spans]
    assert "".join(words) == "WhereisPittsburgh"
    by_word = dict(zip(words, query.weights, strict=True))
    assert sum(w for word, w in by_word.items() if word in "Pittsburgh") > by_word["is"]


def test_each_sentence_says_what_the_title_says(table: PieceTable) -> None:
    passages = cut(table, ("Paris", "A river.", "A tower."), ("", "Paris."), ("Paris",))
    paris = table.cut_query("Paris").directions
    cosines, _, owners = table.find_pieces(paris, NOTHING, passages)
    assert owners.tolist() == [0, 0, 1, 2]
    assert cosines == pytest.approx(1.0, abs=1e-5)


def test_wanted_pieces_are_there_or_not(table: PieceTable) -> None:
    (wanted,) = cut(table, ("bridge",))
    wanted = wanted[:1]
    passages = cut(table, ("", "The bridge fell.", "It was rebuilt."))
    _, present, _ = table.find_pieces(np.zeros((0, 256), np.float32), wanted, passages)
    assert present.tolist() == [[1.0, 0.0]]


def test_no_passages_and_empty_passages_do_no_harm(table: PieceTable) -> None:
    query = table.cut_query("Paris")
    cosines, present, owners = table.find_pieces(query.directions, NOTHING, [])
    assert (cosines.shape[1], present.shape, owners.shape) == (0, (0, 0), (0,))
    cosines, _, owners = table.find_pieces(query.directions, NOTHING, cut(table, ("", "?!"), ("",)))
    assert not cosines.any()
    assert owners.tolist() == [0, 1]
    assert len(table.cut_query("").weights) == 0


def test_near_words_are_found_sentence_by_sentence(table: PieceTable) -> None:
    (passage,) = cut(table, ("", "Die Brücke ist lang.", "Der See ist tief."))
    cosines = table.cosines_found(table.cut_query("Brücke").directions, passage)
    assert cosines.shape[1] == 2
    assert cosines[:, 0].min() > cosines[:, 1].min()
