from pathlib import Path

import pytest

from crosearch.tools.errors import CollectionError, UsageError
from crosearch.tools.languages import Language
from crosearch.training.synthetic_journal import Asked, AskedQuestion, Journal

SETTINGS = {"model": "tiny", "languages": ["de", "hi"]}


def asked(key: str, *, rank: int | None = None) -> Asked:
    return Asked(
        key=key,
        language=Language("en"),
        digest="0" * 16,
        searched=rank is not None,
        summary="Ein See.",
        questions={Language("de"): AskedQuestion(text="Wie tief?", refused="", rank=rank)},
        missing=[Language("hi")],
        prompt_tokens=100,
        completion_tokens=None,
    )


def test_what_was_added_is_known_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl.journal"
    with Journal(path, SETTINGS) as journal:
        journal.add(asked("en a#0"))
        journal.add(asked("en b#0"))
        journal.add(asked("en a#0", rank=3))

    with Journal(path, SETTINGS) as journal:
        assert journal.asked == {"en a#0": asked("en a#0", rank=3), "en b#0": asked("en b#0")}


def test_a_kill_loses_the_line_that_was_being_written_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, SETTINGS) as journal:
        journal.add(asked("en a#0"))
        whole = path.read_bytes()
        journal.add(asked("en b#0"))
    content = path.read_bytes()

    for end in range(len(whole), len(content)):
        path.write_bytes(content[:end])
        with Journal(path, SETTINGS) as journal:
            assert list(journal.asked) == ["en a#0"]
            journal.add(asked("en c#0"))
        with Journal(path, SETTINGS) as journal:
            assert list(journal.asked) == ["en a#0", "en c#0"]


def test_a_kill_in_the_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{"settings": {"model')

    with Journal(path, SETTINGS) as journal:
        journal.add(asked("en a#0"))
    with Journal(path, SETTINGS) as journal:
        assert list(journal.asked) == ["en a#0"]


def test_other_settings_are_refused_with_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, SETTINGS):
        pass

    with pytest.raises(UsageError, match=r"begun with model 'tiny', and now it is 'large'"):
        Journal(path, SETTINGS | {"model": "large"})


def test_two_processes_do_not_write_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", SETTINGS):
        with pytest.raises(CollectionError, match="another process"):
            Journal(tmp_path / "journal", SETTINGS)


@pytest.mark.parametrize("content", [b'{"id": 1}\n', b"[]\n", b'{"key": "en a#0"}\n'])
def test_another_file_is_no_journal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="no journal|no line of a journal"):
        Journal(path, SETTINGS)
    assert path.read_bytes() == content


def test_a_damaged_line_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, SETTINGS):
        pass
    path.write_bytes(path.read_bytes() + b'{"key": \xff}\n')

    with pytest.raises(UsageError, match=r"journal:2 is damaged"):
        Journal(path, SETTINGS)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="cannot be written"):
        Journal(tmp_path / "nowhere" / "journal", SETTINGS)
