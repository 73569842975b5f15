"""Lexicons made: from terms of one's own, added to another, and what is refused."""

import json
from pathlib import Path

import pytest
from shared_data import shared_data

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon
from crosearch.training.lexicon import LexiconReport, build_lexicon
from crosearch.training.lexicon_sources import read_senses
from crosearch.training.lexicon_tsv import read_tsv

DE, EN, PL, RU = map(Language, "de en pl ru".split())

FIRST_LINE = "crosearch-lexicon-tsv\t1\n"
TERMS = FIRST_LINE + (
    "# bridges and vessels\n"
    "de\tGöltzschtalbrücke\ten\tGöltzsch Viaduct\n"
    "\n"
    "ru\tГёльчтальский виадук\ten\tGöltzsch Viaduct\n"
    "de\tKessel\tpl\tkocioł\t0.5\n"
)


def write(folder: Path, text: str, name: str = "terms.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def build(sources: list[Path | str], out: Path) -> LexiconReport:
    return build_lexicon(sources, out, lambda step: None)


def best(folder: Path, text: str, source: Language, target: Language) -> str:
    (match,) = load_lexicon(folder).match(text, source, target)
    return match.translations[0].text


def test_lines_of_one_english_term_are_one_sense(tmp_path: Path) -> None:
    viaduct, kettle = read_tsv(write(tmp_path, TERMS))
    assert viaduct.texts == {
        DE: ("Göltzschtalbrücke",),
        EN: ("Göltzsch Viaduct",),
        RU: ("Гёльчтальский виадук",),
    }
    assert kettle.texts == {DE: ("Kessel",), PL: ("kocioł",)}
    assert kettle.weight == viaduct.weight / 2


def test_a_lexicon_is_made_of_terms_of_ones_own(tmp_path: Path) -> None:
    report = build([write(tmp_path, TERMS)], tmp_path / "made")
    assert report.languages == {DE: 2, EN: 1, PL: 1, RU: 1}
    assert report.senses == 2
    assert report.bytes == sum(path.stat().st_size for path in (tmp_path / "made").iterdir())
    assert best(tmp_path / "made", "Göltzschtalbrücke", DE, RU) == "Гёльчтальский виадук"
    assert best(tmp_path / "made", "kocioł", PL, DE) == "Kessel"
    assert "2 senses" in (tmp_path / "made" / "README.md").read_text(encoding="utf-8")


def test_the_same_terms_make_the_same_bytes(tmp_path: Path) -> None:
    source = write(tmp_path, TERMS)
    one, two = build([source], tmp_path / "one"), build([source], tmp_path / "two")
    assert one.fingerprint == two.fingerprint
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_terms_are_added_to_a_lexicon_that_is_there(tmp_path: Path) -> None:
    build([write(tmp_path, TERMS)], tmp_path / "old")
    more = write(tmp_path, FIRST_LINE + "de\tKessel\tpl\tkotlina\t5\n", "more.tsv")
    build([tmp_path / "old", more], tmp_path / "new")
    (match,) = load_lexicon(tmp_path / "new").match("Kessel", DE, PL)
    assert [translation.text for translation in match.translations] == ["kotlina", "kocioł"]
    assert best(tmp_path / "new", "Göltzsch Viaduct", EN, DE) == "Göltzschtalbrücke"
    assert load_lexicon(tmp_path / "new").rule_count(RU) == load_lexicon().rule_count(RU)


def test_a_lexicon_read_back_and_written_again_answers_the_same(tmp_path: Path) -> None:
    build([write(tmp_path, TERMS)], tmp_path / "old")
    build([tmp_path / "old"], tmp_path / "new")
    for text, source, target in (("Kessel", DE, PL), ("Göltzsch Viaduct", EN, RU)):
        old, new = load_lexicon(tmp_path / "old"), load_lexicon(tmp_path / "new")
        assert old.match(text, source, target) == new.match(text, source, target)


def test_the_licences_of_the_data_go_along_with_its_terms(tmp_path: Path) -> None:
    old = tmp_path / "old"
    build([write(tmp_path, TERMS)], old)
    assert "CC BY-SA" not in (old / "README.md").read_text(encoding="utf-8")
    header = json.loads((old / "lexicon.json").read_text(encoding="utf-8"))
    (old / "lexicon.json").write_text(json.dumps(header | {"from_data": True}), encoding="utf-8")
    build([old], tmp_path / "new")
    assert "CC BY-SA" in (tmp_path / "new" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: '' names no format: write 'crosearch-lexicon-tsv', a tab and 1"),
        ("de\ta\ten\tb\n", "line 1: .* names no format"),
        ("crosearch-lexicon-tsv\t2\nde\ta\ten\tb\n", "line 1: version '2' .* reads 1: write 1"),
        ("crosearch-lexicon-tsv\n", "line 1: version ''"),
        (FIRST_LINE, "holds no terms"),
        (FIRST_LINE + "de\tTal\ten\tvalley\nde\tTal\ten\n", "line 3: 3 columns"),
        (FIRST_LINE + "de\tTal\ten\tvalley\t1\tx\n", "line 2: 6 columns"),
        (FIRST_LINE + "deutsch\tTal\ten\tvalley\n", "line 2: 'deutsch' is no language code"),
        (FIRST_LINE + "de\t\ten\tvalley\n", "line 2: the term '' has neither letter nor digit"),
        (FIRST_LINE + "de\tTal\ten\t...\n", "line 2: the term '...' has neither"),
        (FIRST_LINE + "de\tTal\tde\tSenke\n", "line 2: both terms are in 'de'"),
        (FIRST_LINE + "de\tTal\ten\tvalley\theavy\n", "line 2: the weight 'heavy'"),
        (FIRST_LINE + "de\tTal\ten\tvalley\t0\n", "line 2: the weight '0'"),
        (FIRST_LINE + "de\tTal\ten\tvalley\tnan\n", "line 2: the weight 'nan'"),
        (FIRST_LINE + f"de\t{'x' * 1_000_000}\ten\tvalley\n", "1,000,000 characters"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_made(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        build([write(tmp_path, text)], tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["terms.tsv"]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_bytes(FIRST_LINE.encode() + b"de\t\xff\ten\tx\n")
    with pytest.raises(UsageError, match="is not UTF-8"):
        build([path], tmp_path / "made")


def test_a_spreadsheets_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + TERMS.replace("\n", "\r\n").encode())
    assert len(read_tsv(path)) == 2


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (made / "mine").write_text("kept", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty"):
        build([write(tmp_path, TERMS)], made)
    assert (made / "mine").read_text(encoding="utf-8") == "kept"


def test_sources_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no .*nowhere"):
        build([tmp_path / "nowhere"], tmp_path / "made")
    with pytest.raises(UsageError, match="lacks wiktionary_lex.tsv"):
        build([tmp_path], tmp_path / "made")
    with pytest.raises(UsageError, match="made from something"):
        build([], tmp_path / "made")


def test_the_data_folder_is_read_without_remarks_and_reading_marks() -> None:
    senses = read_senses(shared_data())
    texts = {term for sense in senses for terms in sense.texts.values() for term in terms}
    assert {"Deutschland", "январь", "января", "United States of America"} <= texts
    assert not [term for term in texts if term.startswith("Not used in") or "\u064e" in term]
    assert all(len(sense.texts) > 1 for sense in senses)
