import numpy as np
import pytest

from crosearch.training.embedder_pairs import TokenPool, TranslationSource
from crosearch.training.embedder_refine import (
    pull_to_translations,
    refine,
    shorten,
    whiten_within_rows,
)

# Six texts; text n is the token n alone, but for the last one, which is tokens 0 and 1.
TOKENS = TokenPool(
    ids=np.array([0, 1, 2, 3, 4, 0, 1], np.int32), offsets=np.array([0, 1, 2, 3, 4, 5, 7])
)


def source(*rows: tuple[int, ...]) -> TranslationSource:
    """Rows of texts that say the same."""
    return TranslationSource(
        name="made",
        share=1.0,
        texts=np.array([text for row in rows for text in row]),
        offsets=np.cumsum([0, *(len(row) for row in rows)]),
        cumulative=np.linspace(0, 1, len(rows) + 1)[1:],
        batch_factor=1,
    )


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)


class TestShorten:
    def test_long_vectors_are_cut_and_keep_their_direction(self) -> None:
        vectors = np.array([[0, 0], [1, 0], [0, 2], [3, 0], [0, 40]], np.float32)
        cut = shorten(vectors, 0.5)
        assert np.allclose(np.linalg.norm(cut, axis=1), [0, 1, 2, 2.5, 2.5])
        assert np.allclose(cut[4], [0, 2.5])

    def test_all_may_keep_their_length(self, vectors: np.ndarray) -> None:
        assert np.allclose(shorten(vectors, 1.0), vectors)

    def test_nothing_stays_nothing(self) -> None:
        assert not shorten(np.zeros((2, 3), np.float32), 0.5).any()


class TestPull:
    def test_a_piece_comes_nearer_to_its_translation_at_the_same_length(
        self, vectors: np.ndarray
    ) -> None:
        pulled = pull_to_translations(vectors, TOKENS, [source((0, 2), (1, 3))], 0.3)
        assert cosine(pulled[0], pulled[2]) > cosine(vectors[0], vectors[2])
        lengths = np.linalg.norm(vectors, axis=1)
        assert np.allclose(np.linalg.norm(pulled, axis=1), lengths, rtol=1e-5)

    def test_a_piece_in_no_row_or_only_within_a_longer_term_stays(
        self, vectors: np.ndarray
    ) -> None:
        pulled = pull_to_translations(vectors, TOKENS, [source((5, 2))], 0.3)
        assert np.allclose(pulled[[0, 1, 3, 4]], vectors[[0, 1, 3, 4]], atol=1e-6)
        assert cosine(pulled[2], vectors[0] + vectors[1]) > cosine(
            vectors[2], vectors[0] + vectors[1]
        )


class TestWhitening:
    def test_a_direction_that_tells_languages_apart_counts_for_less(self) -> None:
        # The first number says which language, the others what is meant.
        vectors = np.array([[2, 1, 0], [-2, 1, 0], [2, 0, 1], [-2, 0, 1], [0, 1, 1]], np.float32)
        whitened = whiten_within_rows(vectors, TOKENS, source((0, 1), (2, 3)))
        assert cosine(vectors[0], vectors[1]) < cosine(vectors[0], vectors[2])
        before = cosine(vectors[0], vectors[1]), cosine(vectors[0], vectors[2])
        after = cosine(whitened[0], whitened[1]), cosine(whitened[0], whitened[2])
        assert after[0] > before[0] and after[1] < before[1]

    def test_all_corrections_together_keep_the_shape_and_stay_finite(
        self, vectors: np.ndarray
    ) -> None:
        terms = [source((0, 2), (1, 3))]
        refined = refine(vectors, TOKENS, source((0, 2), (1, 3, 4)), terms)
        assert refined.shape == vectors.shape and refined.dtype == np.float32
        assert np.isfinite(refined).all()
