import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crosearch.tools.embedder import load_embedder
from crosearch.tools.errors import UsageError
from crosearch.training.embedder import Recipe, main, train
from crosearch.training.embedder_data import read_parallel, read_questions, read_terms
from crosearch.training.embedder_dictionary import Dictionary
from crosearch.training.embedder_model import Bags, TokenTable, contrastive_loss
from crosearch.training.embedder_pairs import TextPool, question_source, translation_source
from crosearch.training.embedder_tokenizer import (
    UNKNOWN,
    WORD_START,
    balanced_corpus,
    build_normalizer,
    train_tokenizer,
)

TINY = Recipe(pieces=300, dimension=16, steps=60, batch=32)

# Made words: sentence n says n in each of three languages that share no word.
NOUNS = ("river", "city", "doctor", "moon", "stone", "bread", "horse", "ship", "tree", "fire")
GERMAN = ("fluss", "stadt", "arzt", "mond", "stein", "brot", "pferd", "schiff", "baum", "feuer")
RUSSIAN = ("река", "город", "врач", "луна", "камень", "хлеб", "конь", "корабль", "дерево", "огонь")


def phrase(words: tuple[str, ...], i: int, j: int) -> str:
    return f"{words[i]} {words[j]}"


def write_data(folder: Path) -> Path:
    pairs = [(i, j) for i in range(10) for j in range(10) if i != j]
    rows = [[phrase(words, i, j) for words in (NOUNS, GERMAN, RUSSIAN)] for i, j in pairs]
    terms = [
        (language, word, noun)
        for language, words in (("de", GERMAN), ("ru", RUSSIAN))
        for word, noun in zip(words, NOUNS, strict=True)
    ]
    train_folder = folder / "train"
    train_folder.mkdir(parents=True)

    def table(name: str, header: str, lines: list[list[str]]) -> None:
        content = [header.split(), *lines]
        text = "".join("\t".join(line) + "\n" for line in content)
        (train_folder / name).write_text(text, encoding="utf-8")

    def records(path: Path, items: list[dict[str, object]]) -> None:
        path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")

    table("ntrex.tsv", "en de ru", rows)
    table("tico19.tsv", "en ru", [[row[0], row[2]] for row in rows])
    table("tatoeba_laser.tsv", "lang text en", [["de", row[1], row[0]] for row in rows])
    for name, header in (
        ("tanaka_en_ja.tsv", "en ja"),
        ("pud_en_th.tsv", "en th"),
        ("afriqa_sw_en_questions.tsv", "sw en"),
        ("mgsm.tsv", "en es"),
    ):
        table(name, header, [["river", "city"]])
    table("wiktionary_lex.tsv", "lang term en pos", [[*term, "n"] for term in terms])
    table("tico19_terms.tsv", "lang term en", [list(term) for term in terms])
    senses = [
        {"en": [a], "de": [b], "ru": [c]} for a, b, c in zip(NOUNS, GERMAN, RUSSIAN, strict=True)
    ]
    records(train_folder / "omw_lex.jsonl", [{"s": "1-n", **sense} for sense in senses])
    names = [{lang: words[0] for lang, words in sense.items()} for sense in senses]
    records(train_folder / "cldr_names.jsonl", [{"k": "territories:1", **name} for name in names])
    records(folder / "wikidata_labels.jsonl", [{"q": "Q1", **name} for name in names])
    questions = [
        {"l": "en", "q": f"which {NOUNS[i]}", "s": phrase(NOUNS, i, j), "src": "made"}
        for i, j in pairs
    ]
    records(train_folder / "qa.jsonl", [{**question} for question in questions])
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


class TestNormalisation:
    normalise = staticmethod(build_normalizer().normalize_str)

    def test_words_are_marked_and_punctuation_is_not_kept(self) -> None:
        assert self.normalise("Hello, World!") == "\u2581hello \u2581world"

    def test_scripts_without_spaces_are_unmarked_runs_apart_from_numbers(self) -> None:
        assert self.normalise("東京2020年") == "東京 \u25812020 年"
        assert self.normalise("ไทย๑๒") == "ไทย \u258112"

    def test_what_it_gives_it_leaves_as_it_is_but_for_the_marks(self) -> None:
        for text in ("Straße ΣΑΣ", "İstanbul", "ﬁne", "東京タワーabc", "می‌روم", "क़लम"):
            once = self.normalise(text)
            assert self.normalise(once.replace(WORD_START, "")) == once

    def test_nothing_stays_nothing(self) -> None:
        assert self.normalise("") == self.normalise(" ?! ") == ""


