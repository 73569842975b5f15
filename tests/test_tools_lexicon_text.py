"""How texts are cut and folded into the keys of the lexicon, and terms written back from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.lexicon_spelling import spelling_of, written
from crosearch.tools.lexicon_text import cut, fold, key_of

languages = st.sampled_from(EMBEDDED_LANGUAGES)
letters = st.text(
    alphabet="aA éÉßłŁİı1,.-'’ΆαЁёйَأإةکی\u200c\u200dफ़्राँ한국アー゙法国ประเทศสำ\u0301", max_size=30
)


def keys(text: str, code: str) -> list[str]:
    return [unit.key for unit in cut(text, Language(code))]


def test_words_and_numbers_are_units_and_punctuation_is_none() -> None:
    assert keys("In 1,918.5 kg: the COVID-19 test!", "en") == [
        *("in", "1,918.5", "kg", "the", "covid", "19", "test")
    ]


def test_what_readers_take_for_the_same_letter_is_the_same() -> None:
    assert key_of("Straße", Language("de")) == key_of("STRASSE", Language("de"))
    assert key_of("ÉCOLE", Language("fr")) == "ecole"
    assert key_of("أُمّة", Language("ar")) == key_of("امه", Language("ar"))
    assert key_of("फ़्रान्स", Language("hi")) == key_of("फ्रान्स", Language("hi"))
    assert key_of("İstanbul", Language("tr")) == key_of("istanbul", Language("tr"))
    assert key_of("２０２０", Language("ja")) == "2020"


def test_vietnamese_keeps_its_diacritics_since_they_part_words() -> None:
    assert key_of("bạn", Language("vi")) != key_of("bàn", Language("vi"))


def test_characters_are_units_where_words_have_no_spaces() -> None:
    assert keys("法国总统", "zh") == ["法", "国", "总", "统"]
    assert key_of("法国 总统", Language("zh")) == "法国 总统"
    assert key_of("2019年", Language("zh")) == "2019 年"


def test_a_thai_consonant_keeps_the_vowels_around_it() -> None:
    assert keys("ประเทศ", "th") == ["ป", "ระ", "เท", "ศ"]
    assert key_of("ประเทศ", Language("th")) == "ประเทศ"


@pytest.mark.parametrize(("text", "code"), [("Türkiye'nin", "tr"), ("Paris’s", "en")])
def test_an_ending_after_an_apostrophe_belongs_to_the_word_but_not_to_its_key(
    text: str, code: str
) -> None:
    (unit,) = cut(text, Language(code))
    assert (unit.start, unit.end) == (0, len(text))
    assert unit.key == fold(text.replace("’", "'").split("'")[0], Language(code))


@given(letters, languages)
def test_units_lie_in_the_text_one_after_the_other(text: str, language: Language) -> None:
    end = 0
    for unit in cut(text, language):
        assert end <= unit.start < unit.end <= len(text)
        assert unit.key and " " not in unit.key
        end = unit.end


@given(letters, languages)
def test_the_key_of_a_key_is_itself(text: str, language: Language) -> None:
    key = key_of(text, language)
    assert key_of(key, language) == key


@given(letters, languages)
def test_a_term_is_written_as_it_was(text: str, language: Language) -> None:
    key = key_of(text, language)
    assert written(key, spelling_of(text, key)) == text


def test_most_spellings_take_a_letter_or_two() -> None:
    assert spelling_of("berlin", "berlin") == ""
    assert len(spelling_of("Berlin", "berlin")) == 2
    assert len(spelling_of("São Paulo", "sao paulo")) == 6


@pytest.mark.parametrize("spelling", ["~^", "!", "!^!"])
def test_a_spelling_that_fits_no_key_is_told_as_damage(spelling: str) -> None:
    with pytest.raises(UsageError, match="damaged"):
        written("bank", spelling)
