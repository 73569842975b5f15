from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from embedder_texts import GERMAN, NOUNS, RUSSIAN, write_data
from scipy.sparse import csr_array  # type: ignore[import-untyped]  # ships no types

from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import UsageError
from crosearch.training.embedder import Recipe, main, train
from crosearch.training.embedder_data import read_parallel, read_questions, read_terms
from crosearch.training.embedder_model import Bags, Pairs, TokenTable, contrastive_loss
from crosearch.training.embedder_pairs import TextPool, translation_source
from crosearch.training.embedder_tokenizer import train_tokenizer

TINY = Recipe(pieces=300, dimension=16, steps=60, batch=32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


class TestReading:
    def test_rows_hold_what_says_the_same_by_language(self, data: Path) -> None:
        assert read_parallel(data)["ntrex"][0] == {
            "en": ["river city"],
            "de": ["fluss stadt"],
            "ru": ["река город"],
        }
        assert read_terms(data)["omw"][0] == {"en": ["river"], "de": ["fluss"], "ru": ["река"]}
        assert len(read_questions(data)) == 90


class TestPairs:
    def test_a_pair_is_two_different_texts_of_a_row(self) -> None:
        pool = TextPool()
        rows = [{"en": [f"en{n}"], "de": [f"de{n}"], "ru": [f"ru{n}"]} for n in range(50)]
        source = translation_source("made", 1.0, rows, pool)
        left, right, same = source.draw(np.random.default_rng(0), 40)
        assert not same.any()
        assert len(left) == len(right) > 10
        assert np.array_equal(left // 3, right // 3)
        assert not np.any(left == right)
        assert len(set(left // 3)) == len(left)

    def test_dropout_leaves_tokens_out_and_keeps_the_lengths_right(self, data: Path) -> None:
        pool = TextPool()
        texts = [f"{a} {b} {c}" for a in NOUNS for b in GERMAN for c in RUSSIAN]
        numbers = np.array([pool.add(text) for text in texts])
        tokens = pool.tokenize(train_tokenizer(texts, 200))
        rng = np.random.default_rng(0)
        whole, dropped = tokens.bags(numbers, 0.0, rng), tokens.bags(numbers, 0.5, rng)
        assert whole.lengths.sum() == len(whole.ids) == len(tokens.ids)
        assert dropped.lengths.sum() == len(dropped.ids)
        assert 0.4 < len(dropped.ids) / len(whole.ids) < 0.6


class TestLoss:
    def test_its_gradients_are_those_of_its_values(self) -> None:
        rng = np.random.default_rng(0)
        left, right = rng.standard_normal((2, 6, 5)).astype(np.float32)
        same = np.zeros((6, 6), bool)
        same[1, 4] = True
        _, gradients = contrastive_loss(left, right, same, 5.0)
        for side, gradient in enumerate(gradients):
            for place in ((0, 0), (1, 3), (4, 2)):
                values = []
                for change in (1e-2, -1e-2):
                    moved = [left.copy(), right.copy()]
                    moved[side][place] += change
                    values.append(contrastive_loss(moved[0], moved[1], same, 5.0)[0])
                assert gradient[place] == pytest.approx((values[0] - values[1]) / 2e-2, abs=2e-3)

    def test_equal_texts_do_not_push_each_other_away(self) -> None:
        vectors = np.eye(4, dtype=np.float32)
        vectors[1] = vectors[0]
        nothing = np.zeros((4, 4), bool)
        masked = nothing.copy()
        masked[0, 1] = masked[1, 0] = True
        free, _ = contrastive_loss(vectors, vectors, nothing, 10.0)
        spared, _ = contrastive_loss(vectors, vectors, masked, 10.0)
        assert spared < 0.01 < free

    def test_a_step_moves_only_the_rows_of_its_tokens_and_what_they_share(self) -> None:
        # Tokens 1 and 5 share the row 6.
        places = ([0, 1, 2, 3, 4, 5, 1, 5], [0, 1, 2, 3, 4, 5, 6, 6])
        features = csr_array((np.ones(8, np.float32), places), shape=(6, 7))
        table = TokenTable.start(features, np.ones(6), 4, 0)
        before, tokens_before = table.rows.copy(), table.weights()
        bags = [
            Bags(ids=np.array(ids, np.int32), lengths=np.array([1, 1])) for ids in ([1, 2], [3, 4])
        ]
        pairs = Pairs(left=bags[0], right=bags[1], same=np.zeros((2, 2), bool))
        table.step(pairs, inverse_temperature=10.0, rate=0.01)
        moved = np.any(table.rows != before, axis=1)
        assert moved.tolist() == [False, True, True, True, True, False, True]
        assert np.any(table.weights() != tokens_before, axis=1).tolist() == [False, *[True] * 5]


class TestTraining:
    def test_the_loss_falls(
        self, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        train(data, tmp_path, TINY, every=10)
        losses = [float(r.args[2]) for r in caplog.records if "loss" in r.msg]  # type: ignore[index, arg-type]  # the log's own arguments
        assert len(losses) == 6
        assert losses[-1] < losses[0] / 1.5

    def test_a_killed_run_goes_on_and_ends_with_the_same_weights(
        self, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unbroken = train(data, tmp_path / "a", TINY, every=20)
        step, steps_taken = TokenTable.step, []

        def killed(table: TokenTable, pairs: Pairs, **options: float) -> float:
            steps_taken.append(1)
            if len(steps_taken) == 35:
                raise KeyboardInterrupt
            return step(table, pairs, **options)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(TokenTable, "step", killed)
            train(data, tmp_path / "b", TINY, every=20)
        resumed = train(data, tmp_path / "b", TINY, every=20)
        assert np.array_equal(resumed, unbroken)
        assert not list(tmp_path.glob("*/*.partial"))

    def test_another_recipe_in_the_same_folder_is_refused(self, data: Path, tmp_path: Path) -> None:
        train(data, tmp_path, replace(TINY, steps=2))
        with pytest.raises(UsageError, match="another recipe"):
            train(data, tmp_path, TINY)

    def test_a_damaged_checkpoint_is_named(self, data: Path, tmp_path: Path) -> None:
        train(data, tmp_path, replace(TINY, steps=2))
        state = tmp_path / "state.npz"
        state.write_bytes(state.read_bytes()[:-500])
        with pytest.raises(UsageError, match="is damaged"):
            train(data, tmp_path, replace(TINY, steps=2))

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_rate_that_blows_up_is_named(self, data: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="smaller --rate"):
            train(data, tmp_path, replace(TINY, rate=1e38))

    def test_the_command_writes_an_embedder_that_learned_the_translations(
        self, data: Path, tmp_path: Path
    ) -> None:
        options = ["--pieces", "300", "--dimension", "16", "--steps", "150", "--batch", "32"]
        out = tmp_path / "out"
        checkpoints = ["--checkpoints", str(tmp_path / "checkpoints")]
        main(["--data", str(data), "--out", str(out), *checkpoints, *options])
        embedder = load_embedder(str(out))
        scores = embedder.encode_queries(NOUNS) @ embedder.encode_passages(RUSSIAN).T
        assert np.array_equal(scores.argmax(axis=1), np.arange(len(NOUNS)))

    def test_the_same_seed_gives_the_same_files(self, data: Path, tmp_path: Path) -> None:
        options = ["--pieces", "300", "--dimension", "16", "--steps", "20", "--batch", "32"]
        made = []
        for name in ("a", "b"):
            out, checkpoints = tmp_path / name, tmp_path / f"{name}.checkpoints"
            folders = ["--out", str(out), "--checkpoints", str(checkpoints)]
            main(["--data", str(data), *folders, *options])
            made.append({path.name: path.read_bytes() for path in out.iterdir()})
        assert made[0] == made[1]

    def test_a_wrong_folder_is_misuse(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out, checkpoints = str(tmp_path / "out"), str(tmp_path / "checkpoints")
        with pytest.raises(SystemExit) as stopped:
            main(["--data", str(tmp_path), "--out", out, "--checkpoints", checkpoints])
        assert stopped.value.code == 2
        assert "not the project's data folder" in capsys.readouterr().err
        assert not Path(out).exists()
