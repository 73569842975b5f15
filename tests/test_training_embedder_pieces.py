import numpy as np

from crosearch.training.embedder_pieces import piece_features


class TestPieces:
    def test_the_forms_of_a_word_share_what_is_alike_in_them(self) -> None:
        features = piece_features(["<unk>", "\u2581flusses", "\u2581fluss", "\u2581tree"]).toarray()
        assert np.array_equal(features[:, :4], np.eye(4))
        shared = features[:, 4:]
        assert (shared[1] * shared[2]).sum() > 0
        assert not shared[0].any() and not shared[3].any()

    def test_a_piece_s_ngrams_have_a_length_of_one_together(self) -> None:
        features = piece_features(["\u2581rivers", "\u2581river", "\u2581rive", "x"]).toarray()
        assert np.allclose((features[:3, 4:] ** 2).sum(axis=1), 1)
