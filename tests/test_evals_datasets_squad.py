"""MLQA, TyDi QA, and SQuAD's format whatever it holds."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_questions import LAKES, by_id, one_language
from published_files import paragraph, question, squad, write_json

from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError, UsageError


def test_mlqa_joins_questions_whose_paragraphs_do_not_translate_each_other(tmp_path: Path) -> None:
    for code in ("de", "en"):
        name = f"test-context-{code}-question-{code}.json"
        write_json(tmp_path / "MLQA_V1" / "test" / name, one_language(code))
    only_english = paragraph("Omegna.", question("q-town", "What town?", "Omegna", "Omegna."))
    english = one_language("en")
    english["data"].insert(0, {"title": "Towns", "paragraphs": [only_english]})
    folder = tmp_path / "MLQA_V1" / "test"
    write_json(folder / "test-context-en-question-en.json", english)
    write_json(folder / "test-context-en-question-de.json", squad())
    dataset = open_dataset("mlqa", str(tmp_path))
    asked = by_id(dataset, "q-lake", "de")
    assert asked.gold == {"0.0.de": 1, "1.0.en": 1}
    assert by_id(dataset, "q-town", "en").gold == {"0.0.en": 1}
    assert {document.parallel for document in dataset.documents} == {""}


def test_a_file_of_mlqa_may_ask_in_another_language(tmp_path: Path) -> None:
    context, _, answer = LAKES["en"]
    asked = question("q-lake", LAKES["de"][1], answer, context)
    source = tmp_path / "dev-context-en-question-de.json"
    write_json(source, squad([paragraph(context, asked)]))
    dataset = open_dataset("mlqa", str(source), languages=["de"])
    assert by_id(dataset, "q-lake", "de").answers == {"en": ("Piedmont",)}
    assert by_id(dataset, "q-lake", "de").gold == {"0.0.en": 1}
    assert [document.language for document in dataset.documents] == ["en"]


def test_of_several_splits_one_has_to_be_named(tmp_path: Path) -> None:
    for split in ("dev", "test"):
        name = f"{split}-context-en-question-en.json"
        write_json(tmp_path / name, squad([paragraph("A.", question(split, "B?", "A", "A."))]))
    with pytest.raises(UsageError, match="has several splits: give one of dev, test"):
        open_dataset("mlqa", str(tmp_path))
    assert open_dataset("mlqa", str(tmp_path), split="test").questions[0].id == "test"
    with pytest.raises(UsageError, match=r"no split 'tset' \(did you mean 'test'\?\)"):
        open_dataset("mlqa", str(tmp_path), split="tset")
    (tmp_path / "test-context-en-question-en.json").unlink()
    with pytest.raises(UsageError, match="has no split 'test': give one of dev"):
        open_dataset("mlqa", str(tmp_path), split="test")


def test_tydiqa_tells_the_language_in_the_ids(tmp_path: Path) -> None:
    finnish = paragraph(
        "Inari on suuri järvi.",
        question("finnish-1-0", "Mikä on Inari?", "järvi", "Inari on suuri järvi."),
    )
    swahili = paragraph(
        "Ziwa Victoria ni kubwa.",
        question("swahili-7-2", "Ziwa gani ni kubwa?", "Victoria", "Ziwa Victoria ni kubwa."),
    )
    source = tmp_path / "tydiqa-goldp-v1.1-dev.json"
    write_json(source, squad([finnish], [swahili]))
    dataset = open_dataset("tydiqa", str(tmp_path), split="dev")
    assert {q.language: q.gold for q in dataset.questions} == {
        "fi": {"0.0.fi": 1},
        "sw": {"1.0.sw": 1},
    }
    assert dataset.questions[0].translations == {}
    assert [q.id for q in open_dataset("tydiqa", str(source), languages=["sw"]).questions] == [
        "swahili-7-2"
    ]
    write_json(source, squad([paragraph("A.", question("latin-1", "B?", "A", "A."))]))
    with pytest.raises(DocumentError, match="'id' is 'latin-1'; it has to be an id that begins"):
        open_dataset("tydiqa", str(tmp_path))


TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=30
)
WORDS = TEXTS.filter(lambda text: text.strip())


@settings(max_examples=40, deadline=None)
@given(
    articles=st.lists(
        st.lists(st.tuples(TEXTS, st.lists(st.tuples(WORDS, WORDS), max_size=3)), max_size=3),
        max_size=3,
    )
)
def test_what_is_written_in_squads_format_is_read_back_whole(
    tmp_path_factory: pytest.TempPathFactory, articles: list[list[tuple[str, list[Any]]]]
) -> None:
    numbers = iter(range(100))
    written = [
        [
            paragraph(
                context,
                *(question(f"q{next(numbers)}", asked, answer, answer) for asked, answer in pairs),
            )
            for context, pairs in paragraphs
        ]
        for paragraphs in articles
    ]
    asked = [q for paragraphs in written for part in paragraphs for q in part["qas"]]
    source = tmp_path_factory.mktemp("any") / "xquad.de.json"
    write_json(source, squad(*written))
    if not asked:
        with pytest.raises(DocumentError, match="has no questions"):
            open_dataset("xquad", str(source))
        return
    dataset = open_dataset("xquad", str(source))
    documents = {document.id: document.text for document in dataset.documents}
    assert list(documents.values()) == [text for parts in articles for text, _ in parts]
    assert [
        (q.id, q.text, list(q.answers[q.language]), [documents[name] for name in q.gold])
        for q in dataset.questions
    ] == [
        (q["id"], q["question"].strip(), [q["answers"][0]["text"].strip()], [part["context"]])
        for paragraphs in written
        for part in paragraphs
        for q in part["qas"]
    ]
