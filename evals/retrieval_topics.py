"""Which questions are asked of which documents: the settings of a retrieval evaluation.

A topic is a question asked of a pool of documents. Its id, and those of documents, are written as
TREC's files need them (`token`), here and in all that looks at runs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote

from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.retrieval_data import RetrievalData
from crosearch.tools.languages import Language

Setting = Literal["mono", "cross", "pool", "others"]
"""What a question is asked of:

- `mono`: the documents of its own language;
- `cross`: those of each other language, one after the other;
- `pool`: those of all languages together;
- `others`: those of all other languages together.
"""

SETTINGS: tuple[Setting, ...] = get_args(Setting)

_UNFIT = re.compile(r"[^!-$&-~]")
"""What TREC's files, split at white space, cannot hold; and `%`, which marks what stands for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Questions of one language, and the languages whose documents are ranked for them."""

    name: str
    """`en-de`, `en-pool` or `en-others`."""
    asked: Language
    searched: tuple[Language, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A question asked of a pool."""

    id: str
    question: EvalQuestion
    relevant: Mapping[str, int]
    """The pool's documents that answer it, with their relevance; at least one."""


def token(identifier: str) -> str:
    """Write an id without white space, as TREC's files need it; usual ids stay as they are."""
    return _UNFIT.sub(lambda found: quote(found[0]), identifier)


def list_pools(data: RetrievalData, setting: Setting) -> list[Pool]:
    """List the pools of a setting that answer some question."""
    pools = (pool for asked in data.askers for pool in _pools(asked, data, setting))
    return [pool for pool in pools if next(list_topics(data, pool), None)]


def list_topics(data: RetrievalData, pool: Pool) -> Iterator[Topic]:
    """List the questions that some document of a pool answers, in the data set's order."""
    for question in data.questions:
        if question.language != pool.asked:
            continue
        relevant = {
            token(name): grade
            for name, grade in question.gold.items()
            if name in data.places and data.places[name].language in pool.searched
        }
        if relevant:
            name = f"{pool.name}/{token(question.id)}"
            yield Topic(id=name, question=question, relevant=relevant)


def _pools(asked: Language, data: RetrievalData, setting: Setting) -> Iterator[Pool]:
    held = tuple(data.languages)
    others = tuple(language for language in held if language != asked)
    if setting == "mono":
        yield from _single(asked, [asked] if asked in held else [])
    elif setting == "cross":
        yield from _single(asked, others)
    elif len(held) > 1:  # Of one language, the pool would be `mono` or `cross` again.
        searched = held if setting == "pool" else others
        yield Pool(name=f"{asked}-{setting}", asked=asked, searched=searched)


def _single(asked: Language, languages: Sequence[Language]) -> Iterator[Pool]:
    for language in languages:
        yield Pool(name=f"{asked}-{language}", asked=asked, searched=(language,))
