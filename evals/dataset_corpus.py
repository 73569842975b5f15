"""Documents of data sets: those too many to hold, and those that come without ids."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from crosearch.evals.dataset_types import EvalDocument


@dataclass(frozen=True, slots=True)
class ReadAgain(Iterable[EvalDocument]):
    """Documents that are read each time somebody goes through them; none is held."""

    read: Callable[[], Iterator[EvalDocument]]

    def __iter__(self) -> Iterator[EvalDocument]:
        """Read them from the start."""
        return self.read()


def passage_id(title: str, text: str) -> str:
    """Name a passage by what it says: the same passage, met again, has the same name."""
    return hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()[:16]
