import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.tools.errors import DocumentError, UsageError
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.training.pair_files import read_pairs, write_pairs
from crosearch.training.pair_records import PairRecord, PairSet

EN, DE, RU = Language("en"), Language("de"), Language("ru")

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_questions_with_passages_in_several_languages_are_read(write: Write) -> None:
    path = write(
        "lakes.jsonl",
        lines(
            {"about": {"source": "our lakes", "licence": "CC0", "since": 2020}},
            {
                "id": "q1",
                "query": {"EN": " How deep is it? "},
                "passage": {"en": "It is 300 m deep.", "ru": ["Глубина 300 м.", "300 метров."]},
                "negatives": {"en": ["It is 5 km long."]},
                "group": "Lake",
            },
            {"query": {"de": "Wie tief?"}, "passage": {"en": "Deep."}, "remark": "passed over"},
        ),
    )

    pairs = read_pairs(path, weight=2.0)

    assert (pairs.name, pairs.kind, pairs.weight) == ("lakes", "questions", 2.0)
    assert (pairs.source, pairs.licence) == ("our lakes", "CC0")
    first, second = pairs.records
    assert first.query == {EN: ("How deep is it?",)}
    assert first.passage[RU] == ("Глубина 300 м.", "300 метров.")
    assert first.negatives == {EN: ("It is 5 km long.",)}
    assert first.group == "Lake"
    assert not first.parallel
    assert first.languages == (EN, RU)
    assert len(second.id) == 16


def test_texts_that_say_the_same_have_one_side(write: Write) -> None:
    path = write("bread.jsonl", lines({"texts": {"en": "bread", "de": ["Brot", "Laib"]}}))

    pairs = read_pairs(path)

    assert pairs.kind == "parallel"
    assert pairs.records[0].parallel
    assert pairs.records[0].passage == {EN: ("bread",), DE: ("Brot", "Laib")}


def test_a_file_of_texts_may_say_that_it_holds_terms(write: Write) -> None:
    path = write(
        "t.jsonl", lines({"about": {"kind": "terms"}}, {"texts": {"en": "bread", "de": "Brot"}})
    )

    assert read_pairs(path).kind == "terms"


def test_a_table_has_a_language_in_each_column(write: Write) -> None:
    path = write("news.tsv", 'en\tde\tru\nHe said "no".\tEr sagte „nein“.\t\nBread\t\tХлеб\n')

    pairs = read_pairs(path)

    assert pairs.kind == "parallel"
    assert pairs.records[0].query == {EN: ('He said "no".',), DE: ("Er sagte „nein“.",)}
    assert pairs.records[1].query == {EN: ("Bread",), RU: ("Хлеб",)}


@pytest.mark.parametrize(("column", "kind"), [("term", "terms"), ("text", "parallel")])
def test_a_table_may_have_a_line_for_each_language(write: Write, column: str, kind: str) -> None:
    path = write("bread.tsv", f"lang\t{column}\ten\tpos\nde\tBrot\tbread\tn\nru\tхлеб\tbread\tn\n")

    pairs = read_pairs(path)

    assert pairs.kind == kind
    assert [dict(record.query) for record in pairs.records] == [
        {DE: ("Brot",), EN: ("bread",)},
        {RU: ("хлеб",), EN: ("bread",)},
    ]


