import random
from typing import Literal

import numpy as np
from embedder_texts import GERMAN, NOUNS

from crosearch.training.embedder_data import Question
from crosearch.training.embedder_dictionary import Dictionary
from crosearch.training.embedder_pairs import TextPool, mark_equal
from crosearch.training.embedder_questions import english_forms, native_forms, question_source


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


class TestQuestions:
    pairs = [
        Question(language="en", question=f"which {word}", sentence=f"{word} here")
        for word in (*NOUNS, *NOUNS[:2])
    ]
    dictionary = Dictionary(
        [(1.0, [{"en": [a], "de": [b]} for a, b in zip(NOUNS, GERMAN, strict=True)])]
    )

    def drawn(self, languages: Literal["one", "mixed"]) -> list[tuple[str, str]]:
        pool = TextPool()
        forms = english_forms(self.pairs, self.dictionary, pool, 0, forms=2)
        source = question_source("made", 1.0, forms, languages)
        left, right, same = source.draw(np.random.default_rng(0), 64)
        texts = pool.texts
        # The sentences of the last two questions answer the first two as well.
        assert bool(same.any()) == (len(left) > len(NOUNS))
        return [(texts[a], texts[b]) for a, b in zip(left, right, strict=True)]

    def test_a_batch_in_one_language_asks_and_answers_in_it(self) -> None:
        pairs = self.drawn("one")
        assert len(pairs) == len(self.pairs)
        assert len({question.isascii() for question, _ in pairs}) == 1
        words = [(question.split()[-1], sentence.split()[0]) for question, sentence in pairs]
        assert all(word == other for word, other in words)

    def test_a_mixed_batch_asks_in_one_language_and_answers_in_any(self) -> None:
        numbers = {word: n for words in (NOUNS, GERMAN) for n, word in enumerate(words)}
        pairs = [(q.split()[-1], s.split()[0]) for q, s in self.drawn("mixed")]
        assert {(one in GERMAN, other in GERMAN) for one, other in pairs} == {
            (a, b) for a in (True, False) for b in (True, False)
        }
        assert all(numbers[one] == numbers[other] for one, other in pairs)

    def test_a_native_question_stays_in_its_language(self) -> None:
        pool = TextPool()
        asked = [
            Question(language=language, question=f"{language}{n}?", sentence=f"{language}{n}")
            for language in ("ja", "th")
            for n in range(5)
        ]
        source = question_source("native", 1.0, native_forms(asked, pool), "one")
        left, right, same = source.draw(np.random.default_rng(1), 4)
        assert len(left) == 4 and not same.any()
        assert all(pool.texts[a] == pool.texts[b] + "?" for a, b in zip(left, right, strict=True))

    def test_no_questions_make_no_batches(self) -> None:
        assert question_source("none", 0.5, native_forms([], TextPool()), "one").share == 0

    def test_pairs_that_are_equal_on_a_side_are_marked(self) -> None:
        left, right = np.array([1, 1, 2]), np.array([7, 8, 7])
        marked = mark_equal((left, left), (right, right))
        assert np.argwhere(marked).tolist() == [[0, 1], [0, 2], [1, 0], [2, 0]]
