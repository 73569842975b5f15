"""A country, a city or a language that is asked for is named in the asker's language."""

import pytest

from crosearch.agents.short_answers import asked_kind, short_answer
from crosearch.tools.languages import Language
from crosearch.tools.lexicon import load_lexicon


@pytest.mark.parametrize(
    ("asker", "question", "of", "sentence", "said"),
    [
        ("sw", "Anapatikana katika nchi gani?", "en", "It lives in New Zealand.", "Nyuzilandi"),
        ("es", "¿A qué país llegó después?", "de", "Danach kam sie nach Russland.", "Rusia"),
        ("tr", "Hangi dilde yazılmıştır?", "zh", "大部分是用拉丁文写的，不是拉丁语。", "Latince"),
        ("en", "Which city was it shown in?", "ru", "Её показали в Москве.", "Moscow"),
    ],
)  # fmt: skip
def test_it_is_named_as_the_asker_writes_it(
    asker: str, question: str, of: str, sentence: str, said: str
) -> None:
    answer = short_answer(question, Language(asker), sentence, Language(of), load_lexicon())
    assert answer == said


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Which country did it reach?", "Es kam nach Russland und nach Polen."),
        ("Which country did it reach after Russia?", "Es kam nach Russland."),
        ("Which country did it reach?", "Es kam nach Hause."),
        ("Who ruled the country?", "Er herrschte in Russland."),
        ("When was it built?", "Es wurde 1900 in Russland gebaut."),
    ],
)
def test_nothing_is_named_where_it_is_not_asked_for_or_not_one(
    question: str, sentence: str
) -> None:
    lexicon = load_lexicon()
    answer = short_answer(question, Language("en"), sentence, Language("de"), lexicon)
    assert answer is None


def test_the_lexicon_tells_what_is_asked_for() -> None:
    lexicon = load_lexicon()
    assert asked_kind("¿Qué idioma se habla?", Language("es"), lexicon) == "language"
    assert asked_kind("Welches Land war es?", Language("de"), lexicon) == "country"
    assert asked_kind("Wer war es?", Language("de"), lexicon) is None
