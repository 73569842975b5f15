"""XQuAD-R and MLQA-R: questions that sentences answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from published_files import Json, paragraph, question, squad, write_json, write_lines
from shared_data import shared_data

from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError, UsageError

SENTENCES = {
    "en": ["The mill burned down. ", "It was built again in 1911."],
    "de": ["Die Mühle ", "brannte ab. ", "Sie wurde 1911 neu gebaut."],
}
QUESTIONS = {"en": "When was it rebuilt?", "de": "Wann wurde sie neu gebaut?"}


def published(code: str) -> Json:
    """Make XQuAD-R's file: SQuAD's format, with sentences and where they begin and end."""
    sentences = SENTENCES[code]
    context = "".join(sentences)
    starts = [sum(map(len, sentences[:number])) for number in range(len(sentences))]
    breaks = [[start, start + len(text)] for start, text in zip(starts, sentences, strict=True)]
    asked = question("q-mill", QUESTIONS[code], "1911", context)
    return squad([paragraph(context, asked, sentences=sentences, sentence_breaks=breaks)])


@pytest.fixture
def lareqa(tmp_path: Path) -> Path:
    for code in SENTENCES:
        write_json(tmp_path / "xquad-r" / f"{code}.json", published(code))
    return tmp_path / "xquad-r"


def test_a_sentence_answers_in_each_language(lareqa: Path) -> None:
    dataset = open_dataset("xquad-r-sentences", str(lareqa))
    documents = {document.id: document.text for document in dataset.documents}
    assert len(documents) == 5
    for asked in dataset.questions:
        assert asked.fact == "q-mill"
        assert asked.gold == {"0.0.1.en": 1, "0.0.2.de": 1}
    assert documents["0.0.1.en"] == "It was built again in 1911."
    assert documents["0.0.2.de"] == "Sie wurde 1911 neu gebaut."


def test_its_paragraphs_are_documents_of_the_plain_set(lareqa: Path) -> None:
    dataset = open_dataset("xquad-r", str(lareqa))
    assert [(d.id, d.parallel) for d in dataset.documents] == [
        ("0.0.de", "0.0"),
        ("0.0.en", "0.0"),
    ]
    assert dataset.questions[0].gold == {"0.0.de": 1, "0.0.en": 1}


def test_mlqa_r_has_the_same_files_and_paragraphs_of_its_own(lareqa: Path) -> None:
    english = published("en")
    english["data"].insert(0, {"title": "Another", "paragraphs": []})
    write_json(lareqa / "en.json", english)
    paragraphs = open_dataset("mlqa-r", str(lareqa))
    assert paragraphs.questions[0].gold == {"0.0.de": 1, "1.0.en": 1}
    assert {document.parallel for document in paragraphs.documents} == {""}
    sentences = open_dataset("mlqa-r-sentences", str(lareqa))
    assert sentences.questions[0].gold == {"0.0.2.de": 1, "1.0.1.en": 1}
    for name in ("xquad-r", "xquad-r-sentences"):
        with pytest.raises(DocumentError, match="the same order in all languages"):
            open_dataset(name, str(lareqa))


def broken(lareqa: Path, where: str, value: object) -> str:
    content: Any = published("de")
    first = content["data"][0]["paragraphs"][0]
    (first["qas"][0]["answers"][0] if where == "answer_start" else first)[where] = value
    write_json(lareqa / "de.json", content)
    with pytest.raises(DocumentError) as refused:
        open_dataset("xquad-r-sentences", str(lareqa))
    return str(refused.value)


def test_sentences_that_are_not_as_published_are_told(lareqa: Path) -> None:
    assert "'answer_start' is 900; it has to be a place in the sentences, before 48" in broken(
        lareqa, "answer_start", 900
    )
    assert "'answer_start' is '3'; it has to be a whole number" in broken(
        lareqa, "answer_start", "3"
    )
    assert "as long as 'sentences', which are 3, and it has 1 pairs" in broken(
        lareqa, "sentence_breaks", [[0, 9]]
    )
    assert "'sentence_breaks' is [[0, 9], [9, 4]]; it has to be pairs of numbers that" in broken(
        lareqa, "sentence_breaks", [[0, 9], [9, 4]]
    )
    assert "de.json: data[0]: paragraphs[0]: sentences: '1' is None; it has to be a text" in (
        broken(lareqa, "sentences", ["a", None, "b"])
    )


def line(code: str, sentence: int) -> Json:
    """Make a line of the other form, in which a paragraph is one."""
    sentences = SENTENCES[code]
    asked = ["q-mill", QUESTIONS[code], sentence, "1911"]
    context = "".join(sentences)
    return {"pid": "4-0", "context": context, "sents": sentences, "qas": [asked]}


def test_lines_of_paragraphs_are_read_too(tmp_path: Path) -> None:
    write_lines(tmp_path / "en.jsonl", [line("en", 1)])
    write_lines(tmp_path / "de.jsonl", [line("de", 2)])
    sentences = open_dataset("xquad-r-sentences", str(tmp_path))
    assert sentences.questions[0].gold == {"4.0.2.de": 1, "4.0.1.en": 1}
    assert sentences.questions[0].answers == {"de": ("1911",), "en": ("1911",)}
    paragraphs = open_dataset("xquad-r", str(tmp_path))
    assert paragraphs.questions[0].gold == {"4.0.de": 1, "4.0.en": 1}
    write_lines(tmp_path / "de.jsonl", [line("de", 3)])
    with pytest.raises(DocumentError, match=r"de.jsonl:1: qas\[0\] is .* sentence, below 3, and"):
        open_dataset("xquad-r-sentences", str(tmp_path))
    write_json(tmp_path / "de.json", published("de"))
    with pytest.raises(UsageError, match="two files of xquad-r for 'de'"):
        open_dataset("xquad-r", str(tmp_path))


def test_xquad_r_itself_is_read_and_its_sentences_have_the_answers_of_xquad() -> None:
    """Where an answer starts in XQuAD's paragraph, the sentence that XQuAD-R names stands."""
    dataset = open_dataset("xquad-r-sentences", str(shared_data() / "xquad_r_dev"))
    assert len(dataset.questions) == 11 * 612
    sentences = {document.id: document.text for document in dataset.documents}
    for code in ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"):
        starts = _starts(shared_data() / "xquad_dev" / f"xquad.{code}.json")
        held = 0
        for asked in dataset.questions:
            if asked.language == code:
                (name,) = (name for name in asked.gold if name.endswith(f".{code}"))
                held += starts[asked.id] in " ".join(sentences[name].split())
        assert held >= 0.97 * 612, code


def _starts(path: Path) -> dict[str, str]:
    """Read the first characters of each answer, which stand in one sentence."""
    content = json.loads(path.read_text())
    parts = [part for article in content["data"] for part in article["paragraphs"]]
    asked = [asked for part in parts for asked in part["qas"]]
    return {q["id"]: " ".join(q["answers"][0]["text"].split())[:6] for q in asked}
