"""Evidence is judged by what it says of the question, in its own language and in others."""

import pytest
from observations import evidence, scored

from crosearch.agents.matching import CachedVectors
from crosearch.agents.sufficiency import ACCEPTABLE, FEATURES, SUFFICIENT, judge
from crosearch.tools.embedder import load_embedder
from crosearch.tools.languages import Language

LIGHTHOUSE = evidence(
    1,
    "fr",
    "Le phare de Cordouan se dresse dans l'estuaire de la Gironde. Il fut achevé en 1611. "
    "On y monte en bateau à marée basse.",
    title="Phare de Cordouan",
    span=(62, 84),
)
LAKE = evidence(
    2,
    "de",
    "Der Neusiedler See liegt an der Grenze von Österreich und Ungarn. Im Schilf brüten Reiher.",
    title="Neusiedler See",
)
BREAD = evidence(3, "en", "Bread is baked from flour and water. It is eaten warm.", title="Bread")


@pytest.fixture(scope="module")
def vectors() -> CachedVectors:
    return CachedVectors(load_embedder())


def test_nothing_is_judged_where_nothing_was_found(vectors: CachedVectors) -> None:
    assert judge("Who?", Language("en"), [], vectors) == []


def test_the_passage_on_the_subject_is_most_likely(vectors: CachedVectors) -> None:
    question = "When was the lighthouse of Cordouan completed?"
    held = scored(question, "en", [BREAD, LAKE, LIGHTHOUSE])
    judged = judge(question, Language("en"), held, vectors)
    assert judged[0].entry["number"] == LIGHTHOUSE["number"]
    assert judged[0].probability >= ACCEPTABLE
    assert all(other.probability < ACCEPTABLE for other in judged[1:])


def test_it_is_told_whether_the_sentence_holds_what_is_asked_for(vectors: CachedVectors) -> None:
    [best] = judge("When was Cordouan completed?", Language("en"), [LIGHTHOUSE], vectors)
    assert best.is_of_kind
    [best] = judge("Who completed Cordouan?", Language("en"), [LIGHTHOUSE], vectors)
    assert not best.is_of_kind


def test_an_answer_in_the_askers_own_words_suffices(vectors: CachedVectors) -> None:
    question = "En quelle année fut achevé le phare de Cordouan ?"
    held = [
        LIGHTHOUSE,
        evidence(4, "fr", "La tarte Tatin est un gâteau aux pommes.", title="Tarte Tatin"),
        evidence(5, "fr", "Le viaduc de Garabit franchit la Truyère.", title="Viaduc de Garabit"),
    ]
    [best, *_] = judge(question, Language("fr"), scored(question, "fr", held), vectors)
    assert best.entry["number"] == LIGHTHOUSE["number"] and best.probability >= SUFFICIENT


def test_evidence_on_something_else_does_not_suffice(vectors: CachedVectors) -> None:
    question = "Which composer wrote the opera about the flying ship?"
    held = scored(question, "en", [BREAD, LAKE, LIGHTHOUSE])
    judged = judge(question, Language("en"), held, vectors)
    assert judged[0].probability < ACCEPTABLE


def test_each_judgement_tells_its_measures(vectors: CachedVectors) -> None:
    [one] = judge("Who?", Language("en"), [BREAD], vectors)
    assert len(one.features) == len(FEATURES)
    assert 0.0 < one.probability < 1.0


def test_odd_passages_do_no_harm(vectors: CachedVectors) -> None:
    odd = [evidence(n, "th", text) for n, text in enumerate(["", " ", "\u0301", "…", "๑๒๓"], 1)]
    assert len(judge("???", Language("ja"), odd, vectors)) == 5
