"""Data sets for retrieval: MIRACL, NeuCLIR, CLIRudit."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_files import Json, write_cells, write_lines, write_parquet, write_text

from crosearch.evals.dataset_trec import Judgments, read_judgments
from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError, UsageError

# TREC's judgments

NAMES = st.text("abcXYZ019-_.:#", min_size=1, max_size=8)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES, st.integers(-1, 3)), min_size=1))
def test_of_two_judgments_the_higher_counts_and_irrelevant_ones_do_not(
    tmp_path_factory: pytest.TempPathFactory, judged: list[tuple[str, str, int]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "qrels"
    write_text(path, "".join(f"{topic} 0\t{name}  {grade}\n" for topic, name, grade in judged))
    judgments: Judgments = {}
    read_judgments(path, judgments, None)
    assert set(judgments) == {topic for topic, _, _ in judged}
    for topic, name, _ in judged:
        highest = max(grade for t, n, grade in judged if (t, n) == (topic, name))
        assert judgments[topic].get(name, 0) == max(highest, 0)


# MIRACL


@pytest.fixture
def miracl(tmp_path: Path) -> Path:
    for code in ("sw", "fi"):
        folder = tmp_path / f"miracl-v1.0-{code}"
        topics = f"topics.miracl-v1.0-{code}-dev.tsv"
        write_cells(folder / "topics" / topics, [("1#0", f"what in {code}?"), ("2#0", "who?")])
        judged = [("1#0", "Q0", "12#1", 1), ("1#0", "Q0", "12#0", 0)]
        write_cells(folder / "qrels" / f"qrels.miracl-v1.0-{code}-dev.tsv", judged)
        corpus = tmp_path / f"miracl-corpus-v1.0-{code}"
        for number in (0, 2, 10):
            passages = [{"docid": f"{number}#0", "title": "Title", "text": f"Text {number}"}]
            write_lines(corpus / f"docs-{number}.jsonl.gz", passages)
    return tmp_path


def test_miracls_ids_are_of_one_language(miracl: Path) -> None:
    dataset = open_dataset("miracl", str(miracl))
    assert len(dataset.questions) == 4
    first, second = (q for q in dataset.questions if q.language == "sw")
    assert (first.id, first.fact, first.text) == ("sw:1#0", "sw:1#0", "what in sw?")
    assert first.gold == {"sw:12#1": 1}
    assert (first.answerable, second.answerable) == (True, None)
    assert (second.gold, second.answers) == ({}, {})


def test_miracls_corpus_is_read_in_order_and_again(miracl: Path) -> None:
    dataset = open_dataset("miracl", str(miracl), languages=["sw"])
    documents = list(dataset.documents)
    assert [document.id for document in documents] == ["sw:0#0", "sw:2#0", "sw:10#0"]
    assert documents[0].title == "Title"
    assert list(dataset.documents) == documents
    write_lines(miracl / "miracl-corpus-v1.0-sw" / "docs-2.jsonl.gz", [{"docid": "2#0"}])
    with pytest.raises(DocumentError, match="docs-2.jsonl.gz:1: 'text' is missing"):
        list(dataset.documents)


def test_miracl_may_come_without_corpus_and_without_judgments(miracl: Path) -> None:
    topics = miracl / "miracl-v1.0-fi" / "topics" / "topics.miracl-v1.0-fi-dev.tsv"
    dataset = open_dataset("miracl", str(topics))
    assert (len(dataset.questions), list(dataset.documents)) == (2, [])


@pytest.mark.parametrize(
    ("name", "line", "told"),
    [
        ("topics", "7#0 no tab", r"tsv:1: 1 fields where 2 have to be \(id, query\)"),
        ("topics", "7#0\ta?\n7#0\tb?", "tsv:2: 'id' is '7#0'; it has to be an id that no other"),
        ("qrels", "1#0 Q0 12#1", "tsv:1: 3 fields where 4 have to be .topic, iteration, docum"),
        ("qrels", "1#0 Q0 12#1 yes", "'relevance' is 'yes'; it has to be a whole number"),
        ("qrels", "9#0 Q0 12#1 1", "'topic' is '9#0'; it has to be a topic that was asked"),
    ],
)
def test_lines_of_miracl_that_are_not_as_published_are_told(
    miracl: Path, name: str, line: str, told: str
) -> None:
    write_text(miracl / "miracl-v1.0-sw" / name / f"{name}.miracl-v1.0-sw-dev.tsv", f"{line}\n")
    with pytest.raises(DocumentError, match=told):
        open_dataset("miracl", str(miracl))


# NeuCLIR


def wording(code: str, source: str, title: str) -> Json:
    return {"lang": code, "source": source, "topic_title": title, "topic_description": "More."}


def topic(name: str, *wordings: Json, judged: tuple[str, ...] = ("rus",)) -> Json:
    told = {"topic_id": name, "languages_with_qrels": list(judged), "topics": list(wordings)}
    return {**told, "narratives": [], "report": None}


@pytest.fixture
def neuclir(tmp_path: Path) -> Path:
    first = topic(
        "101",
        wording("eng", "original", "Alpine lakes"),
        wording("rus", "human translation", "Альпийские озёра"),
        wording("fas", "google translation", "left out"),
    )
    unjudged = topic("102", wording("eng", "original", "Unjudged"), judged=())
    write_lines(tmp_path / "topics.0720.utf8.jsonl", [first, unjudged])
    write_text(tmp_path / "qrels.rus", "101 0 r1 3\n101 0 r2 0\n")
    write_text(tmp_path / "qrels.zho", "101 0 z1 1\n101 0 r1 1\n")
    news = {"cc_file": "f", "time": None, "title": "T", "url": "u"}
    write_lines(tmp_path / "rus" / "docs.jsonl", [{"id": "r1", "text": "Озеро.", **news}])
    write_lines(tmp_path / "neuclir-zh.jsonl.gz", [{"id": "z1", "text": "湖。", **news}])
    return tmp_path


def test_neuclirs_topics_are_asked_as_people_worded_them(neuclir: Path) -> None:
    dataset = open_dataset("neuclir", str(neuclir))
    assert [(q.language, q.text) for q in dataset.questions] == [
        ("en", "Alpine lakes More."),
        ("ru", "Альпийские озёра More."),
    ]
    for asked in dataset.questions:
        assert (asked.fact, asked.gold) == ("101", {"r1": 3, "z1": 1})
    told = {document.id: document.language for document in dataset.documents}
    assert told == {"r1": "ru", "z1": "zh"}
    assert len(list(dataset.documents)) == 2


def test_neuclirbenchs_tables_are_topics_too(tmp_path: Path) -> None:
    write_cells(tmp_path / "data" / "news.eng.tsv", [("5", "alpine lakes")])
    write_cells(tmp_path / "data" / "news.fas.tsv", [("5", "دریاچه‌های آلپ")])
    write_text(tmp_path / "data" / "qrels.mlir.gains.txt", "5 0 d1 1\n")
    write_lines(tmp_path / "docs.jsonl", [{"id": "d1", "text": "Lakes.", "lang": "fas"}])
    dataset = open_dataset("neuclir", str(tmp_path), languages=["fa"])
    (asked,) = dataset.questions
    assert asked.translations == {"en": "alpine lakes"}
    assert asked.gold == {"d1": 1}
    assert [document.language for document in dataset.documents] == ["fa"]


def test_judgments_of_other_topics_are_refused(neuclir: Path) -> None:
    for name in ("qrels.rus", "qrels.zho"):
        write_text(neuclir / name, "901 0 r1 3\n")
    with pytest.raises(DocumentError, match="qrels.rus: judges 901 …, and the topics are 101"):
        open_dataset("neuclir", str(neuclir))


def test_a_document_in_no_language_is_refused(neuclir: Path) -> None:
    write_lines(neuclir / "more" / "news.jsonl", [{"id": "r2", "text": "?"}])
    dataset = open_dataset("neuclir", str(neuclir))
    with pytest.raises(DocumentError, match="'lang' is missing; it has to be a language code, s"):
        list(dataset.documents)


# CLIRudit


@pytest.fixture
def clirudit(tmp_path: Path) -> Path:
    queries = [{"qid": 0, "query": "lake ecology"}, {"qid": 1, "query": "mountain towns"}]
    write_parquet(tmp_path / "queries" / "en.test-00000-of-00001.parquet", queries)
    judged = [{"qid": 0, "docid": "1009ar", "rel": 1}]
    for split in ("en_fr", "en_en"):
        write_parquet(tmp_path / "qrels" / f"{split}.test-00000-of-00001.parquet", judged)
    for code, text in (("fr", "Un lac."), ("en", "A lake.")):
        parts = {"docid": "1009ar", "title": f"Title {code}", "subtitle": None, "abstract": text}
        write_parquet(tmp_path / "docs" / f"{code}.test-00000-of-00001.parquet", [parts])
    return tmp_path


def test_clirudit_asks_in_english_for_french_abstracts(clirudit: Path) -> None:
    dataset = open_dataset("clirudit", str(clirudit))
    first, second = dataset.questions
    assert (first.language, first.text, first.gold) == ("en", "lake ecology", {"fr:1009ar": 1})
    assert (second.gold, second.answerable) == ({}, None)
    (document,) = dataset.documents
    assert (document.id, document.language, document.text) == ("fr:1009ar", "fr", "Un lac.")
    assert (document.title, document.parallel) == ("Title fr", "1009ar")


def test_clirudits_other_split_has_the_english_ones(clirudit: Path) -> None:
    dataset = open_dataset("clirudit", str(clirudit), split="en_en")
    assert dataset.questions[0].gold == {"en:1009ar": 1}
    assert [document.text for document in dataset.documents] == ["A lake."]


def test_clirudit_is_read_as_datasets_saves_it(tmp_path: Path) -> None:
    datasets: Any = pytest.importorskip("datasets")
    saved: dict[str, dict[str, list[Json]]] = {
        "queries": {"en.test": [{"qid": 3, "query": "q"}]},
        "qrels": {
            "en_fr.test": [{"qid": 3, "docid": "d", "rel": 1}],
            "en_en.test": [{"qid": 3, "docid": "d", "rel": 1}],
        },
        "docs": {
            f"{code}.test": [{"docid": "d", "title": "T", "subtitle": code, "abstract": "A"}]
            for code in ("fr", "en")
        },
    }
    for config, splits in saved.items():
        parts = {split: datasets.Dataset.from_list(rows) for split, rows in splits.items()}
        datasets.DatasetDict(parts).save_to_disk(tmp_path / config)
    dataset = open_dataset("clirudit", str(tmp_path))
    assert dataset.questions[0].gold == {"fr:d": 1}
    assert [document.title for document in dataset.documents] == ["T: fr"]


def test_clirudit_refuses_judgments_of_no_query_and_missing_files(clirudit: Path) -> None:
    judged = [{"qid": 8, "docid": "1009ar", "rel": 1}]
    write_parquet(clirudit / "qrels" / "en_fr.test-00000-of-00001.parquet", judged)
    with pytest.raises(DocumentError, match="row 1: 'qid' is 8; it has to be the id of a query"):
        open_dataset("clirudit", str(clirudit))
    (clirudit / "qrels" / "en_fr.test-00000-of-00001.parquet").unlink()
    with pytest.raises(UsageError, match="clirudit is read from queries/en.test-"):
        open_dataset("clirudit", str(clirudit))
