"""Makes names of a lesson new each time it is read, so that they can only be copied.

A few thousand names are soon known by heart, and then their first piece is enough to go on from;
what was learnt so fails on any other name. So the pieces of the names that a lesson's policy thinks
of and answers are swapped for drawn ones, the same for the same throughout the lesson: what is
equal stays equal, and what the policy has to do stays the same.
"""

import random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crosearch.training.tiny_lessons import Lesson

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SWAPPED = (0.4, 1.0)
"""The least and the greatest share of the names' pieces that is swapped in a scrambled lesson."""
_NAMES_STAND = (("<think>", "</think>"), ("<answer>", "</answer>"))
"""Between which of the policy's pieces."""


class Scrambler:
    """Swaps pieces of lessons."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", share: float) -> None:
        """Find the pieces that may be swapped.

        Args:
            tokenizer: Of the lessons.
            share: Of the readings of lessons that are scrambled, in 0..1.
        """
        self._share = share
        pieces = tokenizer.get_vocab()
        self._around = [(pieces[opened], pieces[closed]) for opened, closed in _NAMES_STAND]
        self.is_content = np.zeros(len(tokenizer), np.bool_)
        """Which pieces may be swapped, shape (pieces,)."""
        fixed = set(tokenizer.added_tokens_decoder) | _codes(tokenizer)
        for piece in range(len(tokenizer)):
            text = str(tokenizer.decode([piece]))
            self.is_content[piece] = piece not in fixed and any(map(str.isalpha, text))
        self._content = np.flatnonzero(self.is_content).astype(np.int32)

    def scramble(self, lesson: Lesson, draw: random.Random) -> Lesson:
        """Return a lesson as it is read this time."""
        if draw.random() >= self._share:
            return lesson
        generator = np.random.default_rng(draw.getrandbits(64))
        copied = np.unique(lesson.ids[self._in_names(lesson)])
        swapped = copied[generator.random(len(copied)) < draw.uniform(*_SWAPPED)]
        others: NDArray[np.int32] = generator.choice(self._content, len(swapped), replace=False)
        becomes = np.arange(len(self.is_content), dtype=np.int32)
        becomes[swapped] = others
        return Lesson(ids=becomes[lesson.ids], learnt=lesson.learnt)

    def _in_names(self, lesson: Lesson) -> NDArray[np.bool_]:
        """Tell of each token whether it is of a name that the policy wrote, shape (n,)."""
        inside = np.zeros(len(lesson.ids), np.bool_)
        for opened, closed in self._around:
            inside |= tokens_between(lesson.ids, opened, closed)
        return inside & lesson.learnt & self.is_content[lesson.ids]


def tokens_between(ids: NDArray[np.int32], opened: int, closed: int) -> NDArray[np.bool_]:
    """Tell of each token whether it stands behind a piece that opens and before one that closes.

    The opening piece itself counts, the closing one does not; shape (n,).
    """
    return np.cumsum(ids == opened) > np.cumsum(ids == closed)


def _codes(tokenizer: "PreTrainedTokenizerBase") -> set[int]:
    """List the pieces that languages' codes are made of, and the words of thoughts."""
    from crosearch.tools.languages import EMBEDDED_LANGUAGES

    texts = (*EMBEDDED_LANGUAGES, " missing")
    return {piece for text in texts for piece in tokenizer.encode(text, add_special_tokens=False)}
