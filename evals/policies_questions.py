"""Held-out questions, with what a comparison of policies wants to know of each.

Beside what `training.questions` reads, a row may say which `fact` it asks for, so that its answers
can be compared over askers' languages; of which `kind` it is; and in which languages the answer is
`told_in`. All may be missing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, cast, get_args

from crosearch.tools.errors import DocumentError
from crosearch.tools.languages import Language
from crosearch.training.answer_entities import Joined, parallel_texts
from crosearch.training.question_files import Row, read_rows
from crosearch.training.questions import Question, parse_question

Kind = Literal["own", "other", "conflict", "nowhere"]
"""Where the answer is told: in the asker's language; in others only; differently in several
passages; nowhere, and then the right thing is to decline."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOutQuestion:
    """A question to compare policies on."""

    question: Question
    fact: str
    """What is asked for, whatever the language; questions of one fact have parallel answers."""
    kind: Kind | None
    """None: nobody says."""


def read_held_out(source: str | Path, *, limit: int | None = None) -> list[HeldOutQuestion]:
    """Read questions; those that translate each other ask for one fact, where no row says which.

    Args:
        source: As for `training.questions.read_questions`.
        limit: How many to read at most; None reads all.

    Raises:
        DocumentError: A row is wrong, or there is none; the message says where.
        UsageError: There is no such file or dataset.
    """
    rows = list(islice(read_rows(str(source)), limit))
    if not rows:
        raise DocumentError(f"{source} holds no questions")
    questions = [parse_question(row) for row in rows]
    parallel = Joined()
    for question in questions:
        parallel.join(_texts(question))
    return [
        HeldOutQuestion(
            question=question,
            fact=_fact(row) or parallel.find(_texts(question)[0]),
            kind=_kind(row, question.language),
        )
        for row, question in zip(rows, questions, strict=True)
    ]


def _texts(question: Question) -> list[str]:
    translations = {str(code): text for code, text in question.translations.items()}
    return parallel_texts(question.language or "", question.text, translations)


def _fact(row: Row) -> str:
    value = row.values.get("fact")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DocumentError(f"{row.place}: 'fact' is {value!r:.80}; it has to be a text")
    return value.strip()


def _kind(row: Row, language: Language | None) -> Kind | None:
    value = row.values.get("kind")
    if value is None or value == "":
        return _kind_of_telling(list(_told_in(row)), language)
    if value not in KINDS:
        raise DocumentError(
            f"{row.place}: 'kind' is {value!r:.80}; it has to be one of {', '.join(KINDS)}"
        )
    return value


def _kind_of_telling(told_in: Sequence[str], language: Language | None) -> Kind | None:
    if not told_in or language is None:
        return None
    return "own" if language in told_in else "other"


def _told_in(row: Row) -> Iterator[str]:
    value = row.values.get("told_in")
    if isinstance(value, str):  # As CSV holds it.
        value = cast(object, json.loads(value)) if value.startswith("[") else value.split(",")
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (str(code) for code in cast("Sequence[object]", value))


def describe_questions(questions: Sequence[HeldOutQuestion]) -> Mapping[str, object]:
    """Count questions, facts, languages and kinds; plain JSON."""
    kinds = [question.kind for question in questions]
    return {
        "questions": len(questions),
        "facts": len({question.fact for question in questions}),
        "languages": sorted({question.question.language or "und" for question in questions}),
        "kinds": {kind: kinds.count(kind) for kind in KINDS if kind in kinds},
    }
