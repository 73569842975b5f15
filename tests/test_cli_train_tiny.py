"""`crosearch train tiny`: what it refuses before anything is made."""

from pathlib import Path

import pytest
from cli_runs import crosearch, refusal


def test_help_explains_it() -> None:
    shown = crosearch("train", "tiny", "--help").stdout
    for words in ("--out", "--second-share", "--minutes", "--steps", "--seed", "Examples"):
        assert words in shown


@pytest.mark.parametrize(
    ("options", "right"),
    [
        (("--minutes", "1", "--steps", "2"), "give one of them"),
        (("--width", "100"), "multiple of 64"),
        (("--languages", "en,xx"), "unknown language 'xx'"),
        (("--languages", "en,el"), "no phrasings in 'el'"),
        (("--labels", "labels.jsonl"), "give both, or neither"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, options: tuple[str, ...], right: str) -> None:
    out = tmp_path / "model"
    assert right in refusal(crosearch("train", "tiny", "--out", str(out), *options))


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = crosearch("train", "tiny", "--out", str(tmp_path), "--steps", "2")
    assert "holds something else" in refusal(result)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
