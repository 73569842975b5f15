"""mLAMA and BMLAMA: facts as sentences with a gap."""

from pathlib import Path
from typing import Any

import pytest
from published_files import Json, write_cells, write_lines

from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError

TEMPLATES = {"en": "[X] is the capital of [Y] .", "tr": "[X] , [Y] ülkesinin başkentidir ."}


def triple(number: int, subject: str, answer: str, **more: object) -> Json:
    return {
        "uuid": f"u{number}",
        "lineid": number,
        "obj_uri": f"Q{answer}",
        "obj_label": answer,
        "sub_uri": "Q64",
        "sub_label": subject,
        **more,
    }


@pytest.fixture
def mlama(tmp_path: Path) -> Path:
    for code, template in TEMPLATES.items():
        folder = tmp_path / "mlama1.1" / code
        write_lines(folder / "templates.jsonl", [{"relation": "P1376", "template": template}])
        subject = {"en": "Berlin", "tr": "Berlin'in"}[code]
        write_lines(folder / "P1376.jsonl", [triple(0, subject, "Germany")])
        write_lines(folder / "P36.jsonl", [triple(0, "no template", "so left out")])
    return tmp_path


def test_mlama_asks_by_a_template_with_a_gap(mlama: Path) -> None:
    dataset = open_dataset("mlama", str(mlama))
    asked: dict[str, Any] = {q.language: q for q in dataset.questions}
    assert len(dataset.questions) == 2
    assert asked["en"].text == "Berlin is the capital of ___ ."
    assert asked["tr"].text == "Berlin'in , ___ ülkesinin başkentidir ."
    assert asked["en"].fact == asked["tr"].fact == "P1376/Q64/QGermany"
    assert asked["en"].answers == {"en": ("Germany",), "tr": ("Germany",)}
    assert len(open_dataset("mlama", str(mlama), languages=["tr"]).questions) == 1


def test_a_template_needs_both_gaps(mlama: Path) -> None:
    told = {"relation": "P1376", "template": "[X] is a capital ."}
    write_lines(mlama / "mlama1.1" / "en" / "templates.jsonl", [told])
    with pytest.raises(DocumentError, match="templates.jsonl:1: 'template' is .* one .X. and one"):
        open_dataset("mlama", str(mlama))


def test_the_hubs_rows_of_mlama_hold_their_templates(tmp_path: Path) -> None:
    datasets: Any = pytest.importorskip("datasets")
    rows = [
        triple(0, "Berlin", "Germany", language=code, predicate_id="P1376", template=template)
        for code, template in TEMPLATES.items()
    ]
    datasets.DatasetDict({"test": datasets.Dataset.from_list(rows)}).save_to_disk(tmp_path / "all")
    dataset = open_dataset("mlama", str(tmp_path), languages=["en"])
    assert [q.text for q in dataset.questions] == ["Berlin is the capital of ___ ."]


HEADER = ("Prompt", "Ans", "Candidate Ans", "Subject")


@pytest.fixture
def bmlama(tmp_path: Path) -> Path:
    folder = tmp_path / "BMLAMA17"
    english = [
        ("Iseo lies in <mask>.", "Italy", "Italy, Spain, France", "Iseo"),
        ('"Iseo" is a <mask>.', "lake, town", "lake, town, hill", "Iseo"),
    ]
    french = [
        ("Iseo se trouve en <mask>.", "Italie", "Italie, Espagne, France", "Iseo"),
        ('"Iseo" est un <mask>.', "lac", "lac, colline", "Iseo"),
    ]
    write_cells(folder / "en.tsv", [HEADER, *english])
    write_cells(folder / "fr.tsv", [HEADER, *french])
    return folder


def test_bmlamas_lines_with_one_number_are_one_fact(bmlama: Path) -> None:
    dataset = open_dataset("bmlama", str(bmlama))
    asked: dict[tuple[str, str], Any] = {(q.language, q.id): q for q in dataset.questions}
    assert len(asked) == 4
    assert asked["fr", "0"].text == "Iseo se trouve en ___."
    assert asked["fr", "0"].translations == {"en": "Iseo lies in ___."}
    assert asked["fr", "0"].candidates == ["Italie", "Espagne", "France"]
    assert asked["en", "0"].candidates == ["Italy", "Spain", "France"]
    assert asked["en", "1"].text == '"Iseo" is a ___.'
    assert asked["en", "1"].answers == {"en": ("lake", "town"), "fr": ("lac",)}


def test_candidates_that_do_not_match_each_other_are_left_out(bmlama: Path) -> None:
    dataset = open_dataset("bmlama", str(bmlama))
    assert [q.candidates for q in dataset.questions if q.id == "1"] == [(), ()]


def test_files_of_bmlama_that_are_not_as_published_are_told(bmlama: Path) -> None:
    write_cells(bmlama / "fr.tsv", [HEADER, ("Un <mask>.", "a", "a, b", "x")])
    with pytest.raises(DocumentError, match="2 in en, 1 in fr; all languages have to have the"):
        open_dataset("bmlama", str(bmlama))
    write_cells(bmlama / "fr.tsv", [HEADER, ("Un lac.", "a", "a, b", "x")])
    with pytest.raises(DocumentError, match="fr.tsv:2: 'Prompt' is 'Un lac.'; .* one <mask>"):
        open_dataset("bmlama", str(bmlama / "fr.tsv"))
    write_cells(bmlama / "fr.tsv", [HEADER, ("Un <mask>.", "a", "x")])
    with pytest.raises(DocumentError, match="fr.tsv:2: 3 fields where 4 have to be"):
        open_dataset("bmlama", str(bmlama))
    write_cells(bmlama / "fr.tsv", [("Prompt", "Answer")])
    with pytest.raises(DocumentError, match="fr.tsv:1: the first line is .* it has to name Prompt"):
        open_dataset("bmlama", str(bmlama))
