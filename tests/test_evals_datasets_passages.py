"""Data sets of questions with passages: XRAG, BordIRlines."""

from pathlib import Path

import pytest
from published_files import Json, write_cells, write_json, write_lines

from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError

# XRAG


GERMAN = "Der See ist im Winter zugefroren, und die Kinder laufen darauf Schlittschuh."
ENGLISH = "The lake is frozen in winter, and the children go skating on it every day."


def xrag(name: str, code: str, **more: object) -> Json:
    articles = [ENGLISH, GERMAN, "Nothing of it is said in this article about mountains."]
    return {
        "id": name,
        "language": code,
        "question": f"Frage {name}?",
        "answer": "im Winter",
        "en_question": "When is the lake frozen?",
        "en_answer": "in winter",
        "q_type": "set",
        "a_type": "span",
        "crossdoc_type": 2,
        "articles": articles,
        "dates": ["2024-06-01"] * 3,
        "urls": ["u"] * 3,
        "is_support": [1, 1, 0],
        "article_order": [0, 1, 2],
        **more,
    }


def test_xrags_articles_get_the_language_that_they_are_in(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "xrag.dev.jsonl", [xrag("1", "de"), xrag("1", "de")])
    dataset = open_dataset("xrag", str(source))
    first, second = dataset.questions
    assert (first.id, second.id) == ("1", "1#2")
    assert first.fact == second.fact
    assert first.translations == {"en": "When is the lake frozen?"}
    assert first.answers == {"de": ["im Winter"], "en": ["in winter"]}
    documents = {document.id: document for document in dataset.documents}
    assert len(documents) == 3
    assert {documents[name].text: documents[name].language for name in first.gold} == {
        ENGLISH: "en",
        GERMAN: "de",
    }


def test_xrag_tells_what_supports_each_answer(tmp_path: Path) -> None:
    source = tmp_path / "xrag.test.jsonl"
    for support in ([1, 0], [1, 2, 0], "110"):
        write_lines(source, [xrag("1", "de", is_support=support)])
        with pytest.raises(DocumentError, match="test.jsonl:1: 'is_support' is .*; it has to be"):
            open_dataset("xrag", str(source))


# BordIRlines

HEADER = ("query_id", "query_text", "territory", "language")


def test_bordirlines_asks_about_a_territory_in_the_claimants_languages(tmp_path: Path) -> None:
    asked = [
        ("isle_zht", "該島屬於誰？", "Isle", "zht"),
        ("isle_iw", "למי שייך האי?", "Isle", "iw"),
        ("isle_control", "Whose is the isle?", "Isle", "control"),
    ]
    write_cells(tmp_path / "data" / "queries.tsv", [HEADER, *asked])
    texts = {"zht": {"p0": "這個島"}, "iw": {"p0": "האי"}, "control": {}}
    write_json(tmp_path / "data" / "all_docs.json", texts)
    dataset = open_dataset("bordirlines", str(tmp_path))
    assert [(q.id, q.language, q.fact) for q in dataset.questions] == [
        ("isle_zht", "zh", "Isle"),
        ("isle_iw", "he", "Isle"),
        ("isle_control", "en", "Isle"),
    ]
    assert dataset.questions[0].translations == {"he": "למי שייך האי?"}
    assert [(d.id, d.language) for d in dataset.documents] == [("zht:p0", "zh"), ("iw:p0", "he")]
    for question in dataset.questions:
        assert (question.gold, question.answers, question.answerable) == ({}, {}, None)
    assert len(open_dataset("bordirlines", str(tmp_path), languages=["he"]).questions) == 1


def test_tables_with_other_columns_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "queries.tsv"
    write_cells(source, [("query_id", "text", "territory", "language")])
    with pytest.raises(DocumentError, match="queries.tsv:1: the first line names 'query_id, text"):
        open_dataset("bordirlines", str(source))
    write_cells(source, [HEADER, ("1", "Whose?", "Isle", "martian")])
    with pytest.raises(DocumentError, match=":2: 'language' is 'martian'; it has to be a language"):
        open_dataset("bordirlines", str(source))
