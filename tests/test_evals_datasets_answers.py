"""Data sets of questions and answers: XOR-TyDi, AfriQA, PolyFact."""

from pathlib import Path
from typing import Any

import pytest
from published_files import Json, write_lines, write_parquet

from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError, UsageError

# XOR-TyDi


def xor(name: str, code: str, **more: object) -> Json:
    return {"id": name, "question": f"{name} in {code}?", "lang": code, "split": "dev", **more}


def test_xor_retrieve_is_answered_in_english_and_xor_full_in_the_askers_language(
    tmp_path: Path,
) -> None:
    record = xor("77", "fi ", answers=["Milan"])
    write_lines(tmp_path / "xor_dev_retrieve_eng_span_v1_1.jsonl", [record])
    full = {**record, "answers": "Milano"}
    write_lines(tmp_path / "xor_dev_full_v1_1.jsonl", [full])
    (asked,) = open_dataset("xor-retrieve", str(tmp_path)).questions
    assert (asked.language, asked.answers) == ("fi", {"en": ("Milan",)})
    (asked,) = open_dataset("xor-full", str(tmp_path)).questions
    assert (asked.language, asked.answers) == ("fi", {"fi": ("Milano",)})


def test_several_records_of_one_question_are_joined(tmp_path: Path) -> None:
    records = [
        xor("1", "ja", answers=["Como"]),
        xor("1", "te", answers=["Iseo"]),
        xor("1", "ja", answers=["Como", "Larius"]),
    ]
    source = write_lines(tmp_path / "xor_train_full.jsonl", records)
    asked: dict[str, Any] = {q.language: q for q in open_dataset("xor-full", str(source)).questions}
    assert asked["ja"].answers == {"ja": ("Como", "Larius")}
    assert asked["te"].answers == {"te": ("Iseo",)}
    assert asked["ja"].fact != asked["te"].fact
    write_lines(source, [*records, {**records[0], "question": "another?"}])
    with pytest.raises(DocumentError, match="jsonl:4: 'id' is '1'; it has to be another than"):
        open_dataset("xor-full", str(source))


def test_test_questions_come_without_answers(tmp_path: Path) -> None:
    write_lines(tmp_path / "xor_test_full_q_only_v1_1.jsonl", [xor("1", "bn")])
    (asked,) = open_dataset("xor-full", str(tmp_path), split="test").questions
    assert asked.answers == {}
    assert asked.answerable is None
    write_lines(tmp_path / "xor_test_full_q_only_v1_1.jsonl", [xor("1", "qq")])
    with pytest.raises(DocumentError, match="'lang' is 'qq'; it has to be a language code"):
        open_dataset("xor-full", str(tmp_path))


# AfriQA


def afriqa(name: int, code: str, answers: str, **more: object) -> Json:
    return {
        "id": name,
        "question": f"question {name}",
        "translated_question": f"translated {name}",
        "answers": answers,
        "lang": code,
        "split": "test",
        "translated_answer": "['the answer']",
        "translation_type": "human_translation",
        **more,
    }


def test_afriqa_is_answered_in_two_languages_and_by_passages_in_the_pivot(tmp_path: Path) -> None:
    queries = tmp_path / "queries" / "wol"
    asked = [
        afriqa(1, "wol", "['Ndakaaru']"),
        afriqa(2, "wol", "['Parti de l'Avenir', 'PA']"),
        afriqa(3, "wol", "[]", translated_answer="[]"),
    ]
    write_lines(queries / "queries.afriqa.wol.fr.test.json", asked)
    passage = {
        "id": "9",
        "context": "Dakar est au bord de la mer.",
        "title": "Dakar",
        "question_lang": "question 1",
        "question_translated": "translated 1",
        "answer_lang": "Ndakaaru",
        "answer_pivot": {"answer_start": [0], "text": ["Dakar"]},
    }
    folder = tmp_path / "gold_passages" / "wol"
    write_lines(folder / "gold_span_passages.afriqa.wol.fr.test.json", [passage])
    dataset = open_dataset("afriqa", str(tmp_path))
    (document,) = dataset.documents
    assert (document.language, document.title) == ("fr", "Dakar")
    first, second, third = dataset.questions
    assert first.answers == {"wo": ("Ndakaaru",), "fr": ("the answer",)}
    assert first.translations == {"fr": "translated 1"}
    assert first.gold == {document.id: 1}
    assert second.answers == {"wo": ("Parti de l'Avenir", "PA"), "fr": ("the answer",)}
    assert (second.gold, second.answerable) == ({}, True)
    assert (third.answers, third.answerable) == ({}, None)


