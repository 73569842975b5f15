"""`crosearch lexicon`: made from a file of terms, looked into, and refused where it is damaged."""

from pathlib import Path

import pytest
from cli_runs import crosearch, printed_json, refusal

TERMS = (
    "crosearch-lexicon-tsv\t1\n"
    "de\tBrücke\ten\tbridge\n"
    "de\tSteg\ten\tbridge\t0.5\n"
    "ru\tмост\ten\tbridge\n"
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "terms.tsv").write_text(TERMS, encoding="utf-8")
    result = crosearch(
        "lexicon", "build", "--from", str(tmp_path / "terms.tsv"), "--out", str(tmp_path / "made")
    )
    assert result.exit_code == 0, result.stderr
    assert "4 terms in 3 languages" in result.stdout
    assert "reading terms.tsv" in result.stderr
    return tmp_path / "made"


def test_a_lexicon_of_ones_own_answers(made: Path) -> None:
    shown = printed_json(
        crosearch(
            *("lexicon", "show", "Brücken!", "--from", "de", "--to", "ru"),
            *("--lexicon", str(made), "--json"),
        )
    )
    assert shown == {
        "text": "Brücken!",
        "from": "de",
        "to": "ru",
        "matches": [
            {
                "phrase": "Brücken",
                "span": [0, 7],
                "exact": False,
                "translations": [{"text": "мост", "weight": 1.0}],
            }
        ],
        "gloss": "Мост!",
    }


def test_a_person_gets_a_table_and_the_gloss(made: Path) -> None:
    result = crosearch(
        *("lexicon", "show", "bridge Göltzsch", "--from", "en", "--to", "de"),
        *("--lexicon", str(made)),
    )
    assert result.exit_code == 0
    (line,) = (line for line in result.stdout.splitlines() if "Steg" in line)
    assert line.split()[:2] == ["bridge", "Brücke"]
    assert "gloss: Brücke Göltzsch" in result.stdout


def test_what_a_lexicon_holds_is_told_and_its_files_are_checked(made: Path) -> None:
    told = printed_json(crosearch("lexicon", "info", "--lexicon", str(made), "--json"))
    assert told["languages"] == {"de": 2, "en": 1, "ru": 1}
    assert told["sound"] is True
    path = made / "sense_terms.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    message = refusal(crosearch("lexicon", "info", "--lexicon", str(made)))
    assert "sense_terms.npy is not what was written" in message
    assert "crosearch lexicon build" in message


def test_the_shipped_lexicon_is_the_default() -> None:
    result = crosearch("lexicon", "info")
    assert result.exit_code == 0
    assert "sound" in result.stdout
    assert "inflection rules" in result.stdout


def test_a_broken_line_is_one_message_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text(TERMS + "de\tTal\n", encoding="utf-8")
    result = crosearch(
        *("lexicon", "build", "--from", str(tmp_path / "terms.tsv")),
        *("--out", str(tmp_path / "made")),
    )
    assert result.exit_code == 2
    assert "terms.tsv, line 5: 2 columns" in result.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "x", "--from", "xx", "--to", "de"), "unknown language 'xx'"),
        (("show", "x", "--from", "de", "--to", "en", "--lexicon", "nowhere"), "holds no lexicon"),
        (("info", "--lexicon", "nowhere"), "holds no lexicon"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    assert told in refusal(crosearch("lexicon", *arguments))