class TestTokenizer:
    def test_a_frequent_word_that_is_part_of_no_other_is_one_piece(self) -> None:
        rng = random.Random(0)
        filler = ["".join(rng.choices("abdehiklmnoprstuvy", k=6)) for _ in range(400)]
        tokenizer = train_tokenizer([*filler, *["nước jqz"] * 50], 200)
        assert tokenizer.encode("nước jqz").tokens == ["\u2581nước", "\u2581jqz"]

    def test_it_has_at_most_the_pieces_it_was_asked_for_and_the_unknown_one_first(self) -> None:
        tokenizer = train_tokenizer([f"{a} {b}" for a in NOUNS for b in RUSSIAN], 120)
        assert tokenizer.get_vocab_size() <= 120
        assert tokenizer.token_to_id(UNKNOWN) == 0

    def test_small_languages_are_repeated_and_large_ones_cut(self) -> None:
        sentences = {"en": ["x" * 10] * 100, "sw": ["y" * 10] * 3}
        texts = list(balanced_corpus(sentences, {}, rng=random.Random(0), characters=200))
        assert (texts.count("x" * 10), texts.count("y" * 10)) == (20, 20)


class TestDictionary:
    rows = [{"en": ["big river"], "de": ["Strom"]}, {"en": ["river"], "de": ["Fluss"]}]

    def translate(self, text: str, language: str = "de") -> str | None:
        return Dictionary([(1.0, self.rows)]).translate(text, language, random.Random(3))

    def test_the_longest_phrase_wins(self) -> None:
        assert self.translate("big river river") == "Strom Fluss"

    def test_an_inflected_word_is_found_by_its_stem(self) -> None:
        assert self.translate("rivers") == "Fluss"

    def test_a_text_with_few_known_words_is_refused(self) -> None:
        assert self.translate("river one two three") is None
        assert self.translate("river", "ru") is None


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
        left, right = source.draw(np.random.default_rng(0), 40)
        assert len(left) == len(right) > 10
        assert np.array_equal(left // 3, right // 3)
        assert not np.any(left == right)
        assert len(set(left // 3)) == len(left)

    def test_a_question_is_drawn_with_an_answer(self) -> None:
        pool = TextPool()
        source = question_source("made", 1.0, [(["q"], ["a", "b"]), (["r"], ["c"])], pool)
        left, right = source.draw(np.random.default_rng(0), 8)
        assert all((a, b) in {(0, 2), (0, 3), (1, 4)} for a, b in zip(left, right, strict=True))

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

    def test_a_step_moves_only_the_rows_of_its_tokens(self) -> None:
        table = TokenTable.start(np.ones(6), 4, 0)
        before = table.weights.copy()
        bags = [
            Bags(ids=np.array(ids, np.int32), lengths=np.array([1, 1]), texts=np.array(texts))
            for ids, texts in (([1, 2], [0, 1]), ([3, 4], [2, 3]))
        ]
        table.step(bags[0], bags[1], inverse_temperature=10.0, rate=0.01)
        moved = np.any(table.weights != before, axis=1)
        assert moved.tolist() == [False, True, True, True, True, False]


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

        def killed(table: TokenTable, left: Bags, right: Bags, **options: float) -> float:
            steps_taken.append(1)
            if len(steps_taken) == 35:
                raise KeyboardInterrupt
            return step(table, left, right, **options)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(TokenTable, "step", killed)
            train(data, tmp_path / "b", TINY, every=20)
        resumed = train(data, tmp_path / "b", TINY, every=20)
        assert np.allclose(resumed.weights, unbroken.weights, atol=1e-6)
        assert not list(tmp_path.glob("*/*.partial"))

    def test_another_recipe_in_the_same_folder_is_refused(self, data: Path, tmp_path: Path) -> None:
        train(data, tmp_path, replace(TINY, steps=2))
        with pytest.raises(UsageError, match="another recipe"):
            train(data, tmp_path, TINY)

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

    def test_a_wrong_folder_is_misuse(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out, checkpoints = str(tmp_path / "out"), str(tmp_path / "checkpoints")
        with pytest.raises(SystemExit) as stopped:
            main(["--data", str(tmp_path), "--out", out, "--checkpoints", checkpoints])
        assert stopped.value.code == 2
        assert "not the project's data folder" in capsys.readouterr().err
        assert not Path(out).exists()
