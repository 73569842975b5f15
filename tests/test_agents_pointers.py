"""A question points to languages by the places and peoples it names, and by its letters."""

import pytest

from crosearch.agents.pointers import point_to_languages
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language


@pytest.mark.parametrize(
    ("asker", "question", "language", "word"),
    [
        ("en", "Who built the oldest salt mine in Poland?", "pl", "Poland"),
        ("en", "Which Japanese inventor made the clock?", "ja", "Japanese"),
        ("de", "Welcher griechische Fluss ist der längste?", "el", "griechische"),
        ("ru", "Кто построил самую высокую башню Японии?", "ja", "Японии"),
        ("ru", "Какой польский учёный открыл радий?", "pl", "польский"),
        ("el", "Ποιος έχτισε τον πύργο της Πορτογαλίας;", "pt", "Πορτογαλίας"),
        ("es", "¿Qué artista hizo la primera muñeca rusa?", "ru", "rusa"),
        ("tr", "Çin'deki köprüyü kim yaptı?", "zh", "Çin"),
        ("ar", "ما أقدم جسر في اليابان؟", "ja", "اليابان"),
        ("hi", "जापान के पुल को किसने बनवाया?", "ja", "जापान"),
        ("zh", "波兰数学家是谁？", "pl", "波兰"),
        ("ja", "韓国の祭りはいつ始まりましたか。", "ko", "韓国"),
        ("th", "สะพานในญี่ปุ่นสร้างเมื่อใด", "ja", "ญี่ปุ่น"),
        ("sw", "Ni nani aliyejenga mnara wa Ufaransa?", "fr", "Ufaransa"),
        ("en", "How long is the Göltzsch Viaduct?", "de", "Göltzsch"),
        ("en", "What is the Elbląg Canal?", "pl", "Elbląg"),
        ("fr", "Quand le tambour de Ngọc Lũ fut-il trouvé ?", "vi", "Ngọc"),
        ("en", "Who was 伊能忠敬?", "ja", "伊能忠敬"),
        ("en", "What does Кижи mean?", "ru", "Кижи"),
    ],
)
def test_a_named_place_or_people_points_to_its_language(
    asker: str, question: str, language: str, word: str
) -> None:
    assert point_to_languages(question, Language(asker)).get(Language(language)) == word


@pytest.mark.parametrize(
    ("asker", "question"),
    [
        ("en", "Which children saw the turkey?"),
        ("tr", "Eski çini ustası kimdir?"),
        ("pl", "W którym roku zmarła malarka?"),
        ("ru", "В каком городе открыли первую самоварную фабрику?"),
        ("fr", "Où naquit la mère de l'évêque français ?"),
        ("de", "Wie heißt die größte Brücke?"),
    ],
)
def test_ordinary_words_and_the_askers_own_letters_point_nowhere(asker: str, question: str) -> None:
    assert point_to_languages(question, Language(asker)) == {}


@pytest.mark.parametrize("asker", [*EMBEDDED_LANGUAGES, "sv", "haw", "tlh"])
def test_any_asker_can_ask_anything(asker: str) -> None:
    assert Language(asker) not in point_to_languages("??? 東京 Łódź ١٢٣ \u0301 ß", Language(asker))
