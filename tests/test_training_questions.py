"""Questions are read from files and datasets as they lie; what is wrong is told with its place."""

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.errors import CroSearchError, DocumentError, UsageError
from crosearch.tools.languages import Language
from crosearch.tools.sample import sample_passages_path, sample_questions
from crosearch.training.question_files import Row, is_local
from crosearch.training.questions import (
    Question,
    count_questions,
    parse_question,
    read_questions,
)

FR, DE, ID = Language("fr"), Language("de"), Language("id")

ROWS: list[dict[str, object]] = [
    {
        "id": "a",
        "question": "Where is Cordouan?",
        "language": "en",
        "answers": {"en": ["the Gironde"], "fr": ["la Gironde"]},
        "translations": {"fr": "Où est Cordouan ?"},
    },
    {"id": "b", "question": "Wie tief ist der See?", "language": "DE", "answers": ["1,8 Meter"]},
    {"id": 3, "question": " Quand ? ", "question_de": "Wann war das?"},
]
READ = [
    Question(
        text="Where is Cordouan?",
        language=Language("en"),
        id="a",
        answers={"en": ("the Gironde",), "fr": ("la Gironde",)},
        translations={FR: "Où est Cordouan ?"},
    ),
    Question(text="Wie tief ist der See?", language=DE, id="b", answers={"de": ("1,8 Meter",)}),
    Question(text="Quand ?", id="3", translations={DE: "Wann war das?"}),
]


def jsonl(folder: Path, rows: Sequence[object], name: str = "questions.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(DocumentError) as refusal:
        count_questions(path)
    return str(refusal.value)


def test_the_samples_own_questions_are_read_as_they_are() -> None:
    path = sample_passages_path().with_name("questions.jsonl")
    read = list(read_questions(path))
    assert len(read) == count_questions(path) == len(sample_questions())
    for question, known in zip(read, sample_questions(), strict=True):
        assert (question.id, question.text, question.language) == (
            known.id, known.question, known.language,
        )  # fmt: skip
        assert question.answers == known.answers


def test_jsonl(tmp_path: Path) -> None:
    path = jsonl(tmp_path, ROWS)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n  \n")
    assert list(read_questions(path)) == READ


def test_only_as_many_are_read_as_are_wanted(tmp_path: Path) -> None:
    path = jsonl(tmp_path, [*ROWS, {"question": 5}])
    assert list(read_questions(path, limit=2)) == READ[:2]
    assert count_questions(path, limit=3) == 3


def test_csv_holds_answers_and_translations_as_text_or_json(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "question", "language", "answers", "question_fr"])
        lines.writerow(["1", "Where,\nand when?", "en", "[in Paris], 1889", "Où et quand ?"])
        lines.writerow(["2", "How tall?", "", '["330 m", "330"]', ""])
        lines.writerow(["3", "How deep?", "", '{"fr": ["1,8 m"], "de": "1,8 m"}', ""])
    first, second, third = read_questions(path)
    assert (first.text, first.answers) == ("Where,\nand when?", {"en": ("[in Paris], 1889",)})
    assert first.translations == {FR: "Où et quand ?"}
    assert (second.language, second.answers) == (None, {"und": ("330 m", "330")})
    assert third.answers == {"fr": ("1,8 m",), "de": ("1,8 m",)}


@pytest.mark.parametrize(("name", "between"), [("q.tsv", "\t"), ("q.csv", ";")])
def test_what_else_may_stand_between_fields(tmp_path: Path, name: str, between: str) -> None:
    path = tmp_path / name
    path.write_text(f"\ufeffquestion{between}id\nWho, and why?{between}x\n", encoding="utf-8")
    assert list(read_questions(path)) == [Question(text="Who, and why?", id="x")]


def test_parquet_and_saved_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [{**row, "id": str(row["id"])} for row in ROWS]
    for row in rows:
        row.setdefault("answers", None)
        row.setdefault("question_de", None)  # the first row names the columns
    rows[1]["answers"] = {"de": ["1,8 Meter"]}
    dataset = datasets.Dataset.from_list(rows)
    dataset.to_parquet(tmp_path / "questions.parquet")
    dataset.save_to_disk(tmp_path / "alone")
    datasets.DatasetDict({"train": dataset, "test": dataset.select([1])}).save_to_disk(
        tmp_path / "split"
    )
    assert list(read_questions(tmp_path / "questions.parquet")) == READ
    assert list(read_questions(tmp_path / "alone")) == READ
    assert list(read_questions(f"{tmp_path / 'split'}:train")) == READ
    assert list(read_questions(f"{tmp_path / 'split'}:test")) == READ[1:2]
    with pytest.raises(UsageError, match=r"has several splits: give .*:train, .*:test"):
        count_questions(tmp_path / "split")
    with pytest.raises(UsageError, match="has no split 'dev': give"):
        count_questions(f"{tmp_path / 'split'}:dev")