def test_what_is_said_twice_is_read_once(write: Write) -> None:
    path = write("bread.tsv", "lang\tterm\ten\nde\tBrot\tbread\nde\tBrot\tbread\n")

    assert len(read_pairs(path).records) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"query": {"en": "Who?"}}, "'passage' is missing"),
        ({"passage": {"en": "He."}}, "'query' is missing"),
        ({"query": {}, "passage": {"en": "He."}}, "'query' holds no text"),
        ({"query": "Who?", "passage": {"en": "He."}}, '{"en": "…"}'),
        ({"query": {"xx": "Who?"}, "passage": {"en": "He."}}, "unknown language 'xx'"),
        ({"query": {"en": "  "}, "passage": {"en": "He."}}, "'query.en' is an empty text"),
        ({"query": {"en": []}, "passage": {"en": "He."}}, "'query.en' is []"),
        ({"query": {"en": [3]}, "passage": {"en": "He."}}, "'query.en' holds 3"),
        ({"query": {"en": "Who?"}, "passage": {"en": "x" * 2**20}}, "1,048,576 characters"),
        ({"query": {"en": "a\0b"}, "passage": {"en": "He."}}, "null byte"),
        ({"query": {"en": "\ud800"}, "passage": {"en": "He."}}, "surrogate"),
        ({"query": {"en": "W"}, "passage": {"en": "H"}, "group": []}, "'group' is []"),
        ({"query": {"en": "W"}, "passage": {"en": "H"}, "negatives": {"de": "H"}}, "leave it out"),
        ({"texts": {"en": "alone"}}, "in one language only (en)"),
        ({"texts": ["a", "b"]}, "'texts' is ['a', 'b']"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(
    write: Write, row: dict[str, object], said: str
) -> None:
    good = {"texts": {"en": "a", "de": "b"}}
    if "texts" not in row:
        good = {"query": {"en": "a"}, "passage": {"en": "b"}}
    path = write("bad.jsonl", json.dumps(good) + "\n" + json.dumps(row) + "\n")

    with pytest.raises(DocumentError) as error:
        read_pairs(path)

    assert f"{path}:2: " in str(error.value)
    assert said in str(error.value)
    assert error.value.exit_code == 2
    assert len(str(error.value)) < 1500


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ":1: the header is ''"),
        ("english\tde\na\tb\n", ":1: the header is 'english\\tde'"),
        ("en\na\n", ":1: the header is 'en'"),
        ("en\ten\na\tb\n", ":1: the header is 'en\\ten'"),
        ("lang\tword\ten\nde\ta\tb\n", "'lang term en'"),
        ("en\tde\na\tb\tc\n", ":2: 3 columns, and the header names 2"),
        ("en\tde\n\na\t\n", ":3: a text in one language only (en)"),
        ("lang\tterm\ten\nde\t\tbread\n", ":2: 'term' is an empty text"),
        ("lang\tterm\ten\nxx\tBrot\tbread\n", ":2: 'lang': unknown language 'xx'"),
        ("en\tde\n", "holds no pairs"),
    ],
)
def test_a_wrong_table_is_told_with_its_place(write: Write, content: str, said: str) -> None:
    path = write("bad.tsv", content)

    with pytest.raises(DocumentError) as error:
        read_pairs(path)

    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_broken_json_line_is_told_with_its_place(write: Write) -> None:
    path = write("bad.jsonl", '{"texts": {"en": "a", "de": "b"}}\n{"texts": {"en"\n')

    with pytest.raises(DocumentError, match=r"bad\.jsonl:2: not JSON"):
        read_pairs(path)


def test_bytes_that_are_no_text_are_told_with_their_place(tmp_path: Path) -> None:
    for name in ("bad.tsv", "bad.jsonl"):
        (tmp_path / name).write_bytes(b"\xff\xfe\n")
        with pytest.raises(DocumentError, match=r"not valid UTF-8: byte 0"):
            read_pairs(tmp_path / name)


def test_questions_and_texts_take_two_files(write: Write) -> None:
    path = write(
        "mixed.jsonl",
        lines({"texts": {"en": "a", "de": "b"}}, {"query": {"en": "a"}, "passage": {"en": "b"}}),
    )

    with pytest.raises(DocumentError, match="give them two files"):
        read_pairs(path)


def test_a_kind_that_the_records_belie_is_refused(write: Write) -> None:
    about = {"about": {"kind": "questions"}}
    path = write("t.jsonl", lines(about, {"texts": {"en": "a", "de": "b"}}))

    with pytest.raises(DocumentError, match="says 'questions'"):
        read_pairs(path)