def test_afriqa_is_read_for_the_languages_that_are_wanted(tmp_path: Path) -> None:
    for code, text in (("twi", "['Kumasi']"), ("hau", "['Kano']")):
        name = f"queries.afriqa.{code}.en.dev.json"
        write_lines(tmp_path / code / name, [afriqa(1, code, text)])
    dataset = open_dataset("afriqa", str(tmp_path), languages=["twi"])
    (asked,) = dataset.questions
    assert asked.language == "ak"
    assert asked.answers == {"ak": ("Kumasi",), "en": ("the answer",)}
    assert len({q.fact for q in open_dataset("afriqa", str(tmp_path)).questions}) == 2


# PolyFact


def choices(text: str, order: str) -> Json:
    """Make a question whose options stand in an order, such as `badc`."""
    options = {
        f"option_{place}": f"{text} {letter}" for place, letter in zip("abcd", order, strict=True)
    }
    ids = [f"Q{letter}" for letter in order]
    return {
        "question": f"{text}?",
        "answer_text": f"{text} a",
        "answer_index": order.index("a"),
        "option_ids": ids,
        **options,
    }


def test_polyfact_lists_candidates_in_one_order_in_all_languages(tmp_path: Path) -> None:
    record = {
        "fact_id": "Q5|P17|Q38",
        "subject": "Brescia",
        "translations": {"en": choices("lake", "badc"), "id": choices("danau", "dcab")},
    }
    write_parquet(tmp_path / "data" / "parallel" / "test.parquet", [record])
    dataset = open_dataset("polyfact", str(tmp_path))
    assert {q.id for q in dataset.questions} == {"Q5|P17|Q38"}
    english, indonesian = dataset.questions
    assert (english.language, indonesian.language) == ("en", "id")
    assert english.candidates == ["lake a", "lake b", "lake c", "lake d"]
    assert indonesian.candidates == ["danau a", "danau b", "danau c", "danau d"]
    assert english.answers == {"en": ["lake a"], "id": ["danau a"]}
    assert indonesian.translations == {"en": "lake?"}


def test_polyfact_is_read_from_the_files_of_its_languages_too(tmp_path: Path) -> None:
    for code in ("de", "sw"):
        row = {"fact_id": "Q1|P2|Q3", "language": code, **choices(code, "abcd")}
        del row["option_ids"]
        write_parquet(tmp_path / code / "train.parquet", [row])
    dataset = open_dataset("polyfact", str(tmp_path), languages=["sw"])
    (asked,) = dataset.questions
    assert asked.translations == {"de": "de?"}
    assert asked.answers == {"de": ["de a"], "sw": ["sw a"]}
    assert asked.candidates == ()
    write_parquet(tmp_path / "sw" / "train.parquet", [row, row])
    with pytest.raises(DocumentError, match="row 2: 'fact_id' is .*; it has to be an id that no"):
        open_dataset("polyfact", str(tmp_path))


def test_polyfact_refuses_what_is_no_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "parallel").mkdir()
    (tmp_path / "parallel" / "test.parquet").write_text("no")
    with pytest.raises(DocumentError, match="test.parquet is no Parquet file that can be read"):
        open_dataset("polyfact", str(tmp_path))
    with pytest.raises(UsageError, match="has no split 'validation': give one of test"):
        open_dataset("polyfact", str(tmp_path), split="dev")
