"""The extractive policy's answers: in the asker's language where they can be, and honest."""

from string import Formatter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from observations import evidence

from crosearch.agents.actions import parse_action, render_answer
from crosearch.agents.answers import abstain, answer_from
from crosearch.agents.matching import CachedVectors
from crosearch.agents.phrases import language_name, phrases_in
from crosearch.agents.sufficiency import Judgement
from crosearch.tools.detect import detect_language
from crosearch.tools.embedder import load_embedder
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language
from crosearch.tools.ledger import Evidence

VECTORS = CachedVectors(load_embedder())
ENGLISH, GREEK = Language("en"), Language("el")
WHEN = "When was the bridge opened?"


def judgement(entry: Evidence) -> Judgement:
    return Judgement(entry=entry, probability=1.0 / entry["number"], is_of_kind=False, features=())


def test_a_source_in_the_askers_language_is_quoted_as_it_is() -> None:
    held = [
        judgement(evidence(1, "de", "Die Brücke wurde 1851 eröffnet.", cluster=1)),
        judgement(evidence(2, "en", "The bridge was opened in 1851.", cluster=1)),
    ]
    answer = answer_from(WHEN, ENGLISH, held, VECTORS, thought="")
    assert answer.text == "The bridge was opened in 1851."
    assert answer.citations == (1, 2)


def test_a_translation_is_next() -> None:
    entry = evidence(1, "de", "Die Brücke ist schön.", translation="The bridge is beautiful.")
    answer = answer_from(
        "What is the bridge like?", ENGLISH, [judgement(entry)], VECTORS, thought=""
    )
    assert answer.text == "The bridge is beautiful."


@pytest.mark.parametrize(
    ("question", "asker", "language", "text", "said"),
    [
        (WHEN, "en", "de", "Die Brücke wurde 1851 eröffnet.", "1851"),
        (WHEN, "en", "ar", "افتتح الجسر عام ١٨٥١.", "1851"),
        ("How long is the bridge?", "en", "de", "Sie ist 1.680 Meter lang.", "1,680 meter"),
        ("Wie lang ist die Brücke?", "de", "en", "It is 1,680 metres long.", "1.680 Meter"),
        ("When was the bridge of 1847 opened?", "en", "de", "1847 begonnen, 1851 fertig.", "1851"),
    ],
)
def test_a_quantity_is_given_in_the_askers_way(
    question: str, asker: str, language: str, text: str, said: str
) -> None:
    answer = answer_from(
        question, Language(asker), [judgement(evidence(1, language, text))], VECTORS, thought=""
    )
    assert answer.text.startswith(said) and len(answer.text) <= len(said) + 1


def test_of_two_years_none_is_picked() -> None:
    entry = evidence(1, "de", "1847 begonnen, wurde sie 1851 eröffnet.")
    answer = answer_from(WHEN, ENGLISH, [judgement(entry)], VECTORS, thought="")
    assert answer.text == "In the original (German): “1847 begonnen, wurde sie 1851 eröffnet.”"


def test_else_the_original_is_quoted_and_said_to_be_one() -> None:
    entry = evidence(1, "de", "Erbaut wurde sie von Schubert. Sie ist hoch.", span=(0, 30))
    answer = answer_from("Ποιος την έχτισε;", GREEK, [judgement(entry)], VECTORS, thought="")
    assert answer.text == "Στο πρωτότυπο (Γερμανικά): «Erbaut wurde sie von Schubert.»"


def test_the_quotation_holds_the_subject_and_the_answer() -> None:
    text = "Die Brücke steht im Vogtland. Sie ist aus Ziegeln. Entworfen hat sie ein Professor."
    entry = evidence(1, "de", text, title="Brücke", span=(0, 29))
    answer = answer_from(
        "Which professor designed the bridge?", ENGLISH, [judgement(entry)], VECTORS, thought=""
    )
    assert answer.text == (
        "In the original (German): "
        "“Die Brücke steht im Vogtland. … Entworfen hat sie ein Professor.”"
    )


def test_sources_that_disagree_are_both_told() -> None:
    held = [
        judgement(evidence(1, "de", "Die Wolga ist 3530 Kilometer lang.", cluster=1)),
        judgement(evidence(2, "ru", "Длина Волги 3690 километров.", cluster=1, stance="conflicts")),
    ]
    answer = answer_from("How long is the Volga?", ENGLISH, held, VECTORS, thought="")
    start, _, values = answer.text.partition(": ")
    assert start == "The sources disagree"
    one, other = values.split(" / ")
    assert one.startswith("3,530") and one.endswith("(German)")
    assert other.startswith("3,690") and other.endswith("(Russian)")
    assert answer.citations == (1, 2)


def test_only_what_supports_the_answer_is_cited() -> None:
    held = [
        judgement(evidence(1, "de", "Die Brücke wurde 1851 eröffnet.", cluster=7)),
        judgement(evidence(2, "fr", "Le pont est en pierre.", cluster=8)),
        judgement(evidence(3, "pl", "Most otwarto w 1851.", cluster=7, stance="corroborates")),
    ]
    assert answer_from(WHEN, ENGLISH, held, VECTORS, thought="").citations == (1, 3)


@pytest.mark.parametrize("language", [*EMBEDDED_LANGUAGES, Language("sv")])
def test_an_abstention_is_in_the_askers_language(language: Language) -> None:
    action = abstain(language, thought="I looked.")
    assert not action.found and action.citations == ()
    expected = language if language in EMBEDDED_LANGUAGES else "en"
    assert detect_language(action.text).language == expected


@pytest.mark.parametrize("language", EMBEDDED_LANGUAGES)
def test_every_phrase_has_its_places(language: Language) -> None:
    phrases = phrases_in(language)
    assert _places(phrases.not_found) == set()
    assert _places(phrases.original) == {"language", "sentence"}
    assert _places(phrases.disagree) == {"values"}
    assert language == "en" or language_name(Language("de"), within=language) != "German"


@example("\x08", Language("sw"))
@given(st.text(min_size=1).filter(str.strip), st.sampled_from(EMBEDDED_LANGUAGES))
def test_no_document_can_break_the_answer(text: str, language: Language) -> None:
    held = [judgement(evidence(1, "sw", text))]
    action = answer_from("Who?", language, held, VECTORS, thought=text)
    assert parse_action(render_answer(action)) == action


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
