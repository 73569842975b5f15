"""Questions to collect runs for, and how they are read.

Of a row, these fields count: `question`; `language`, the one asked and answered in; `answers`, the
gold answers, as a list or by language; `id`, the asker's own name; and the question in other
languages, as `translations` by language or in fields such as `question_fr`. All but the first may
be missing or empty, and what else a row holds is passed over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

from crosearch.graphs.checks import check_question
from crosearch.tools.errors import DocumentError, QuestionError, UnknownLanguageError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row, read_rows

UNTOLD = "und"
"""In the place of a language that is not told; ISO 639's own code for it."""

_TRANSLATED = "question_"
_SQUAD = {"text", "answer_start"}
_LONGEST_ID = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question, and what is known about it."""

    text: str
    language: Language | None = None
    """The language asked in, and to be answered in; None: the question's own, as detected."""
    id: str = ""
    """The asker's own name for it."""
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Gold answers by language; `und` where no language is told."""
    translations: Mapping[Language, str] = field(default_factory=dict[Language, str])
    """The same question in other languages."""


def read_questions(source: str | Path, *, limit: int | None = None) -> Iterator[Question]:
    """Read questions one by one, in the order of the file or dataset.

    Args:
        source: A .jsonl, .csv, .tsv or .parquet file; or the id of a Hugging Face dataset, or the
            folder that one was saved to, with `:SPLIT` behind it where it has several.
        limit: How many to read at most; None reads all.

    Raises:
        DocumentError: A row is not what it has to be; the message names file, line, field, value.
        UsageError: There is no such file or dataset, or a package is missing that reads it.
    """
    for row in islice(read_rows(str(source)), limit):
        yield parse_question(row)


def count_questions(source: str | Path, *, limit: int | None = None) -> int:
    """Read questions to the end and count them, so that a wrong row is told before any is asked.

    Raises:
        DocumentError: A row is wrong, or there is none.
        UsageError: There is no such file or dataset, or a package is missing that reads it.
    """
    number = sum(1 for _ in read_questions(source, limit=limit))
    if not number:
        raise DocumentError(f"{source} holds no questions")
    return number


def parse_question(row: Row) -> Question:
    """Read a row as a question.

    Raises:
        DocumentError: A field is missing or wrong; the message says where, and what would be right.
    """
    language = _language(row)
    return Question(
        text=_question(row),
        language=language,
        id=_identifier(row),
        answers=_answers(row, language),
        translations=_translations(row),
    )


def _question(row: Row) -> str:
    value = row.values.get("question")
    if value is None:
        fields = ", ".join(map(str, row.values))[:200] or "none"
        raise _wrong(row, "question", "is missing", f"it has to be a text; the fields are {fields}")
    if not isinstance(value, str):
        raise _wrong(row, "question", f"is {value!r:.80}", "it has to be a text")
    return _checked(row, "question", value)


def _language(row: Row) -> Language | None:
    value = row.values.get("language")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _code(row, "language", value)


def _identifier(row: Row) -> str:
    value = row.values.get("id")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(row, "id", f"is {value!r:.80}", "it has to be a text or a whole number")
    text = str(value).strip()
    if len(text) > _LONGEST_ID:
        raise _wrong(row, "id", f"has {len(text):,} characters", f"{_LONGEST_ID:,} can be")
    return _whole(row, "id", text)


def _answers(row: Row, language: Language | None) -> dict[str, tuple[str, ...]]:
    value = _decoded(row.values.get("answers"))
    if isinstance(value, Mapping):
        by_language = cast("Mapping[object, object]", value)
        if set(by_language) == _SQUAD:
            return _untold(row, by_language["text"], language)
        found = {
            _answer_language(row, code): _golds(row, f"answers.{code}", golds)
            for code, golds in by_language.items()
        }
        return {code: golds for code, golds in found.items() if golds}
    return _untold(row, value, language)


def _untold(row: Row, value: object, language: Language | None) -> dict[str, tuple[str, ...]]:
    """Read gold answers that name no language: they are in the question's."""
    golds = _golds(row, "answers", value)
    return {language or UNTOLD: golds} if golds else {}


def _answer_language(row: Row, code: object) -> str:
    return UNTOLD if code == UNTOLD else _code(row, "answers", code)


def _golds(row: Row, name: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence):
        raise _wrong(row, name, f"is {value!r:.80}", "give a list of texts, or one by language")
    texts: list[str] = []
    for gold in cast("Sequence[object]", values):
        if isinstance(gold, bool) or not isinstance(gold, str | int | float):
            raise _wrong(row, name, f"holds {gold!r:.80}", "a gold answer has to be a text")
        texts.append(_whole(row, name, str(gold).strip()))
    return tuple(dict.fromkeys(text for text in texts if text))


def _translations(row: Row) -> dict[Language, str]:
    found: dict[Language, str] = {}
    value = _decoded(row.values.get("translations"))
    if value is not None and value != "":
        if not isinstance(value, Mapping):
            raise _wrong(row, "translations", f"is {value!r:.80}", "give texts by language")
        for code, text in cast("Mapping[object, object]", value).items():
            if text is None or text == "":
                continue
            name = f"translations.{code}"
            if not isinstance(text, str):
                raise _wrong(row, name, f"is {text!r:.80}", "it has to be a text")
            found[_code(row, "translations", code)] = _checked(row, name, text)
    for name, text in row.values.items():
        language = _column_language(name, text)
        if language is not None:
            found.setdefault(language, _checked(row, name, cast("str", text)))
    return found


def _column_language(name: str, value: object) -> Language | None:
    """Tell which language a field such as `question_fr` translates into; None where it does not.

    `question_id` is Indonesian's, and many data sets' name for an identifier: what is one ASCII
    word is no question.
    """
    if not name.startswith(_TRANSLATED) or not isinstance(value, str) or not value.strip():
        return None
    if value.isascii() and len(value.split()) == 1:
        return None
    try:
        return parse_language(name.removeprefix(_TRANSLATED))
    except UnknownLanguageError:
        return None


def _decoded(value: object) -> object:
    """Read the JSON of a field that can hold nothing but text, as in CSV; other text stays."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return cast("object", json.loads(value))
    except (ValueError, RecursionError):
        return value


def _code(row: Row, name: str, value: object) -> Language:
    try:
        return parse_language(value if isinstance(value, str) else repr(value))
    except UnknownLanguageError as error:
        raise DocumentError(f"{row.place}: {name!r}: {error}") from error


def _checked(row: Row, name: str, value: str) -> str:
    try:
        return check_question(_whole(row, name, value))
    except QuestionError as error:
        raise DocumentError(f"{row.place}: {name!r}: {error}") from error


def _whole(row: Row, name: str, value: str) -> str:
    if "\0" in value:
        raise _wrong(row, name, f"is {value!r:.80}", "it must not hold a null byte")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _wrong(
            row, name, f"is {value!r:.80}", "it must not hold half a surrogate pair"
        ) from error
    return value


def _wrong(row: Row, name: str, what: str, right: str) -> DocumentError:
    return DocumentError(f"{row.place}: {name!r} {what}; {right}")
