"""The answering sentence is the one that tells what the title leaves open."""

import pytest
from observations import evidence

from crosearch.agents.matching import CachedVectors
from crosearch.agents.sentence_choice import choose_sentence
from crosearch.tools.embedder import load_embedder
from crosearch.tools.languages import Language

LIGHTHOUSE = evidence(
    1,
    "fr",
    "Le phare de Cordouan se dresse dans l'estuaire de la Gironde. Il fut achevé en 1611. "
    "L'architecte Louis de Foix en dessina les plans.",
    title="Phare de Cordouan",
)


@pytest.fixture(scope="module")
def vectors() -> CachedVectors:
    return CachedVectors(load_embedder())


@pytest.mark.parametrize(
    ("language", "question", "said"),
    [
        ("fr", "En quelle année fut achevé le phare de Cordouan ?", "Il fut achevé en 1611."),
        ("en", "When was the lighthouse of Cordouan completed?", "Il fut achevé en 1611."),
        (
            "fr",
            "Quel architecte dessina le phare de Cordouan ?",
            "L'architecte Louis de Foix en dessina les plans.",
        ),
        (
            "fr",
            "Dans quel estuaire se dresse le phare de Cordouan ?",
            "Le phare de Cordouan se dresse dans l'estuaire de la Gironde.",
        ),
    ],
)
def test_the_sentence_follows_the_question(
    vectors: CachedVectors, language: str, question: str, said: str
) -> None:
    start, end = choose_sentence(question, Language(language), LIGHTHOUSE, vectors)
    assert LIGHTHOUSE["text"][start:end] == said


@pytest.mark.parametrize("text", ["", " ", "…", "ab"])
def test_a_text_without_sentences_is_taken_whole(vectors: CachedVectors, text: str) -> None:
    start, end = choose_sentence("Who?", Language("en"), evidence(1, "th", text), vectors)
    assert 0 <= start <= end <= len(text)
