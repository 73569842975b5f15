"""Phrases looked up: in a lexicon of a few terms, and in the one that comes with the package."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import Lexicon, Match, load_lexicon
from crosearch.training.lexicon import build_lexicon

AR, DE, EN, ES, HI, JA, RU, TH, TR, ZH = map(Language, "ar de en es hi ja ru th tr zh".split())

TERMS = """crosearch-lexicon-tsv\t1
de\tBrücke\ten\tbridge
ru\tмост\ten\tbridge
zh\t桥\ten\tbridge
de\tGolden Gate Brücke\ten\tGolden Gate Bridge
de\tBank\ten\tbank
ru\tбанк\ten\tbank\t2
de\tBank\ten\tbench\t0.5
de\tSee\ten\tlake
de\tder See\tru\tозеро
zh\t金门大桥\ten\tGolden Gate Bridge
zh\t大桥\ten\tlarge bridge
en\tPolish\tde\tpolnisch
en\tpolish\tde\tpolieren
de\tZiegel\ten\tbrick
de\tStein\ten\tstone
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lexicon")
    (place / "terms.tsv").write_text(TERMS, encoding="utf-8")
    build_lexicon([place / "terms.tsv"], place / "made", lambda step: None)
    return place / "made"


@pytest.fixture(scope="module")
def small(folder: Path) -> Lexicon:
    return load_lexicon(folder)


@pytest.fixture(scope="module")
def shipped() -> Lexicon:
    return load_lexicon()


def phrases(text: str, matches: list[Match]) -> list[str]:
    return [text[slice(*match.span)] for match in matches]


def best(lexicon: Lexicon, word: str, source: Language, target: Language) -> list[str]:
    (match,) = lexicon.match(word, source, target)
    return [translation.text for translation in match.translations]


def test_the_longest_phrase_is_found_and_single_words_beside_it(small: Lexicon) -> None:
    text = "Golden Gate Brücke, Brücke"
    matches = small.match(text, DE, EN)
    assert phrases(text, matches) == ["Golden Gate Brücke", "Brücke"]
    assert [match.translations[0].text for match in matches] == ["Golden Gate Bridge", "bridge"]
    assert all(match.exact for match in matches)


def test_a_phrase_without_a_translation_gives_way_to_its_words(small: Lexicon) -> None:
    text = "der See"
    assert phrases(text, small.match(text, DE, RU)) == ["der See"]
    assert phrases(text, small.match(text, DE, EN)) == ["der", "See"]


def test_two_languages_meet_in_the_english_word(small: Lexicon) -> None:
    assert best(small, "Brücke", DE, RU) == ["мост"]
    assert best(small, "мост", RU, ZH) == ["桥"]


def test_shares_sum_to_one_and_follow_the_weights(small: Lexicon) -> None:
    (match,) = small.match("Bank", DE, EN)
    assert [translation.text for translation in match.translations] == ["bank", "bench"]
    assert sum(translation.weight for translation in match.translations) == pytest.approx(1)
    (first,) = small.match("Bank", DE, EN, most=1)
    assert first.translations == match.translations[:1]


def test_where_words_have_no_spaces_the_longest_run_is_found(small: Lexicon) -> None:
    text = "在金门大桥上"
    matches = small.match(text, ZH, EN)
    assert phrases(text, matches) == ["在", "金门大桥", "上"]
    assert [bool(match.translations) for match in matches] == [False, True, False]


def test_a_capital_letter_tells_two_words_apart(small: Lexicon) -> None:
    assert best(small, "Polish", EN, DE)[0] == "polnisch"
    assert best(small, "polish", EN, DE)[0] == "polieren"


def test_an_inflected_form_is_found_and_told_as_such(small: Lexicon) -> None:
    (match,) = small.match("Brücken", DE, EN)
    assert match.translations[0].text == "bridge"
    assert not match.exact


def test_a_compound_is_two_words(small: Lexicon) -> None:
    text = "Ziegelsteine"
    matches = small.match(text, DE, EN)
    assert phrases(text, matches) == ["Ziegel", "steine"]
    assert [match.translations[0].text for match in matches] == ["brick", "stone"]


def test_a_katakana_word_is_not_cut_but_into_known_words(shipped: Lexicon) -> None:
    text = "サッカークラブとベートーヴェン"
    found = phrases(text, shipped.match(text, JA, EN))
    assert found == ["サッカー", "クラブ", "と", "ベートーヴェン"]


def test_two_endings_are_taken_off_where_one_is_not_enough(shipped: Lexicon) -> None:
    assert "city" in best(shipped, "şehirlerinde", TR, EN)[:3]


