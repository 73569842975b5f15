"""Data sets that are questions in many languages: MKQA, Mintaka."""

from pathlib import Path
from typing import Any

import pytest
from published_files import Json, write_json, write_lines

from crosearch.evals.dataset_types import EvalDataset
from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError


def by_id(dataset: EvalDataset, name: str, language: str) -> Any:
    (found,) = [q for q in dataset.questions if (q.id, q.language) == (name, language)]
    return found


# MKQA


def mkqa(name: int, answers: dict[str, list[Json]]) -> Json:
    """Make a record whose question is there in English, Hebrew and three kinds of Chinese."""
    queries = {code: f"question {name} in {code}" for code in ("en", "he", "zh_cn", "zh_hk")}
    none = {code: [{"type": "unanswerable", "text": None}] for code in (*queries, "zh_tw")}
    return {
        "example_id": name,
        "query": queries["en"],
        "queries": {**queries, "zh_tw": "also left out"},
        "answers": {**none, **answers},
    }


def test_mkqa_gives_answers_with_their_aliases_in_each_language(tmp_path: Path) -> None:
    entity = {"type": "entity", "entity": "Q1", "text": "Bergamo", "aliases": ["Bèrghem", " "]}
    answers: dict[str, list[Json]] = {
        "en": [entity, {"type": "short_phrase", "text": "the upper town"}],
        "he": [{"type": "entity", "entity": "Q1", "text": "ברגמו"}],
    }
    source = write_lines(tmp_path / "mkqa.jsonl.gz", [mkqa(7, answers)])
    dataset = open_dataset("mkqa", str(source))
    assert {q.language for q in dataset.questions} == {"en", "he", "zh"}
    asked = by_id(dataset, "7", "zh")
    assert asked.text == "question 7 in zh_cn"
    assert asked.translations == {"en": "question 7 in en", "he": "question 7 in he"}
    assert asked.answers == {"en": ("Bergamo", "Bèrghem", "the upper town"), "he": ("ברגמו",)}
    assert asked.answerable is True
    assert dataset.documents == ()


def test_mkqa_tells_which_questions_have_no_answer(tmp_path: Path) -> None:
    long = {code: [{"type": "long_answer", "text": None}] for code in ("en", "he", "zh_cn")}
    told: dict[str, list[Json]] = {
        code: [{"type": "binary", "text": "no"}] for code in ("en", "he", "zh_cn")
    }
    source = tmp_path / "mkqa.jsonl"
    write_lines(source, [mkqa(1, {}), mkqa(2, long), mkqa(3, told)])
    dataset = open_dataset("mkqa", str(tmp_path), languages=["he"])
    assert [(q.answerable, q.answers.get(q.language)) for q in dataset.questions] == [
        (False, None),
        (False, None),
        (True, ("no",)),
    ]


def test_the_hubs_rows_of_mkqa_number_the_kinds_of_answers(tmp_path: Path) -> None:
    datasets: Any = pytest.importorskip("datasets")
    rows = [
        {
            "example_id": "5",
            "queries": {"en": "which lake?", "de": "welcher See?"},
            "answers": {
                code: [{"type": 0, "entity": "Q9", "text": "Iseo", "aliases": []}]
                for code in ("en", "de")
            },
        }
    ]
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "saved")
    dataset = open_dataset("mkqa", str(tmp_path / "saved"), languages="de")
    assert dataset.questions[0].answers == {"en": ("Iseo",), "de": ("Iseo",)}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"queries": None}, "mkqa.jsonl:1: 'queries' is None; it has to be an object"),
        ({"queries": {"xx": "?"}}, "the field 'xx' has to be a language code"),
        ({"example_id": [1]}, r"'example_id' is \[1\]; it has to be a text"),
        ({"answers": {"en": "x"}}, "answers: 'en' is 'x'; it has to be a list"),
        ({"answers": {"en": [{"type": "essay"}]}}, "'type' is 'essay'; it has to be one of ent"),
        ({"answers": {"en": [{"type": "date", "text": 3}]}}, "'text' is 3; it has to be a text"),
    ],
)
def test_records_of_mkqa_that_are_not_as_published_are_told(
    tmp_path: Path, change: Json, told: str
) -> None:
    source = write_lines(tmp_path / "mkqa.jsonl", [{**mkqa(1, {}), **change}])
    with pytest.raises(DocumentError, match=told):
        open_dataset("mkqa", str(source))


