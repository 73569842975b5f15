"""XQuAD, and what is asked for that is not there."""

from pathlib import Path
from typing import Any

import pytest
from lake_questions import LAKES, RIVERS, by_id, one_language
from published_files import squad, write_json, write_text
from shared_data import shared_data

from crosearch.evals.datasets import datasets_known, describe_dataset, open_dataset
from crosearch.tools.errors import DocumentError, UsageError


@pytest.fixture
def xquad(tmp_path: Path) -> Path:
    for code in LAKES:
        write_json(tmp_path / "xquad" / f"xquad.{code}.json", one_language(code))
    return tmp_path / "xquad"


def test_parallel_questions_are_one_fact_and_all_languages_answer(xquad: Path) -> None:
    dataset = open_dataset("xquad", str(xquad))
    assert dataset.name == "xquad"
    assert len(dataset.questions) == 6
    asked = by_id(dataset, "q-river", "de")
    assert asked.text == "Welcher Fluss verlässt ihn?"
    assert asked.fact == by_id(dataset, "q-river", "zh").fact
    assert asked.translations == {"en": "Which river leaves it?", "zh": "哪条河流出？"}
    assert asked.answers == {"de": ("Agogna",), "en": ("Agogna",), "zh": ("阿戈尼亚河",)}
    assert asked.gold == {"0.1.de": 1, "0.1.en": 1, "0.1.zh": 1}
    assert asked.answerable is True
    documents = {document.id: document for document in dataset.documents}
    assert set(documents) == {f"0.{n}.{code}" for n in (0, 1) for code in LAKES}
    assert documents["0.1.zh"].text == RIVERS["zh"][0]
    assert documents["0.1.zh"].language == "zh"
    # As published it is the English article's, whatever the language.
    assert {document.title for document in documents.values()} == {""}
    assert documents["0.1.zh"].parallel == documents["0.1.en"].parallel == "0.1"


def test_only_the_languages_that_are_wanted_are_read(xquad: Path) -> None:
    write_text(xquad / "xquad.ar.json", "not read, so not refused")
    dataset = open_dataset("xquad", str(xquad), languages="de,en")
    assert {q.language for q in dataset.questions} == {"de", "en"}
    assert {document.language for document in dataset.documents} == {"de", "en"}
    assert by_id(dataset, "q-lake", "de").gold == {"0.0.de": 1, "0.0.en": 1}


def test_a_single_file_is_read_without_its_folder(xquad: Path) -> None:
    dataset = open_dataset("xquad", str(xquad / "xquad.zh.json"))
    assert [q.language for q in dataset.questions] == ["zh", "zh"]
    assert dataset.questions[0].translations == {}


def test_paragraphs_in_another_order_are_not_taken_for_translations(xquad: Path) -> None:
    turned = one_language("de")
    turned["data"][0]["paragraphs"].reverse()
    write_json(xquad / "xquad.de.json", turned)
    with pytest.raises(DocumentError, match="stands in paragraph 0.0, and in 0.1 at .*xquad.de"):
        open_dataset("xquad", str(xquad))


def broken(xquad: Path, *path: str | int, value: object) -> str:
    """Put a value into one file, and return what is said of it."""
    content: Any = one_language("de")
    inner = content
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    write_json(xquad / "xquad.de.json", content)
    with pytest.raises(DocumentError) as refused:
        open_dataset("xquad", str(xquad))
    assert "xquad.de.json" in str(refused.value)
    return str(refused.value)


