"""SQuAD's format: articles of paragraphs, each with the questions that it answers.

A file is one object: `data` holds articles with a `title` and `paragraphs`, a paragraph has a
`context` and `qas`, and each of those an `id`, a `question` and `answers` with `text` and
`answer_start`. As rows of a dataset, each question comes with its paragraph's `context`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosearch.evals.dataset_fields import (
    distinct,
    identifier_of,
    optional_text_of,
    passage_of,
    record_of,
    records_of,
    text_of,
    texts_of,
    wrong_field,
)
from crosearch.evals.dataset_questions import AskedFact
from crosearch.evals.dataset_records import read_json
from crosearch.evals.dataset_types import EvalDocument
from crosearch.tools.errors import DocumentError
from crosearch.tools.languages import Language
from crosearch.training.question_files import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class SquadQuestion:
    """A question of a paragraph."""

    id: str
    text: str
    answers: tuple[str, ...]
    row: Row
    sentence: int = 0
    """Which of its paragraph's sentences answers it, from 0, where there are any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SquadParagraph:
    """A paragraph, and what is asked of it."""

    key: str
    """The numbers of its article and of itself in it, from 0, such as `3.0`."""
    title: str
    text: str
    questions: Sequence[SquadQuestion]
    row: Row
    sentences: Sequence[str] = ()
    """Empty where nobody split it."""


GoldFinder = Callable[[SquadParagraph, SquadQuestion], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SquadReading:
    """Paragraphs in one language, with their questions in the same or in another."""

    document_language: Language
    question_language: Language
    paragraphs: Sequence[SquadParagraph]


def read_squad(path: Path) -> Iterator[SquadParagraph]:
    """Read a file in SQuAD's format.

    Raises:
        DocumentError: It is not in this format.
    """
    for number, article in enumerate(records_of(read_json(path), "data")):
        title = optional_text_of(article, "title")
        for index, paragraph in enumerate(records_of(article, "paragraphs")):
            yield SquadParagraph(
                key=f"{number}.{index}",
                title=title,
                text=passage_of(paragraph, "context"),
                questions=[
                    squad_question(row, _answers(row)) for row in records_of(paragraph, "qas")
                ],
                row=paragraph,
            )


def group_rows(rows: Iterable[Row]) -> list[SquadParagraph]:
    """Put questions that came one by one back to their paragraphs, all as of one article.

    Raises:
        DocumentError: A row is not in this format.
    """
    asked: dict[tuple[str, str], list[SquadQuestion]] = {}
    for row in rows:
        paragraph = optional_text_of(row, "title"), passage_of(row, "context")
        asked.setdefault(paragraph, []).append(
            squad_question(row, texts_of(record_of(row, "answers"), "text"))
        )
    return [
        SquadParagraph(
            key=f"0.{number}", title=title, text=text, questions=questions, row=questions[0].row
        )
        for number, ((title, text), questions) in enumerate(asked.items())
    ]


def squad_question(row: Row, answers: tuple[str, ...]) -> SquadQuestion:
    """Make a question of a record with an `id` and a `question`.

    Raises:
        DocumentError: It has other fields.
    """
    return SquadQuestion(
        id=identifier_of(row, "id"), text=text_of(row, "question"), answers=answers, row=row
    )


def paragraph_documents(reading: SquadReading, *, parallel: bool) -> Iterator[EvalDocument]:
    """Make a document of each paragraph.

    Args:
        reading: The paragraphs.
        parallel: Whether those with the same key, in all languages, translate each other. Such
            have the English article's name for a title, in all languages: it is left out, being
            the title of none of them.
    """
    for paragraph in reading.paragraphs:
        yield EvalDocument(
            id=f"{paragraph.key}.{reading.document_language}",
            language=reading.document_language,
            text=paragraph.text,
            title="" if parallel else paragraph.title,
            parallel=paragraph.key if parallel else "",
        )


def join_readings(
    readings: Iterable[SquadReading], find_gold: GoldFinder | None = None
) -> list[AskedFact]:
    """Join questions of one id: what answers one of them answers it in the other languages too.

    Args:
        readings: All that was read.
        find_gold: Tells the key of the document that answers a question; None: its paragraph's.

    Raises:
        DocumentError: A question stands twice in one language.
    """
    texts: dict[str, dict[Language, str]] = {}
    answers: dict[str, dict[Language, tuple[str, ...]]] = {}
    gold: dict[str, dict[str, int]] = {}
    for reading, paragraph, question in _every_question(readings):
        asked = texts.setdefault(question.id, {})
        if reading.question_language in asked:
            right = "an id that no other question of this language has"
            raise wrong_field(question.row, "id", right)
        asked[reading.question_language] = question.text
        if question.answers:
            answers.setdefault(question.id, {})[reading.document_language] = question.answers
        key = find_gold(paragraph, question) if find_gold else paragraph.key
        gold.setdefault(question.id, {})[f"{key}.{reading.document_language}"] = 1
    return [
        AskedFact(id=name, texts=asked, answers=answers.get(name, {}), gold=gold[name])
        for name, asked in texts.items()
    ]


def check_parallel(readings: Iterable[SquadReading]) -> None:
    """Check that a question stands in the same paragraph in all languages.

    Raises:
        DocumentError: It does not; paragraphs would be taken for translations of others.
    """
    homes: dict[str, tuple[str, Row]] = {}
    for _, paragraph, question in _every_question(readings):
        key, row = homes.setdefault(question.id, (paragraph.key, question.row))
        if key != paragraph.key:
            raise DocumentError(
                f"{question.row.place}: question {question.id!r} stands in paragraph "
                f"{paragraph.key}, and in {key} at {row.place}; paragraphs have to have the same "
                "order in all languages"
            )


def _every_question(
    readings: Iterable[SquadReading],
) -> Iterator[tuple[SquadReading, SquadParagraph, SquadQuestion]]:
    for reading in readings:
        for paragraph in reading.paragraphs:
            for question in paragraph.questions:
                yield reading, paragraph, question


def _answers(row: Row) -> tuple[str, ...]:
    return distinct(passage_of(answer, "text") for answer in records_of(row, "answers"))