def test_what_is_in_no_entry_is_a_match_without_translations(small: Lexicon) -> None:
    text = "Göltzsch 1846!"
    matches = small.match(text, DE, EN)
    assert phrases(text, matches) == ["Göltzsch", "1846"]
    assert not any(match.translations for match in matches)


def test_a_language_that_the_lexicon_lacks_has_no_translations(small: Lexicon) -> None:
    assert not small.match("Brücke", DE, Language("sw"))[0].translations
    assert not small.match("daraja", Language("sw"), DE)[0].translations


def test_nothing_is_found_in_nothing(small: Lexicon) -> None:
    assert small.match(" …!", DE, EN) == []
    assert small.gloss(" …!", DE, EN) is None


def test_a_gloss_keeps_order_punctuation_names_and_numbers(small: Lexicon) -> None:
    gloss = small.gloss("Brücke (Stein), See Bank: Göltzsch 1846?", DE, EN)
    assert gloss == "Bridge (stone), lake bank: Göltzsch 1846?"


def test_a_gloss_writes_an_unknown_name_in_letters_that_the_reader_knows(small: Lexicon) -> None:
    assert small.gloss("мост банк Кант", RU, EN) == "Bridge bank Kant"


def test_too_little_known_makes_no_gloss(small: Lexicon) -> None:
    assert small.gloss("Brücke zwischen unbekannten schwierigen Wörtern", DE, EN) is None


@pytest.mark.parametrize(
    ("word", "source", "target", "expected"),
    [
        ("Deutschland", DE, EN, "Germany"),
        ("президентом", RU, EN, "president"),
        ("والجامعة", AR, EN, "university"),
        ("şehirleri", TR, EN, "city"),
        ("विश्वविद्यालयों", HI, EN, "university"),
        ("法国", ZH, RU, "Франция"),
        ("フランス", JA, DE, "Frankreich"),
        ("ประเทศไทย", TH, ES, "Tailandia"),
        ("января", RU, DE, "Januar"),
    ],
)
def test_the_shipped_lexicon_knows_words_of_many_languages_and_their_forms(
    shipped: Lexicon, word: str, source: Language, target: Language, expected: str
) -> None:
    assert expected in best(shipped, word, source, target)[:3]


def test_the_shipped_lexicon_has_23_languages_in_25_megabytes(shipped: Lexicon) -> None:
    assert len(shipped.languages) == 23
    assert all(count > 5_000 for count in shipped.languages.values())
    folder = Path(shipped.folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25_000_000
    shipped.check()
    assert "licence" in (folder / "README.md").read_text(encoding="utf-8")


def test_threads_find_what_one_finds_alone(shipped: Lexicon) -> None:
    text = "Who was the president of the United States in January 1995?"
    targets = [Language(code) for code in shipped.languages if code != "en"]
    alone = [shipped.match(text, EN, target) for target in targets]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda target: shipped.match(text, EN, target), targets * 4))
    assert together == alone * 4


def test_a_lexicon_is_opened_once_a_process(folder: Path) -> None:
    assert load_lexicon(folder) is load_lexicon(folder)


def test_the_environment_names_a_lexicon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSEARCH_LEXICON", str(folder))
    assert load_lexicon().fingerprint == load_lexicon(folder).fingerprint


def _change_header(**values: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "lexicon.json"
        header = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(header | values), encoding="utf-8")

    return change


def _flip_a_byte(folder: Path) -> None:
    path = folder / "de.marisa"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: shutil.rmtree(folder), "lexicon.json is missing"),
        (lambda folder: (folder / "lexicon.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "lexicon.json").write_bytes(b"\xff"), "is damaged"),
        (lambda folder: (folder / "lexicon.json").write_text("{}"), "another format"),
        (_change_header(version=99), "update CroSearch"),
        (_change_header(version=0), "make it again"),
        (_change_header(folding=0), "make it again"),
        (_change_header(files=None), "does not list its files"),
        (_change_header(languages=["de"]), "is damaged"),
        (_change_header(rules={"de": [["", "n"]]}), "is damaged"),
        (lambda folder: (folder / "de.marisa").unlink(), "de.marisa"),
        (lambda folder: (folder / "sense_terms.npy").write_bytes(b"short"), "sense_terms.npy has"),
        (_flip_a_byte, "de.marisa is not what was written"),
    ],
)
def test_a_damaged_older_or_newer_lexicon_is_refused_with_what_to_do(
    folder: Path, tmp_path: Path, damage: Callable[[Path], object], told: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(UsageError, match=told):
        load_lexicon(copy).match("Bank", DE, EN)


def test_a_changed_array_is_found_when_a_lexicon_is_checked(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / "term_senses.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(UsageError, match="term_senses.npy is not what was written"):
        load_lexicon(copy).check()