def test_what_is_not_as_published_is_told_with_place_field_value_and_remedy(xquad: Path) -> None:
    in_first = ("data", 0, "paragraphs", 0)
    assert broken(xquad, *in_first, "context", value=7).endswith(
        "xquad.de.json: data[0]: paragraphs[0]: 'context' is 7; it has to be a text"
    )
    assert "qas[0]: 'question' is '  '; it has to be a text that is not blank" in broken(
        xquad, *in_first, "qas", 0, "question", value="  "
    )
    assert "'paragraphs' is {}; it has to be a list" in broken(
        xquad, "data", 0, "paragraphs", value={}
    )
    assert "answers[0]: 'text' is missing; it has to be a text, and the fields are answer" in (
        broken(xquad, *in_first, "qas", 0, "answers", value=[{"answer": "x"}])
    )
    assert "paragraphs[1]: 'no' has to be an object" in broken(
        xquad, "data", 0, "paragraphs", 1, value="no"
    )
    assert "a text without U+0000, which stands at 1" in broken(
        xquad, *in_first, "context", value="a\0b"
    )
    assert "an id that no other question of this language has" in broken(
        xquad, "data", 0, "paragraphs", 1, "qas", 0, "id", value="q-lake"
    )


def test_files_that_are_no_json_are_told_by_name(xquad: Path) -> None:
    write_text(xquad / "xquad.de.json", '{"data": [\n  oh')
    with pytest.raises(DocumentError, match=r"xquad.de.json: not JSON \(.*line 2 column 3\)"):
        open_dataset("xquad", str(xquad))
    write_text(xquad / "xquad.de.json", "[]")
    with pytest.raises(DocumentError, match="not a JSON object but"):
        open_dataset("xquad", str(xquad))
    (xquad / "xquad.de.json").write_bytes(b'{"data": "\xff"}')
    with pytest.raises(DocumentError, match="xquad.de.json is not valid UTF-8: byte 10"):
        open_dataset("xquad", str(xquad))


def test_names_that_nobody_knows_get_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'xqad' \(did you mean 'xquad'\?\); known are mkqa, xqu"):
        open_dataset("xqad", str(tmp_path))
    with pytest.raises(UsageError, match=r"no questions in 'germn' \(did you mean 'de'\?\)"):
        open_dataset("xquad", str(tmp_path), languages=["germn"])
    with pytest.raises(UsageError, match="mlqa has no questions in 'fr'; its languages are ar, de"):
        open_dataset("mlqa", str(tmp_path), languages="fr")
    with pytest.raises(UsageError, match="xquad has no splits: leave 'dev' out"):
        open_dataset("xquad", str(tmp_path), split="dev")
    assert describe_dataset("XOR_Full") is describe_dataset("xor full")


def test_what_is_not_there_is_told_with_what_is_expected(xquad: Path, tmp_path: Path) -> None:
    expected = r"xquad is read from xquad.LANGUAGE.json, or from the Hugging Face dataset google"
    with pytest.raises(UsageError, match=f"there is no file or folder '.*nowhere'; {expected}"):
        open_dataset("xquad", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match=f"nothing in .* has a published name; {expected}"):
        open_dataset("xquad", str(write_text(tmp_path / "other" / "a.json", "{}").parent))
    with pytest.raises(UsageError, match="has no questions in tr"):
        open_dataset("xquad", str(xquad), languages=["tr", "de"])
    write_json(tmp_path / "xquad" / "copy" / "xquad.de.json", one_language("de"))
    with pytest.raises(UsageError, match=r"two files of xquad for 'de': .*; give one of them"):
        open_dataset("xquad", str(xquad))
    with pytest.raises(DocumentError, match="has no questions"):
        open_dataset("xquad", str(write_json(tmp_path / "empty" / "xquad.de.json", squad())))


def test_every_data_set_is_described_in_full() -> None:
    known = datasets_known()
    assert len({about.name for about in known}) == len(known)
    for about in known:
        assert about.title and about.size and about.licence and about.files
        assert about.paper.startswith("https://")
        assert about.where.startswith("https://")


def test_xquad_itself_is_read() -> None:
    dataset = open_dataset("xquad", str(shared_data() / "xquad_dev"))
    assert len(dataset.questions) == 11 * 612
    documents = {document.id: document for document in dataset.documents}
    assert len(documents) == 11 * 120
    for asked in dataset.questions:
        assert len(asked.translations) == 10
        assert len(asked.gold) == 11
        own = next(documents[name] for name in asked.gold if name.endswith(f".{asked.language}"))
        assert any(answer in own.text for answer in asked.answers[asked.language])
