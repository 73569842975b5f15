import os
import random
import subprocess
import sys

from embedder_texts import GERMAN, NOUNS, RUSSIAN

from crosearch.training.embedder_tokenizer import (
    UNKNOWN,
    WORD_START,
    balanced_corpus,
    build_normalizer,
    train_tokenizer,
)


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

    def test_the_same_texts_give_the_same_pieces(self) -> None:
        # Another process hashes strings otherwise; what is in a set comes in another order.
        code = (
            "from crosearch.training.embedder_tokenizer import train_tokenizer;"
            f"print(train_tokenizer({[*NOUNS, *GERMAN, *RUSSIAN] * 3!r}, 120).to_str())"
        )
        made = {
            subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(made) == 1

    def test_small_languages_are_repeated_and_large_ones_cut(self) -> None:
        sentences = {"en": ["x" * 10] * 100, "sw": ["y" * 10] * 3}
        texts = list(balanced_corpus(sentences, {}, rng=random.Random(0), characters=200))
        assert (texts.count("x" * 10), texts.count("y" * 10)) == (20, 20)
