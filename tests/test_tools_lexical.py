"""Terms suit each script, and the index ranks passages by them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.errors import StoreError
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.lexical import (
    LexicalIndex,
    LexicalWriter,
    shows_generation,
    stamp_index,
    tokenize,
)

EN, ZH = Language("en"), Language("zh")


@pytest.mark.parametrize(
    ("language", "text", "terms"),
    [
        ("en", "Don't STOP the café, 3.5!", "don t stop the cafe 3 5"),
        ("de", "Die Straße für Ärzte", "die strasse fur arzte"),
        ("pl", "Łódź", "lodz"),
        ("tr", "İstanbul IĞDIR ılık", "istanbul igdir ilik"),
        ("vi", "Hà Nội, đường", "hà nội đường"),
        ("el", "Ἡ Αθήνα ΟΔΟΣ οδός", "η αθηνα οδοσ οδοσ"),
        ("ru", "Ёлка, йод, Ку́рск", "елка йод курск"),
        ("uk", "Київ і їжак", "київ і їжак"),
        ("ar", "والكتابُ في المَدينة، أحمد ١٩٩٠", "كتاب في مدينه احمد 1990"),
        ("fa", "کتاب‌های ایران ۱۳۹۹", "كتاب هاي ايران 1399"),
        ("hi", "हिन्दी में क़लम १९४७।", "हिन्दी में कलम 1947"),
        ("zh", "北京2008年奥运", "北京 2008 年奥 奥运"),
        ("zh", "Ｂｅｉ是，桥", "bei 是 桥"),
        ("ja", "東京タワーへ", "東京 京タ タワ ワー ーへ"),
        ("ko", "서울은 큰 도시", "서울 울은 큰 도시"),
        ("th", "ไทย 2500", "ไท ทย 2500"),
        ("en", "", ""),
        ("en", "—…!", ""),
    ],
)
def test_terms_suit_the_script(language: str, text: str, terms: str) -> None:
    assert tokenize(text, Language(language)) == terms.split()


@given(st.text(), st.sampled_from(EMBEDDED_LANGUAGES))
def test_terms_hold_no_space_and_are_their_own_terms_in_any_case(
    text: str, language: Language
) -> None:
    terms = tokenize(text, language)

    assert all(term and not any(letter.isspace() for letter in term) for term in terms)
    assert tokenize(text.casefold(), language) == terms


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with LexicalWriter(tmp_path / "index", EN) as writer:
        writer.add("cat#0", "The cat sat on the mat.")
        writer.add("dog#0", "The dog chased the cat, and the dog barked.")
        writer.add("sun#0", "The sun rose.")
    return tmp_path / "index"


def test_passages_rank_by_the_words_they_share_with_the_query(folder: Path) -> None:
    index = LexicalIndex(folder, EN)

    assert [found for found, _ in index.search("a DOG and a mat", 10)] == ["dog#0", "cat#0"]
    assert [found for found, _ in index.search("dog cat", 1)] == ["dog#0"]
    assert index.search("nothing shared whatsoever", 10) == []
    assert index.search("", 10) == []
    assert index.search("cat", 0) == []


def test_terms_of_a_query_can_have_weights(folder: Path) -> None:
    index = LexicalIndex(folder, EN)

    light = dict(index.search({"sun": 0.5, "dog": 1.0, "mat": 0.0, "cat": -1.0}, 10))
    heavy = dict(index.search({"sun": 5.0, "dog": 1.0}, 10))

    assert set(light) == {"sun#0", "dog#0"}
    assert heavy["sun#0"] == pytest.approx(10 * light["sun#0"], rel=1e-4)
    assert heavy["dog#0"] == pytest.approx(light["dog#0"], rel=1e-4)


def test_an_open_index_sees_what_is_added_and_removed(folder: Path) -> None:
    index = LexicalIndex(folder, EN)
    assert len(index) == 3
    with LexicalWriter(folder, EN) as writer:
        writer.remove(["cat#0", "unknown#9"])
        writer.add("cow#0", "A cow on a mat.")

    assert [found for found, _ in index.search("mat", 10)] == ["cow#0"]
    assert len(index) == 3


def test_an_error_while_writing_leaves_the_index_as_it_was(folder: Path) -> None:
    with pytest.raises(RuntimeError), LexicalWriter(folder, EN) as writer:
        writer.remove(["cat#0"])
        raise RuntimeError

    assert len(LexicalIndex(folder, EN)) == 3


def test_equal_scores_come_in_the_order_of_ids(tmp_path: Path) -> None:
    with LexicalWriter(tmp_path, EN) as writer:
        for name in ("b#0", "c#0", "a#0"):
            writer.add(name, "same words")

    assert [found for found, _ in LexicalIndex(tmp_path, EN).search("words", 3)] == [
        "a#0",
        "b#0",
        "c#0",
    ]


def test_the_stamp_goes_when_the_index_is_changed(folder: Path) -> None:
    assert not shows_generation(folder, "one")
    stamp_index(folder, "one")
    assert shows_generation(folder, "one")
    assert not shows_generation(folder, "two")

    with LexicalWriter(folder, EN):
        assert not shows_generation(folder, "one")


def test_no_index_is_an_error_that_names_the_language(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the lexical index for zh cannot be opened"):
        LexicalIndex(tmp_path, ZH)
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(StoreError, match="the lexical index for zh"):
        LexicalWriter(tmp_path, ZH)
