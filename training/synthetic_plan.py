"""Which passages are asked about, in which languages, and what that will cost.

What is drawn for a passage depends on the seed and its id alone: a larger limit goes on where a
smaller one ended, and what was paid for is used again.
"""

import hashlib
import heapq
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language
from crosearch.tools.passages import Passage
from crosearch.training.synthetic_journal import Asked
from crosearch.training.synthetic_prompts import estimate_request, question_request

_SHORTEST_PASSAGE = 40
"""Characters; a heading alone answers nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """How passages and languages are chosen."""

    languages: Sequence[Language]
    """The ones to choose from; empty: those of the passages."""
    temperature: float
    """A language that holds n passages is drawn by n to the power of 1 / temperature; where
    `languages` names them, all are drawn alike."""
    per_passage: int
    """In how many languages a passage is asked about."""
    seed: int
    limit: int | None = None
    """How many passages are asked about; None: all."""

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            UsageError: One is out of its range.
        """
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise UsageError(f"the temperature is {self.temperature:g}; it must be more than 0")
        if self.per_passage < 1:
            raise UsageError(f"{self.per_passage} questions a passage; it must be at least 1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A passage to ask about."""

    passage: str
    """Its id."""
    language: Language
    """The passage's."""
    digest: str
    """Of its title and text."""
    asked_in: tuple[Language, ...]
    prompt_tokens: int
    """Estimated, as is the next."""
    completion_tokens: int

    @property
    def key(self) -> str:
        """Its name in the corpus; ids are unique in a language alone."""
        return f"{self.language} {self.passage}"


def plan_tasks(
    passages: Iterable[Passage], sizes: Mapping[Language, int], choice: Choice
) -> list[Task]:
    """Choose the passages and their languages, in the order in which they are to be asked about.

    Args:
        passages: All of them; those of a few words are passed over.
        sizes: How many passages each language holds.
        choice: How passages and languages are chosen.
    """
    weights = {code: size ** (1 / choice.temperature) for code, size in sizes.items()}
    if choice.languages:
        weights = dict.fromkeys(choice.languages, 1.0)
    ordered = _order(passages, choice.seed)
    drawn = sorted(ordered) if choice.limit is None else heapq.nsmallest(choice.limit, ordered)
    return [_task(passage, weights, choice) for _, _, passage in drawn]


def still_to_do(tasks: Sequence[Task], asked: Mapping[str, Asked]) -> list[Task]:
    """Leave out what has been asked already about passages that have not changed since."""
    return [
        task for task in tasks if task.key not in asked or asked[task.key]["digest"] != task.digest
    ]


def digest(passage: Passage) -> str:
    """Hash what a question about a passage depends on; 16 hexadecimal digits."""
    text = f"{passage.title}\0{passage.text}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _order(passages: Iterable[Passage], seed: int) -> Iterator[tuple[bytes, str, Passage]]:
    for passage in passages:
        if len(passage.text) >= _SHORTEST_PASSAGE:
            name = f"{passage.language} {passage.id}"
            key = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
            yield key, name, passage


def _task(passage: Passage, weights: Mapping[Language, float], choice: Choice) -> Task:
    rng = random.Random(f"{choice.seed} {passage.id}")
    # The largest u ** (1 / weight) are a draw without replacement by weight.
    keys = {code: math.log(1 - rng.random()) / weight for code, weight in weights.items()}
    languages = tuple(sorted(keys, key=lambda code: -keys[code])[: choice.per_passage])
    messages = question_request(passage.title, passage.text, languages)
    prompt, completion = estimate_request(messages, len(languages))
    return Task(
        passage=passage.id,
        language=passage.language,
        digest=digest(passage),
        asked_in=languages,
        prompt_tokens=prompt,
        completion_tokens=completion,
    )
