"""A question's words tell whether it asks for a time or a number, in every embedded language."""

import pytest

from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.questions import Asked, asked_for
from crosearch.tools.sample import sample_questions

TIME = {
    "ar": "متى بُني البرج؟",
    "de": "In welchem Jahr wurde der Turm gebaut?",
    "el": "Πότε χτίστηκε ο πύργος;",
    "en": "When was the tower built?",
    "es": "¿En qué año se construyó la torre?",
    "fa": "این برج در چه سالی ساخته شد؟",
    "fr": "En quelle année la tour fut-elle bâtie ?",
    "hi": "मीनार किस साल बनी?",
    "id": "Kapan menara itu dibangun?",
    "it": "In che anno fu costruita la torre?",
    "ja": "塔が建てられたのはいつですか。",
    "ko": "탑은 언제 세워졌나요?",
    "nl": "Wanneer werd de toren gebouwd?",
    "pl": "W którym roku zbudowano wieżę?",
    "pt": "Em que ano foi construída a torre?",
    "ro": "Când a fost construit turnul?",
    "ru": "В каком году построили башню?",
    "sw": "Mnara ulijengwa mwaka gani?",
    "th": "หอคอยสร้างขึ้นเมื่อใด",
    "tr": "Kule ne zaman yapıldı?",
    "uk": "Коли збудували вежу?",
    "vi": "Tháp được xây năm nào?",
    "zh": "这座塔是哪一年建的？",
}
NUMBER = {
    "ar": "كم يبلغ ارتفاع البرج؟",
    "de": "Wie hoch ist der Turm?",
    "el": "Πόσα σκαλιά έχει ο πύργος;",
    "en": "How many steps does the tower have?",
    "es": "¿Cuántos escalones tiene la torre?",
    "fa": "این برج چند پله دارد؟",
    "fr": "Quelle est la hauteur de la tour ?",
    "hi": "मीनार में कितनी सीढ़ियाँ हैं?",
    "id": "Berapa tinggi menara itu?",
    "it": "Quanti gradini ha la torre?",
    "ja": "塔の高さは何メートルですか。",
    "ko": "탑의 높이는 몇 미터인가요?",
    "nl": "Hoeveel treden heeft de toren?",
    "pl": "Ile stopni ma wieża?",
    "pt": "Quantos degraus tem a torre?",
    "ro": "Câte trepte are turnul?",
    "ru": "Сколько ступеней в башне?",
    "sw": "Mnara una ngazi ngapi?",
    "th": "หอคอยสูงกี่เมตร",
    "tr": "Kulenin yüksekliği kaç metredir?",
    "uk": "Скільки сходинок у вежі?",
    "vi": "Tháp cao bao nhiêu mét?",
    "zh": "这座塔有多高？",
}
OTHER = {
    "ar": "من بنى البرج؟",
    "de": "Wer baute den Turm?",
    "el": "Ποιος έχτισε τον πύργο;",
    "en": "Who built the tower?",
    "es": "¿Quién construyó la torre?",
    "fr": "Qui a bâti la tour ?",
    "ja": "塔を建てたのは誰ですか。",
    "ru": "Кто построил башню?",
    "zh": "谁建造了这座塔？",
}


@pytest.mark.parametrize("asked", [("time", TIME), ("number", NUMBER), ("other", OTHER)])
def test_what_is_asked_for_is_told_in_each_language(asked: tuple[Asked, dict[str, str]]) -> None:
    kind, questions = asked
    told = {code: asked_for(question, Language(code)) for code, question in questions.items()}
    assert told == dict.fromkeys(questions, kind)
    assert kind == "other" or set(questions) == set(EMBEDDED_LANGUAGES)


@pytest.mark.parametrize(
    ("language", "question", "kind"),
    [
        ("en", "How old was Henry when he became a father?", "number"),
        ("it", "Quanti anni aveva quando partì?", "number"),
        (
            "fr",
            "Comment appelle-t-on le sifflement des plongeuses quand elles respirent ?",
            "other",
        ),
        ("tr", "Bir kedi ortalama kaç yıl yaşar?", "number"),
        ("ko", "축제는 어느 해수욕장에서 열리나요?", "other"),
    ],
)
def test_words_of_both_kinds_are_told_apart(language: str, question: str, kind: Asked) -> None:
    assert asked_for(question, Language(language)) == kind


def test_a_language_without_a_table_asks_for_anything() -> None:
    assert asked_for("När byggdes tornet?", Language("sv")) == "other"


def test_sample_questions_whose_answers_are_years_are_known_to_ask_for_a_time() -> None:
    years = [
        question
        for question in sample_questions()
        for aliases in [question.answers.get(question.language, ("",))]
        if aliases[0].isascii()
        and aliases[0].isdigit()
        and 1000 < int(aliases[0]) < 2100
        and question.fact is not None
        and any(word in question.fact for word in ("year", "opened", "lit", "founded"))
    ]
    told = [asked_for(question.question, question.language) for question in years]
    assert len(told) > 10 and told.count("time") >= 0.9 * len(told)
