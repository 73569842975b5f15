"""Which gold answers an answer is held against."""

from collections.abc import Mapping, Sequence
from itertools import chain

from crosearch.training.questions import UNTOLD
from crosearch.training.trajectories import Trajectory

Golds = Mapping[str, Sequence[str]]
"""Gold answers by language; `und` where no language is told."""


def wanted_golds(record: Trajectory) -> list[tuple[str, Sequence[str]]]:
    """Choose what to compare a run's answer with, as `choose_golds`."""
    return choose_golds(record["answers"], record["language"])


def choose_golds(golds: Golds, asked: str) -> list[tuple[str, Sequence[str]]]:
    """Choose the answers in the asker's language, and where none is known in it, those in any.

    Args:
        golds: All that are known. What tells no language counts as the asker's.
        asked: The asker's language.

    Returns:
        A language and its answers, at least one, each.
    """
    chosen = {code: golds[code] for code in (asked, UNTOLD) if golds.get(code)} or golds
    return [(asked if code == UNTOLD else code, texts) for code, texts in chosen.items() if texts]


def gold_texts(golds: Golds, asked: str) -> list[str]:
    """List what `choose_golds` chooses, each text once."""
    return list(
        dict.fromkeys(chain.from_iterable(texts for _, texts in choose_golds(golds, asked)))
    )
