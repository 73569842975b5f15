"""What a terminal gets: nothing that steers it, and every script as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.cli.output import one_line, print_error, print_json, visible

RESERVED = {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", "�[2J�]0;title�"),
        ("a\x9b31mb", "a�31mb"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("\ud83d", "�"),
        ("كم يبلغ قطر ناعورة المحمدية؟", "كم يبلغ قطر ناعورة المحمدية؟"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_controls_are_made_visible_and_scripts_are_left_alone(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    assert not {ord(letter) for letter in visible(text)} & (RESERVED - {0x09, 0x0A})
    assert "\n" not in one_line(text)


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters()), max_size=3))
def test_json_is_ascii_and_says_the_same(value: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr("sys.stdout.write", written.append)
        print_json(value)
    (text,) = written
    assert text.isascii() and text.endswith("}\n")
    assert json.loads(text) == value


def test_an_error_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("no corpus \x1b[31m'x'")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "crosearch: no corpus �[31m'x'\n"
