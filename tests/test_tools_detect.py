"""Which language a text is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools import detect
from crosearch.tools.detect import detect_language
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language

QUESTIONS = {
    "ar": "ما هي عاصمة فرنسا؟",
    "de": "Was ist die Hauptstadt von Frankreich?",
    "el": "Ποια είναι η πρωτεύουσα της Γαλλίας;",
    "en": "What is the capital of France?",
    "es": "¿Cuál es la capital de Francia?",
    "fa": "پایتخت فرانسه کجاست؟",
    "fr": "Quelle est la capitale de la France ?",
    "hi": "फ्रांस की राजधानी क्या है?",
    "id": "Apa ibu kota Prancis?",
    "it": "Qual è la capitale della Francia?",
    "ja": "フランスの首都はどこですか？",
    "ko": "프랑스의 수도는 어디인가요?",
    "nl": "Wat is de hoofdstad van Frankrijk?",
    "pl": "Jaka jest stolica Francji?",
    "pt": "Qual é a capital da França?",
    "ro": "Care este capitala Franței?",
    "ru": "Какая столица Франции?",
    "sw": "Mji mkuu wa Ufaransa ni upi?",
    "th": "เมืองหลวงของฝรั่งเศสคืออะไร",
    "tr": "Fransa'nın başkenti neresidir?",
    "uk": "Яка столиця Франції?",
    "vi": "Thủ đô của Pháp là gì?",
    "zh": "法国的首都是哪里？",
}


@pytest.mark.parametrize(("language", "question"), QUESTIONS.items())
def test_a_short_question_tells_its_language(language: str, question: str) -> None:
    detection = detect_language(question, EMBEDDED_LANGUAGES)
    assert detection.language == language
    assert detection.confidence >= 0.5


@pytest.mark.parametrize("text", ["", "   ", "1945", "?!…", "🙂"])
def test_a_text_without_letters_tells_nothing(text: str) -> None:
    assert detect_language(text, EMBEDDED_LANGUAGES).confidence == 0.0


@pytest.mark.parametrize("name", ["Angela Merkel", "Tokyo", "Ada"])
def test_a_bare_name_does_not_tell_its_language(name: str) -> None:
    assert detect_language(name, EMBEDDED_LANGUAGES).confidence < 0.5


def test_the_guess_is_always_one_of_those_asked_about() -> None:
    among = [Language("ru"), Language("ja")]
    assert detect_language("What is this?", among).language in among
    assert detect_language("What is this?", among).confidence == 0.0


def test_a_script_of_one_candidate_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(detect, "_model", fail)
    for code in ("el", "th", "hi", "ko", "ja"):
        assert detect_language(QUESTIONS[code], EMBEDDED_LANGUAGES).language == code


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Microsoft CEO 是谁", "zh"),
        ("What does 東京 mean?", "en"),
        ("GmbH とは何ですか", "ja"),
        ("DNA क्या है?", "hi"),
        ("東京都庁の所在地", "ja"),
    ],
)
def test_foreign_words_in_a_question_do_not_hide_its_language(text: str, language: str) -> None:
    assert detect_language(text, EMBEDDED_LANGUAGES).language == language


@pytest.mark.parametrize(("language", "question"), QUESTIONS.items())
def test_without_candidates_the_embedded_languages_come_first(language: str, question: str) -> None:
    assert detect_language(question).language == language


def test_without_candidates_all_usual_languages_are_candidates() -> None:
    assert (
        detect_language("Hvad er hovedstaden i Frankrig, og hvor mange bor der?").language == "da"
    )
    assert detect_language("מה בירת צרפת?").language == "he"


def test_a_language_unknown_to_the_model_is_told_by_its_script() -> None:
    dhivehi_and_english = [Language("dv"), Language("en")]
    assert detect_language("ދިވެހި ބަސް", dhivehi_and_english).language == "dv"


def test_no_candidates_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="at least one language"):
        detect_language("What?", [])


@given(text=st.text(max_size=200))
def test_any_text_gets_a_confidence_between_nought_and_one(text: str) -> None:
    detection = detect_language(text, EMBEDDED_LANGUAGES)
    assert 0.0 <= detection.confidence <= 1.0 + 1e-6
    assert detection.language in EMBEDDED_LANGUAGES
