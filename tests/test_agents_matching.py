"""Passages are compared with a question by sound, across scripts, and word by word."""

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder
from hypothesis import given
from hypothesis import strategies as st

from crosearch.agents.matching import (
    CachedVectors,
    contrast,
    find_names,
    name_overlap,
    sound_overlap,
    sound_share,
    word_similarities,
)
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language


@pytest.mark.parametrize(
    ("name", "other", "unlike"),
    [
        ("Moskva", "Москва", "Лондон"),
        ("Korinthos", "Κόρινθος", "Αθήνα"),
        ("Łukasiewicz", "Лукасевич", "Ковалевская"),
        ("Bartolomeu", "バルトロメウ", "シャランゴ"),
        ("Tadataka", "ताडाटाका", "किलिमंजारो"),
    ],
)
def test_a_name_is_heard_in_another_script(name: str, other: str, unlike: str) -> None:
    assert sound_share(name, f"{other} 1900") > 0.3
    assert sound_share(name, f"{other} 1900") > sound_share(name, unlike) + 0.2


def test_rare_sounds_count_more_than_common_ones() -> None:
    passages = ["the tower of Elbląg", "the tower of Pisa", "the tower of London"]
    overlap = sound_overlap("the tower of Elbląg", passages)
    assert overlap[0] == pytest.approx(1.0)
    assert overlap[1] < 0.5 and overlap[2] < 0.5


@pytest.mark.parametrize(
    ("language", "question", "names"),
    [
        ("en", "Who built the Bell Rock Lighthouse?", ["Bell", "Rock", "Lighthouse"]),
        ("ja", "マリア・メーリアンはどこで亡くなりましたか。", ["マリア", "メーリアン"]),
        ("en", "who built it all?", ["built"]),
        ("zh", "谁修建了都江堰", ["谁修建", "修建了", "建了都", "了都江", "都江堰"]),
        ("ar", "من لحن النشيد", ["النشيد"]),
    ],
)
def test_names_are_found_by_capitals_or_guessed(
    language: str, question: str, names: list[str]
) -> None:
    assert find_names(question, Language(language)) == names


def test_the_passage_that_holds_the_name_stands_out() -> None:
    passages = ["Башня в Пизе стоит криво.", "Маяк Белл-Рок стоит в море.", "Море глубокое."]
    overlap = name_overlap("Who built Bell Rock?", Language("en"), passages)
    assert overlap.argmax() == 1


def test_a_question_word_finds_its_nearest_word() -> None:
    vectors = CachedVectors(HashingEmbedder())
    passages = [("a tower of stone", Language("en")), ("bread and butter", Language("en"))]
    similarities = word_similarities("tower stone", Language("en"), passages, vectors)
    assert similarities.shape == (2, 2)
    assert similarities[:, 0] == pytest.approx([1.0, 1.0])
    assert contrast(similarities).argmax() == 0


@given(
    st.text(max_size=40),
    st.sampled_from(EMBEDDED_LANGUAGES),
    st.lists(st.text(max_size=40), min_size=1, max_size=4),
)
def test_any_text_can_be_compared(question: str, language: Language, passages: list[str]) -> None:
    vectors = CachedVectors(HashingEmbedder(dimension=8))
    overlap = sound_overlap(question, passages)
    assert overlap.shape == (len(passages),) and (overlap >= 0).all() and (overlap <= 1.001).all()
    assert np.isfinite(name_overlap(question, language, passages)).all()
    pairs = [(passage, language) for passage in passages]
    assert np.isfinite(contrast(word_similarities(question, language, pairs, vectors))).all()


def test_vectors_are_kept_and_bounded() -> None:
    class Counting(HashingEmbedder):
        encoded = 0

        def encode_passages(self, texts):  # type: ignore[no-untyped-def]  # as in the base
            self.encoded += len(texts)
            return super().encode_passages(texts)

    embedder = Counting()
    vectors = CachedVectors(embedder, size=3)
    vectors.look_up(["a", "b"])
    vectors.look_up(["b", "c"])
    assert embedder.encoded == 3
    vectors.look_up(["d"])
    vectors.look_up(["a"])
    assert embedder.encoded == 5
