"""The sample corpus: passages in seventeen languages, and questions whose answers are known.

It comes with the package, so that a first question can be asked without any download. What it
holds, and how it was written, is told in `data/sample/README.md`.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypedDict

from crosearch.tools.languages import Language, parse_language

QuestionKind = Literal["own", "other", "conflict", "nowhere"]
"""Where the answer is: also in the question's language; in other languages only; in several
passages that disagree; in no passage at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleQuestion:
    """A question on the sample corpus, with its gold answer and the passages that hold it."""

    id: str
    language: Language
    question: str
    kind: QuestionKind
    fact: str | None
    """The fact asked for, such as `skat.city`; None when no passage states it."""
    answers: dict[Language, tuple[str, ...]]
    """Aliases of the gold answer, by language: the question's and those of the gold passages."""
    gold: tuple[str, ...]
    """The ids of all passages that state the fact."""
    gold_languages: tuple[Language, ...]
    """The languages of the gold passages, sorted, each once."""
    related: tuple[str, ...]
    """For `nowhere`: passages about the same subject that leave the question open; else empty."""


class _QuestionRow(TypedDict):
    id: str
    language: str
    question: str
    kind: QuestionKind
    fact: str | None
    answers: dict[str, list[str]]
    gold: list[str]
    gold_languages: list[str]
    related: list[str]


def sample_passages_path() -> Path:
    """Tell where the sample's passages are: a JSONL file that can be ingested as it is."""
    return _sample_file("passages.jsonl")


def sample_questions() -> list[SampleQuestion]:
    """Read the sample's questions, in the order of the file: language by language."""
    with _sample_file("questions.jsonl").open(encoding="utf-8") as lines:
        return [_question(json.loads(line)) for line in lines]


def _sample_file(name: str) -> Path:
    return Path(str(files("crosearch.tools").joinpath("data", "sample", name)))


def _question(row: _QuestionRow) -> SampleQuestion:
    return SampleQuestion(
        id=row["id"],
        language=parse_language(row["language"]),
        question=row["question"],
        kind=row["kind"],
        fact=row["fact"],
        answers={
            parse_language(language): tuple(aliases) for language, aliases in row["answers"].items()
        },
        gold=tuple(row["gold"]),
        gold_languages=tuple(parse_language(language) for language in row["gold_languages"]),
        related=tuple(row["related"]),
    )
