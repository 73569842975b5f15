"""Titles are compared with a question by sound, across scripts; vectors are kept."""

import pytest
from hashing_embedder import HashingEmbedder

from crosearch.agents.matching import CachedVectors, sound_share


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