def test_what_a_file_says_of_itself_stands_first(write: Write) -> None:
    path = write("t.jsonl", lines({"texts": {"en": "a", "de": "b"}}, {"about": {}}))

    with pytest.raises(DocumentError, match="the first line"):
        read_pairs(path)


def test_two_records_of_one_name_are_refused(write: Write) -> None:
    path = write(
        "t.jsonl",
        lines(
            {"id": 7, "texts": {"en": "a", "de": "b"}}, {"id": "7", "texts": {"en": "c", "de": "d"}}
        ),
    )

    with pytest.raises(DocumentError, match="two records have the id '7'"):
        read_pairs(path)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_is_a_positive_number(write: Write, weight: float) -> None:
    with pytest.raises(UsageError, match="must be more than 0"):
        read_pairs(write("t.tsv", "en\tde\na\tb\n"), weight=weight)


def test_a_file_of_another_kind_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="of no kind that holds pairs"):
        read_pairs(tmp_path / "pairs.csv")
    with pytest.raises(UsageError, match="there is no file"):
        read_pairs(tmp_path / "pairs.tsv")


def test_a_writing_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    record = PairRecord(id="1", query={EN: ("a",)}, passage={EN: ("b",)})
    write_pairs(path, [record])

    def fails() -> object:
        yield record
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        write_pairs(path, fails())  # type: ignore[arg-type]  # a generator of records, then a fault

    assert len(read_pairs(path).records) == 1
    assert list(tmp_path.iterdir()) == [path]


TEXT = (
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
    )
    .map(str.strip)
    .filter(bool)
)
NAME = st.one_of(st.just(""), TEXT.filter(lambda text: len(text) < 100))
TEXTS = st.dictionaries(
    st.sampled_from(EMBEDDED_LANGUAGES),
    st.lists(TEXT, min_size=1, max_size=3, unique=True).map(tuple),
    min_size=1,
    max_size=4,
)


@st.composite
def question(draw: st.DrawFn, number: int) -> PairRecord:
    passage = draw(TEXTS)
    right = {text for texts in passage.values() for text in texts}
    drawn = draw(st.one_of(st.just({}), TEXTS))
    negatives = {code: tuple(t for t in texts if t not in right) for code, texts in drawn.items()}
    return PairRecord(
        id=f"{number} {draw(NAME)}".strip(),
        query=draw(TEXTS),
        passage=passage,
        negatives={code: texts for code, texts in negatives.items() if texts},
        group=draw(NAME),
    )


@st.composite
def parallel(draw: st.DrawFn, number: int) -> PairRecord:
    texts = draw(TEXTS.filter(lambda texts: sum(map(len, texts.values())) > 1))
    return PairRecord(id=f"{number} {draw(NAME)}".strip(), query=texts, passage=texts)


@st.composite
def files(draw: st.DrawFn) -> list[PairRecord]:
    make = draw(st.sampled_from([question, parallel]))
    return [draw(make(number)) for number in range(draw(st.integers(1, 5)))]


@settings(max_examples=40, deadline=None)
@given(records=files(), source=NAME, licence=NAME)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[PairRecord],
    source: str,
    licence: str,
) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.jsonl"

    count = write_pairs(path, records, {"source": source, "licence": licence})
    pairs: PairSet = read_pairs(path)

    assert count == len(pairs.records) == len(records)
    assert list(pairs.records) == records
    assert [record.parallel for record in pairs.records] == [r.parallel for r in records]
    assert (pairs.source, pairs.licence) == (source, licence)


@settings(max_examples=40, deadline=None)
@given(cells=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5, unique=True))
def test_the_cells_of_a_table_are_read_as_they_stand(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    cells = [(" ".join(a.split()), " ".join(b.split())) for a, b in cells]
    cells = list(dict.fromkeys(cells))
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    table = "".join(f"{english}\t{german}\n" for english, german in cells)
    path.write_bytes(f"en\tde\n{table}".encode())

    assert [(r.query[EN][0], r.query[DE][0]) for r in read_pairs(path).records] == cells
