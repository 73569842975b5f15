"""Names are found again in other languages and scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.names import coverage, name_grams, name_words

MOSCOW = "The Volga joins Moscow to the Caspian Sea."


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Wo liegt Москва?", "Moskva is the capital."),
        ("Who was Nicéphore Niépce?", "Kim był Nicéphore'a Niépce'a syn?"),
        ("Who played the Theremin?", "Лев Термен изобрёл терменвокс."),
        ("When did UNESCO list it?", "Внесён в список ЮНЕСКО в 2008 году."),
        ("Where is Kilimanjaro?", "किलिमंजारो तंज़ानिया में है।"),
        ("Galata Kulesi ne zaman yapıldı?", "Ο πύργος του Γαλατά χτίστηκε το 1348."),
    ],
)
def test_a_name_is_found_in_another_language(question: str, text: str) -> None:
    names = name_words(question) or name_words(question, title=True)
    unrelated = name_grams("Der Bodensee ist 63 Kilometer lang.")
    assert coverage(names, name_grams(text)) > 2 * coverage(names, unrelated) + 0.05


def test_names_are_told_by_their_capitals_where_there_are_any() -> None:
    assert name_words("Where did the young Marie Curie live in 1890?") == ("marie", "curie", "1890")
    assert name_words("Skat", title=True) == ("skat",)
    assert name_words("Skat") == ()


def test_words_without_capitals_may_all_be_names() -> None:
    assert name_words("ما هي عاصمة ناميبيا؟") == ("ناميبيا",)
    assert coverage(name_words("ナミビアの首都はどこですか"), name_grams("Namibia")) > 0.02


def test_years_count_and_single_digits_do_not() -> None:
    assert name_words("it was 1908, or 7 years later") == ("1908",)
    assert coverage(("1908",), name_grams("in 1908")) == 1.0


def test_all_or_nothing_is_one_or_zero() -> None:
    names = name_words("the Ribblehead Viaduct")
    assert coverage(names, name_grams("Ribblehead Viaduct in Yorkshire")) == 1.0
    assert coverage(names, name_grams("東京")) == 0.0
    assert coverage((), name_grams("anything")) == 0.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_share_is_a_share_and_a_text_holds_its_own_names(text: str, other: str) -> None:
    names = name_words(text)
    assert 0.0 <= coverage(names, name_grams(other)) <= 1.0
    assert len(set(names)) == len(names)
