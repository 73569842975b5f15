"""A language is a value: one code each, whatever way it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.errors import UnknownLanguageError
from crosearch.tools.languages import (
    EMBEDDED_LANGUAGES,
    describe_language,
    known_languages,
    parse_language,
    parse_languages,
)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("en", "en"),
        ("EN", "en"),
        (" de ", "de"),
        ("zh-CN", "zh"),
        ("zh_cn", "zh"),
        ("zh-Hans", "zh"),
        ("zh-Hant-TW", "zh"),
        ("ZHO", "zh"),
        ("pt-BR", "pt"),
        ("deu", "de"),
        ("ger", "de"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("iw", "he"),
        ("in", "id"),
        ("ji", "yi"),
        ("haw", "haw"),
        ("swa", "sw"),
        ("no", "no"),
        ("nb", "nb"),
    ],
)
def test_every_way_to_write_a_language_is_one_code(written: str, code: str) -> None:
    assert parse_language(written) == code


@pytest.mark.parametrize(
    "written", ["", " ", "xx", "english", "und", "mul", "zxx", "root", "-", "e", "12"]
)
def test_an_unknown_code_is_an_error_that_lists_the_known(written: str) -> None:
    with pytest.raises(UnknownLanguageError, match=r"Known are aa, ab.* zu") as caught:
        parse_language(written)
    assert repr(written) in str(caught.value)
    assert caught.value.exit_code == 2


@given(code=st.sampled_from(known_languages()))
def test_a_normalised_code_stays_what_it_is(code: str) -> None:
    assert parse_language(code) == code
    assert parse_language(code.upper()) == code


@given(
    code=st.sampled_from(known_languages()),
    separator=st.sampled_from("-_"),
    rest=st.sampled_from(["Latn", "US", "Hant_TW", "001", "x-private"]),
)
def test_script_and_region_do_not_change_the_language(code: str, separator: str, rest: str) -> None:
    assert parse_language(f"{code}{separator}{rest}") == code


@given(text=st.text(max_size=12))
def test_any_text_is_a_known_language_or_a_clear_error(text: str) -> None:
    try:
        assert parse_language(text) in known_languages()
    except UnknownLanguageError as error:
        assert repr(text) in str(error)


def test_several_languages_keep_their_order_and_lose_repeats() -> None:
    assert parse_languages("fr, de,FR,zh-CN") == ("fr", "de", "zh")
    assert parse_languages(["ja", "JPN", "en"]) == ("ja", "en")
    assert parse_languages("") == ()


def test_one_unknown_among_several_is_named() -> None:
    with pytest.raises(UnknownLanguageError, match="'klingon'"):
        parse_languages("fr,klingon")


@pytest.mark.parametrize(
    ("code", "native", "script", "direction"),
    [
        ("ar", "العربية", "Arab", "rtl"),
        ("de", "Deutsch", "Latn", "ltr"),
        ("fa", "فارسی", "Arab", "rtl"),
        ("he", "עברית", "Hebr", "rtl"),
        ("hi", "हिन्दी", "Deva", "ltr"),
        ("ja", "日本語", "Jpan", "ltr"),
        ("ko", "한국어", "Kore", "ltr"),
        ("th", "ไทย", "Thai", "ltr"),
        ("zh", "中文", "Hans", "ltr"),
    ],
)
def test_a_language_knows_its_name_script_and_direction(
    code: str, native: str, script: str, direction: str
) -> None:
    profile = describe_language(parse_language(code))
    assert (profile.native_name, profile.script, profile.direction) == (native, script, direction)


def test_every_language_can_be_described() -> None:
    for language in known_languages():
        profile = describe_language(language)
        assert profile.language == language
        assert profile.english_name
        assert profile.native_name
        assert len(profile.script) == 4


def test_the_embedded_languages_are_known_and_sorted() -> None:
    assert set(EMBEDDED_LANGUAGES) <= set(known_languages())
    assert len(EMBEDDED_LANGUAGES) == 23
    assert list(EMBEDDED_LANGUAGES) == sorted(EMBEDDED_LANGUAGES)
