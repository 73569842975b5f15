"""Fields of published records, read as what they have to be.

A record that is not as published is told by its place, the field, the value found, and what would
be right.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from crosearch.tools.errors import DocumentError, UnknownLanguageError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.question_files import Row

_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


def wrong_field(row: Row, name: str, right: str) -> DocumentError:
    """Make the error of a field that is not as published.

    Args:
        row: Where it stands.
        name: The field.
        right: What it has to be, such as `a text`.
    """
    if name in row.values:
        found = f"is {row.values[name]!r:.80}"
        return DocumentError(f"{row.place}: {name!r} {found}; it has to be {right}")
    fields = ", ".join(map(str, row.values))[:200] or "none"
    return DocumentError(
        f"{row.place}: {name!r} is missing; it has to be {right}, and the fields are {fields}"
    )


def passage_of(row: Row, name: str) -> str:
    """Read a text as it stands, so that places within it keep their meaning.

    Raises:
        DocumentError: It is no text, or holds what no text can.
    """
    value = row.values.get(name)
    if not isinstance(value, str):
        raise wrong_field(row, name, "a text")
    if unusable := _UNUSABLE.search(value):
        code = f"U+{ord(unusable[0]):04X}"
        raise wrong_field(row, name, f"a text without {code}, which stands at {unusable.start()}")
    return value


def text_of(row: Row, name: str) -> str:
    """Read a text that has to say something, without the space around it.

    Raises:
        DocumentError: It is none.
    """
    text = passage_of(row, name).strip()
    if not text:
        raise wrong_field(row, name, "a text that is not blank")
    return text


def optional_text_of(row: Row, name: str) -> str:
    """Read a text that may be missing, null or blank: it is empty then.

    Raises:
        DocumentError: It is something else.
    """
    return "" if row.values.get(name) is None else passage_of(row, name).strip()


def number_of(row: Row, name: str) -> int:
    """Read a whole number.

    Raises:
        DocumentError: It is none.
    """
    value = row.values.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_field(row, name, "a whole number")
    return value


def identifier_of(row: Row, name: str) -> str:
    """Read an id, which is a text or a whole number.

    Raises:
        DocumentError: It is neither.
    """
    value = row.values.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_of(row, name)


def language_of(row: Row, name: str) -> Language:
    """Read a language code.

    Raises:
        DocumentError: It is none, or nobody knows it.
    """
    try:
        return parse_language(text_of(row, name))
    except UnknownLanguageError as error:
        raise wrong_field(row, name, "a language code") from error


def list_of(row: Row, name: str) -> list[object]:
    """Read a list.

    Raises:
        DocumentError: It is none.
    """
    value = row.values.get(name)
    if not isinstance(value, list):
        raise wrong_field(row, name, "a list")
    return cast("list[object]", value)


def record_of(row: Row, name: str) -> Row:
    """Read a record within a record.

    Raises:
        DocumentError: It is none.
    """
    value = row.values.get(name)
    if not isinstance(value, Mapping):
        raise wrong_field(row, name, "an object")
    return Row(place=f"{row.place}: {name}", values=cast("Mapping[str, object]", value))


def records_of(row: Row, name: str) -> Iterator[Row]:
    """Read a list of records, one by one.

    Raises:
        DocumentError: It is none, or one of them is no record.
    """
    for number, value in enumerate(list_of(row, name)):
        place = f"{row.place}: {name}[{number}]"
        if not isinstance(value, Mapping):
            raise DocumentError(f"{place}: {value!r:.80} has to be an object")
        yield Row(place=place, values=cast("Mapping[str, object]", value))


def passages_of(row: Row, name: str) -> list[str]:
    """Read a list of texts as they stand.

    Raises:
        DocumentError: It is none, or one of them is no text.
    """
    values = {str(number): value for number, value in enumerate(list_of(row, name))}
    inner = Row(place=f"{row.place}: {name}", values=values)
    return [passage_of(inner, number) for number in values]


def texts_of(row: Row, name: str) -> tuple[str, ...]:
    """Read a list of texts: neither blank ones nor repeats are kept.

    Raises:
        DocumentError: It is none, or one of them is no text.
    """
    return distinct(passages_of(row, name))


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Strip texts, and drop blank ones and repeats; the order is kept."""
    return tuple(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))
