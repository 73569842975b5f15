"""Coverage tells how much of what a question says a passage says too, in whichever language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosearch.tools.coverage import coverage_meter
from crosearch.tools.embedder import load_embedder
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language

METER = coverage_meter(load_embedder())
QUESTION = "When was the lighthouse of Cordouan completed?"
ENGLISH = Language("en")


def whole(text: str, of: str, *, question: str = QUESTION, title: str = "") -> float:
    return METER.measure(question, ENGLISH, title, text, Language(of)).whole


def test_a_passage_that_says_what_is_asked_holds_all_of_it() -> None:
    assert whole("The lighthouse of Cordouan was completed when the king died.", "en") > 0.85


@pytest.mark.parametrize(
    ("of", "telling", "other"),
    [
        ("de", "Der Leuchtturm von Cordouan wurde 1611 vollendet.", "Der Hafen von Cordouan."),
        ("fr", "Le phare de Cordouan fut achevé en 1611.", "Le port de Cordouan est petit."),
        ("ru", "Маяк Кордуан был завершён в 1611 году.", "Порт Кордуан невелик."),
        ("zh", "科尔杜昂灯塔于1611年完工。", "港口很小。"),
    ],
)
def test_what_speaks_of_all_holds_more_than_what_has_the_name_alone(
    of: str, telling: str, other: str
) -> None:
    assert whole(telling, of) > whole(other, of) + 0.1


def test_a_title_counts_with_every_sentence() -> None:
    text = "It stands in the sea. It was completed in 1611."
    without = METER.measure(QUESTION, ENGLISH, "", text, ENGLISH)
    titled = METER.measure(QUESTION, ENGLISH, "Lighthouse of Cordouan", text, ENGLISH)
    assert len(titled.sentences) == 2
    assert all(a > b for a, b in zip(titled.sentences, without.sentences, strict=True))
    assert titled.sentences[1] > titled.sentences[0]


def test_what_the_lexicon_can_translate_is_known() -> None:
    german = Language("de")
    assert METER.known("Who built the old lighthouse?", ENGLISH, german) > 0.7
    assert METER.known("Who xqzkw vbnmtr?", ENGLISH, german) < 0.6
    assert METER.known("Who xqzkw vbnmtr?", ENGLISH, ENGLISH) == pytest.approx(1.0)


@settings(deadline=None)
@given(
    st.text(max_size=40),
    st.sampled_from(EMBEDDED_LANGUAGES),
    st.text(max_size=20),
    st.text(max_size=60),
    st.sampled_from(EMBEDDED_LANGUAGES),
)
def test_any_text_can_be_measured(
    question: str, language: Language, title: str, text: str, of: Language
) -> None:
    held = METER.measure(question, language, title, text, of)
    assert 0.0 <= held.whole <= 1.001
    assert all(0.0 <= share <= 1.001 for share in held.sentences)
    assert METER.phrases(question, language, of) >= 0