def test_a_line_that_is_no_json_is_told_by_its_number(tmp_path: Path) -> None:
    source = tmp_path / "mkqa.jsonl"
    write_lines(source, [mkqa(1, {})])
    with source.open("a") as lines:
        lines.write("\n{oh\n")
    with pytest.raises(DocumentError, match=r"mkqa.jsonl:3: not JSON \(.*\): '\{oh'"):
        open_dataset("mkqa", str(source))
    packed = write_lines(tmp_path / "packed" / "mkqa.jsonl.gz", [mkqa(1, {})] * 50)
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(DocumentError, match=r"mkqa.jsonl.gz is packed, and damaged"):
        open_dataset("mkqa", str(packed))


def test_two_questions_with_one_id_are_refused(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "mkqa.jsonl", [mkqa(4, {}), mkqa(4, {})])
    with pytest.raises(DocumentError, match="has 2 questions in en with the id '4'; ids have to"):
        open_dataset("mkqa", str(source))


# Mintaka


def mintaka(name: str, answer: Json) -> Json:
    codes = ("ar", "de", "ja", "hi", "pt", "es", "it", "fr")
    return {
        "id": name,
        "question": "in en?",
        "translations": {code: f"in {code}?" for code in codes},
        "questionEntity": [],
        "answer": answer,
        "category": "geography",
        "complexityType": "generic",
    }


def test_mintaka_tells_an_answer_in_the_languages_in_which_it_has_a_name(tmp_path: Path) -> None:
    garda = {"name": "Q1", "label": {"en": "Lake Garda", "de": "Gardasee", "ja": None}}
    como = {"name": "Q2", "label": {"en": "Lake Como", "de": "Comer See", "ja": "コモ湖"}}
    one = {"answerType": "entity", "answer": [como], "mention": "Lake Como"}
    two = {"answerType": "entity", "answer": [garda, como], "mention": "Garda and Como"}
    records = [mintaka("a", one), mintaka("b", two)]
    source = write_json(tmp_path / "mintaka_test.json", records)
    dataset = open_dataset("mintaka", str(source))
    assert len(dataset.questions) == 18
    asked = by_id(dataset, "a", "ja")
    assert asked.text == "in ja?"
    assert asked.answers == {"en": ("Lake Como",), "de": ("Comer See",), "ja": ("コモ湖",)}
    assert by_id(dataset, "b", "en").answers == {
        "en": ("Lake Garda, Lake Como", "Garda and Como"),
        "de": ("Gardasee, Comer See",),
    }


def test_mintaka_writes_numbers_and_dates_alike_in_all_languages(tmp_path: Path) -> None:
    labelled = [{"name": "Q1", "label": "Lake Garda"}]
    answers: dict[str, Json] = {
        "number": {"answerType": "number", "answer": [3], "mention": "three"},
        "date": {"answerType": "date", "answer": ["1911-01-01"], "mention": "in 1911"},
        "yes": {"answerType": "boolean", "answer": [True], "mention": "Yes"},
        "text": {"answerType": "string", "answer": ["the older"], "mention": "the older"},
        "none": {"answerType": "entity", "answer": None, "mention": "nobody knows"},
        "count": {"answerType": "entity", "answer": labelled, "mention": "one", "answerNum": 1},
    }
    records = [mintaka(name, answer) for name, answer in answers.items()]
    source = write_json(tmp_path / "mintaka_dev.json", records)
    dataset = open_dataset("mintaka", str(source), languages=["it"], split="dev")
    answered: dict[str, Any] = {q.id: q.answers for q in dataset.questions}
    assert answered["number"]["it"] == ("3",)
    assert answered["number"]["en"] == ("3", "three")
    assert answered["date"]["it"] == ("1911-01-01",)
    assert answered["yes"] == {"en": ("Yes",)}
    assert answered["text"] == {"en": ("the older",)}
    assert answered["none"] == {"en": ("nobody knows",)}
    assert answered["count"]["en"] == ("Lake Garda", "one", "1")
    assert answered["count"]["it"] == ("1",)


def test_records_of_mintaka_that_are_not_as_published_are_told(tmp_path: Path) -> None:
    source = write_json(tmp_path / "mintaka_dev.json", [mintaka("a", {"answerType": "song"})])
    with pytest.raises(DocumentError, match=r"record 0: answer: 'answerType' is 'song'; it has to"):
        open_dataset("mintaka", str(source))
    write_json(source, {"data": []})
    with pytest.raises(DocumentError, match="not a JSON list but"):
        open_dataset("mintaka", str(source))
