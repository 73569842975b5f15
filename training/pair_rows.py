"""What a row of a pair file means: texts by language, checked, with messages that say where."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import cast

from crosearch.tools.errors import DocumentError, UnknownLanguageError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.pair_records import PairRecord, Texts
from crosearch.training.question_files import Row

LONGEST_TEXT = 100_000
"""Characters; what is longer is a document, of which an embedder sees the beginning."""

_LONGEST_NAME = 1_000


def parse_pair(row: Row) -> PairRecord:
    """Read a row as a question with passages that answer it.

    Raises:
        DocumentError: A side is missing, or a field is wrong.
    """
    query, passage = (_side(row, name) for name in ("query", "passage"))
    negatives = _texts(row, "negatives", row.values.get("negatives") or {})
    right = {text for texts in passage.values() for text in texts}
    for texts in negatives.values():
        for text in texts:
            if text in right:
                raise wrong(row, "negatives", f"hold the passage {text!r:.80}", "leave it out")
    return named(
        PairRecord(
            id=_name(row, "id"),
            query=query,
            passage=passage,
            negatives=negatives,
            group=_name(row, "group"),
        )
    )


def parse_texts(row: Row) -> PairRecord:
    """Read a row as texts that say the same.

    Raises:
        DocumentError: There are fewer than two, or a field is wrong.
    """
    texts = _texts(row, "texts", row.values["texts"])
    return parallel_record(row.place, texts, identifier=_name(row, "id"))


def parallel_record(place: str, texts: Texts, *, identifier: str = "") -> PairRecord:
    """Make a record of texts that say the same.

    Raises:
        DocumentError: There are fewer than two.
    """
    if sum(map(len, texts.values())) < 2:
        held = ", ".join(texts) or "none"
        raise DocumentError(f"{place}: a text in one language only ({held}); a pair takes two")
    return named(PairRecord(id=identifier, query=texts, passage=texts))


def named(record: PairRecord) -> PairRecord:
    """Give a record that has no name the hash of its texts for one."""
    if record.id:
        return record
    return PairRecord(
        id=make_id(record),
        query=record.query,
        passage=record.passage,
        negatives=record.negatives,
        group=record.group,
    )


def make_id(record: PairRecord) -> str:
    """Hash what a record says, whatever it is called; 16 hexadecimal digits."""
    sides = [record.query, None if record.parallel else record.passage, record.negatives]
    text = json.dumps([*sides, record.group], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def check_text(place: str, name: str, text: str) -> str:
    """Return a text without the white space around it.

    Raises:
        DocumentError: It is empty, too long, or cannot be written in UTF-8.
    """
    text = text.strip()
    if not text:
        raise DocumentError(f"{place}: {name!r} is an empty text; leave it out, or fill it in")
    if len(text) > LONGEST_TEXT:
        raise DocumentError(
            f"{place}: {name!r} has {len(text):,} characters, and {LONGEST_TEXT:,} can be: "
            f"cut it into passages; it begins {text[:40]!r}"
        )
    if "\0" in text:
        raise DocumentError(f"{place}: {name!r} is {text!r:.80}; it must not hold a null byte")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(
            f"{place}: {name!r} is {text!r:.80}; it must not hold half a surrogate pair"
        ) from error
    return text


def wrong(row: Row, name: str, what: str, right: str) -> DocumentError:
    """Say what is wrong with a field of a row, and what would be right."""
    return DocumentError(f"{row.place}: {name!r} {what}; {right}")


def _side(row: Row, name: str) -> Texts:
    value = row.values.get(name)
    if value is None:
        fields = ", ".join(map(str, row.values))[:200] or "none"
        raise wrong(row, name, "is missing", f"give texts by language; the fields are {fields}")
    texts = _texts(row, name, value)
    if not texts:
        raise wrong(row, name, "holds no text", 'give texts by language, such as {"en": "…"}')
    return texts


def _texts(row: Row, name: str, value: object) -> Texts:
    if not isinstance(value, Mapping):
        right = 'give texts by language, such as {"en": "…"}'
        raise wrong(row, name, f"is {value!r:.80}", right)
    found: dict[Language, tuple[str, ...]] = {}
    for code, texts in cast("Mapping[str, object]", value).items():
        language = _language(row, name, code)
        listed = _listed(row, f"{name}.{code}", texts)
        found[language] = tuple(dict.fromkeys((*found.get(language, ()), *listed)))
    return found


def _language(row: Row, name: str, code: str) -> Language:
    try:
        return parse_language(code)
    except UnknownLanguageError as error:
        raise DocumentError(f"{row.place}: {name!r}: {error}") from error


def _listed(row: Row, name: str, value: object) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence) or not values:
        raise wrong(row, name, f"is {value!r:.80}", "give a text, or a list of texts")
    found: list[str] = []
    for text in cast("Sequence[object]", values):
        if not isinstance(text, str):
            raise wrong(row, name, f"holds {text!r:.80}", "it has to be a text")
        found.append(check_text(row.place, name, text))
    return found


def _name(row: Row, field: str) -> str:
    """Read a field that names something; empty where it is not there."""
    value = row.values.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(row, field, f"is {value!r:.80}", "it has to be a text or a whole number")
    text = str(value).strip()
    if len(text) > _LONGEST_NAME:
        raise wrong(row, field, f"has {len(text):,} characters", f"{_LONGEST_NAME:,} can be")
    return check_text(row.place, field, text) if text else ""
