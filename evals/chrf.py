"""chrF of short answers: how many character n-grams an answer shares with a gold one.

chrF (Popović 2015, “chrF: character n-gram F-score for automatic MT evaluation”), as sacrebleu
counts it for one sentence, with its own settings: n-grams of 1 to 6 characters without white space,
recall weighted twice, case told apart. It needs no words, and so is the same measure in every
language.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF


def chrf(answer: str, golds: Sequence[str]) -> float:
    """Score an answer by the gold answer that it is nearest to, from 0 to 1.

    sacrebleu's own scores are a hundred times that.

    Raises:
        ValueError: There is no gold answer.
    """
    if not golds:
        raise ValueError("there is no gold answer to score against")
    scores: list[float] = [_metric().sentence_score(answer, [gold]).score for gold in golds]
    return max(scores) / 100


def chrf_signature() -> str:
    """Tell the settings as sacrebleu writes them; figures are comparable where it is the same."""
    return str(_metric().get_signature())


@cache
def _metric() -> "CHRF":
    from sacrebleu.metrics.chrf import CHRF

    metric = CHRF()
    # It has no signature before it has scored something.
    metric.sentence_score("", [""])
    return metric
