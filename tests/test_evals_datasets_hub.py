"""Data sets as the package `datasets` saves them, and those that it cannot get."""

from pathlib import Path
from typing import Any

import pytest

from crosearch.evals.datasets import open_dataset
from crosearch.tools.errors import DocumentError, UsageError

datasets: Any = pytest.importorskip("datasets")

SPRING = {
    "en": ("The spring is near Bagolino.", "Where is the spring?", "Bagolino"),
    "de": ("Die Quelle liegt bei Bagolino.", "Wo liegt die Quelle?", "Bagolino"),
}


def squad_row(code: str, name: str = "q1", **more: object) -> dict[str, object]:
    context, asked, answer = SPRING[code]
    answers = {"text": [answer], "answer_start": [context.index(answer)]}
    return {"id": name, "context": context, "question": asked, "answers": answers, **more}


def save(folder: Path, rows: list[dict[str, object]], split: str = "") -> None:
    saved = datasets.Dataset.from_list(rows)
    (datasets.DatasetDict({split: saved}) if split else saved).save_to_disk(folder)


def test_configurations_stand_in_folders_of_their_names(tmp_path: Path) -> None:
    for code in SPRING:
        rows = [squad_row(code), squad_row(code, "q2")]
        save(tmp_path / f"xquad.{code}", rows, "validation")
    dataset = open_dataset("xquad", str(tmp_path))
    assert [document.id for document in dataset.documents] == ["0.0.de", "0.0.en"]
    assert len(dataset.questions) == 4
    assert dataset.questions[0].gold == {"0.0.de": 1, "0.0.en": 1}
    assert dataset.questions[0].translations == {"en": "Where is the spring?"}
    only = open_dataset("xquad", str(tmp_path), languages=["en"])
    assert {q.language for q in only.questions} == {"en"}


def test_mlqa_and_xquad_r_name_their_configurations_otherwise(tmp_path: Path) -> None:
    save(tmp_path / "mlqa" / "mlqa.de.de", [squad_row("de")], "validation")
    assert len(open_dataset("mlqa", str(tmp_path / "mlqa"), split="dev").questions) == 1
    save(tmp_path / "xquad-r" / "de", [squad_row("de")])
    assert len(open_dataset("xquad-r", str(tmp_path / "xquad-r")).questions) == 1


def test_tydiqa_is_one_configuration(tmp_path: Path) -> None:
    save(tmp_path / "goldp", [squad_row("en", "english-1", title="Springs")])
    dataset = open_dataset("tydiqa", str(tmp_path / "goldp"))
    assert [(d.id, d.title) for d in dataset.documents] == [("0.0.en", "Springs")]


def test_a_saved_row_that_is_not_as_published_is_told_by_its_number(tmp_path: Path) -> None:
    rows = [squad_row("de"), {**squad_row("de", "q2"), "question": None}]
    save(tmp_path / "xquad.de", rows)
    with pytest.raises(DocumentError, match=r"\(xquad.de\), row 2: 'question' is None; it has to"):
        open_dataset("xquad", str(tmp_path))


def test_what_was_saved_without_a_configuration_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "saved", [squad_row("de")])
    with pytest.raises(UsageError, match="folders of their own in it, such as xquad.ar, xquad.de"):
        open_dataset("xquad", str(tmp_path / "saved"))


def test_a_split_that_was_not_saved_is_told(tmp_path: Path) -> None:
    save(tmp_path / "goldp", [squad_row("en", "english-1")], "train")
    with pytest.raises(UsageError, match="has no split 'dev': give one of train"):
        open_dataset("tydiqa", str(tmp_path / "goldp"), split="dev")


def test_a_damaged_folder_is_told(tmp_path: Path) -> None:
    save(tmp_path / "xquad.de", [squad_row("de")])
    for path in (tmp_path / "xquad.de").glob("*.arrow"):
        path.write_bytes(b"no arrow")
    with pytest.raises(DocumentError, match=r"the dataset '.*\(xquad.de\)' cannot be read: "):
        open_dataset("xquad", str(tmp_path))


def test_what_the_hub_does_not_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(
        DocumentError, match="no folder 'nobody/xquad', and on Hugging Face .* cannot"
    ):
        open_dataset("xquad", "nobody/xquad", languages=["de"])


def test_a_set_whose_rows_on_the_hub_are_others_is_read_from_its_files_alone() -> None:
    with pytest.raises(UsageError, match="no file or folder 'miracl/miracl'; miracl is read from"):
        open_dataset("miracl", "miracl/miracl")
