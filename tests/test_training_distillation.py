"""Distillation: a student follows its teacher's English in every language."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from retriever_pairs import DE, EN, FR, parallels, question, questions
from retriever_trainings import small_training

from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import UsageError
from crosearch.training.batches import PairBatches
from crosearch.training.distillation import TeacherVectors, english_texts, teach, with_english
from crosearch.training.retriever import train_retriever


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a teacher that has read English alone."""
    out = tmp_path_factory.mktemp("teacher") / "model"
    settings = small_training(
        out,
        data=(questions(60, [EN]),),
        sampler="monolingual",
        steps=150,
        every=150,
        dimension=24,
    )
    train_retriever(settings)
    return out


class CountingTeacher:
    """Embeds a text by its length, and counts how many it was given."""

    name, dimension, fingerprint = "lengths", 2, "0" * 16

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return np.array([[len(text), 0] for text in texts], np.float32)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return np.array([[len(text), 1] for text in texts], np.float32)


def test_a_student_follows_its_teacher_into_languages_that_the_teacher_cannot_read(
    teacher: Path, tmp_path: Path
) -> None:
    settings = small_training(
        tmp_path / "student", teacher=str(teacher), dimension=24, steps=400, every=400
    )
    trained = train_retriever(settings)
    dev, before = trained.figures["dev"], trained.figures["dev_at_start"]
    assert dev and before and dev["cross"] and before["cross"]
    assert dev["cross"] > before["cross"] + 0.1
    student, guide = load_embedder(str(tmp_path / "student")), load_embedder(str(teacher))
    english = guide.encode_passages([question(n).passage[EN][0] for n in range(60)])
    for language in (DE, FR):
        own = student.encode_passages([question(n).passage[language][0] for n in range(60)])
        assert (own * english).sum(axis=1).mean() > 0.5
    # The teacher itself is lost there.
    lost = guide.encode_passages([question(n).passage[DE][0] for n in range(60)])
    assert (lost * english).sum(axis=1).mean() < 0.5


def test_a_teacher_of_another_dimension_is_refused_and_a_projection_offered(
    teacher: Path, tmp_path: Path
) -> None:
    settings = small_training(tmp_path / "student", teacher=str(teacher))
    with pytest.raises(UsageError, match=r"24 numbers, the model 'static' of 32.*projection"):
        train_retriever(settings)
    assert not (tmp_path / "student").exists()


def test_a_projection_makes_the_student_s_vectors_as_long_as_the_teacher_s(
    teacher: Path, tmp_path: Path
) -> None:
    settings = small_training(tmp_path / "student", teacher=str(teacher), projection=True)
    train_retriever(settings)
    assert load_embedder(str(tmp_path / "student")).dimension == 24


def test_a_teacher_that_cannot_be_found_is_told(tmp_path: Path) -> None:
    settings = small_training(tmp_path / "student", teacher="./nowhere")
    with pytest.raises(UsageError, match=r"no embedder './nowhere'"):
        train_retriever(settings)
    assert not (tmp_path / "student").exists()


def test_each_english_text_is_embedded_once_and_kept(tmp_path: Path) -> None:
    sets = (questions(10), parallels(10))
    first, path = CountingTeacher(), tmp_path / "teacher.npy"
    vectors = teach(first, sets, path)
    assert sorted(first.texts) == sorted(sum(english_texts(sets), []))
    assert all(text.startswith("en ") for text in first.texts)
    again = teach(None, sets, path)
    drawn = PairBatches(sets, kind="hybrid", batch=4, seed=0).draw(0)
    assert np.array_equal(vectors.of(drawn), again.of(drawn))


def test_a_pair_follows_the_english_of_its_own_two_sides() -> None:
    sets = (questions(20),)
    teacher = CountingTeacher()
    queries, passages = english_texts(sets)
    both = np.concatenate([teacher.encode_queries(queries), teacher.encode_passages(passages)])
    drawn = PairBatches(sets, kind="cross-lingual", batch=4, seed=0).draw(0)
    targets = TeacherVectors(sets, both).of(drawn)
    assert targets.shape == (4, 2, 2)
    for pair, (query, passage) in zip(drawn, targets, strict=True):
        assert query.tolist() == [len(pair.record.query[EN][0]), 0]
        assert passage.tolist() == [len(pair.record.passage[EN][0]), 1]


def test_records_without_english_are_left_out_and_a_file_without_any_is_refused() -> None:
    mixed = questions(5)
    without = questions(5, [DE, FR], name="without")
    assert with_english([mixed]) == (mixed,)
    with pytest.raises(UsageError, match=r"without\.jsonl has no record with English"):
        with_english([mixed, without])