def test_answers_in_the_form_of_squad() -> None:
    values = {"question": "Who?", "answers": {"text": ["Ada", "Ada"], "answer_start": [0, 9]}}
    assert parse_question(Row(place="here", values=values)).answers == {"und": ("Ada",)}


@pytest.mark.parametrize(
    ("value", "translations"),
    [
        ("Siapa yang menulisnya?", {ID: "Siapa yang menulisnya?"}),
        ("q-17", {}),
        (17, {}),
        (None, {}),
    ],
)
def test_question_id_is_indonesian_only_where_it_is_a_question(
    value: object, translations: dict[Language, str]
) -> None:
    row = Row(place="here", values={"question": "Who wrote it?", "question_id": value})
    assert parse_question(row).translations == translations


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"language": "en"}, "'question' is missing; it has to be a text; the fields are language"),
        ({"question": 5}, "'question' is 5; it has to be a text"),
        ({"question": "  "}, "'question': the question is blank"),
        ({"question": "x" * 5_000}, "'question': the question has 5,000 characters; at most 4,000"),
        ({"question": "a\0b"}, "must not hold a null byte"),
        ({"question": "a\ud800"}, "must not hold half a surrogate pair"),
        ({"question": "a?", "language": "klingon"}, "'language': unknown language 'klingon'"),
        ({"question": "a?", "language": 7}, "'language': unknown language '7'"),
        ({"question": "a?", "id": [1]}, "'id' is [1]; it has to be a text or a whole number"),
        ({"question": "a?", "answers": 7}, "'answers' is 7; give a list of texts"),
        ({"question": "a?", "answers": [["b"]]}, "'answers' holds ['b']; a gold answer has to be"),
        ({"question": "a?", "answers": {"xx": ["b"]}}, "'answers': unknown language 'xx'"),
        ({"question": "a?", "translations": "b"}, "'translations' is 'b'; give texts by language"),
        ({"question": "a?", "translations": {"fr": 1}}, "'translations.fr' is 1; it has to be a"),
    ],
)
def test_a_wrong_row_is_told_with_file_line_field_and_value(
    tmp_path: Path, row: object, message: str
) -> None:
    path = jsonl(tmp_path, [ROWS[0], row])
    assert refused(path).startswith(f"{path}:2: ")
    assert message in refused(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no questions"),
        (b"{nonsense\n", ":1: not JSON (Expecting property name"),
        (b"[1]\n", ":1: not a JSON object but [1]"),
        (b'{"question": "\xff"}\n', ":1: not valid UTF-8: byte 14 of the line is 0xff"),
        (b"[" * 100_000 + b"\n", ":1: not JSON (RecursionError)"),
    ],
)
def test_a_file_that_is_no_jsonl(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(content)
    assert message in refused(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"question,id\na?,1\nb?,2,3\n", ":3: 3 fields, and the first line names 2: question, id"),
        (b'question\n"open', ": not CSV"),
        (b"question\n\xff\n", "is not valid UTF-8"),
        (b"text\nWho?\n", ":2: 'question' is missing; it has to be a text; the fields are text"),
    ],
)
def test_a_file_that_is_no_csv(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "questions.csv"
    path.write_bytes(content)
    assert message.removeprefix(":") in refused(path)


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "questions.parquet"
    path.write_bytes(b"question\n")
    assert "is no Parquet file that can be read" in refused(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    for name, message in (
        ("missing.jsonl", "there is no file"),
        ("questions.txt", "is of no kind that can be read: .jsonl"),
        ("a/b/c", "there is no file or folder"),
    ):
        (tmp_path / "questions.txt").write_text("Who?")
        with pytest.raises(UsageError, match=message):
            count_questions(tmp_path / name)


@pytest.mark.parametrize(
    ("package", "name"), [("pyarrow", "questions.parquet"), ("datasets", "org/questions")]
)
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("questions.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        UsageError, match=rf"takes the package {package}: pip .*'crosearch\[data\]'"
    ):
        count_questions(name)


def test_what_lies_here_can_be_read_twice(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    assert is_local("questions.csv")
    assert is_local(str(tmp_path / "saved")) and is_local(f"{tmp_path / 'saved'}:train")
    assert not is_local("org/questions:train")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(["question", "language", "answers", "id", "translations", "question_fr"])


@given(st.dictionaries(FIELDS, VALUES))
def test_any_row_is_a_question_or_an_error_with_its_place(values: dict[str, object]) -> None:
    try:
        question = parse_question(Row(place="questions.jsonl:7", values=values))
    except CroSearchError as error:
        assert str(error).startswith("questions.jsonl:7: '")
    else:
        assert question.text.strip() == question.text != ""
