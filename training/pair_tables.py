"""Pair files in columns: tab-separated, nothing quoted, a text never holds a tab or a line end.

An empty cell is a text that is not there; a line has to have two.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from crosearch.tools.errors import DocumentError, UnknownLanguageError
from crosearch.tools.languages import Language, parse_language
from crosearch.training.pair_records import PairKind, PairRecord
from crosearch.training.pair_rows import check_text, parallel_record
from crosearch.training.question_files import file_boundary

_ENGLISH = Language("en")
_FORMS = "two or more language codes, or 'lang term en', or 'lang text en'"


def read_table(path: Path) -> tuple[PairKind, Iterator[PairRecord]]:
    """Read the header, and then records as they are asked for.

    Raises:
        DocumentError: The header is none of the forms; or, later, a line does not fit it.
    """
    lines = _lines(path)
    header = [name.lower() for name in next(lines, (1, []))[1]]
    if header[:1] == ["lang"]:
        kind = _entry_kind(path, header)
        return kind, _records(path, lines, header, _entry)
    languages = _languages(path, header)
    return "parallel", _records(path, lines, languages, _row)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with file_boundary(str(path)), path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                text = _decode(line, f"{path}:{number}")
                yield number, [cell.strip() for cell in text.rstrip("\r\n").split("\t")]


def _decode(line: bytes, place: str) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} of the line is 0x{line[error.start]:02x}"
        raise DocumentError(f"{place}: not valid UTF-8: {byte}") from error


def _entry_kind(path: Path, header: list[str]) -> PairKind:
    if header[1:3] not in (["term", "en"], ["text", "en"]):
        raise _wrong_header(path, header)
    return "terms" if header[1] == "term" else "parallel"


def _languages(path: Path, header: list[str]) -> list[Language]:
    try:
        languages = [parse_language(name) for name in header]
    except UnknownLanguageError as error:
        raise _wrong_header(path, header) from error
    if len(languages) < 2 or len(set(languages)) < len(languages):
        raise _wrong_header(path, header)
    return languages


def _wrong_header(path: Path, header: list[str]) -> DocumentError:
    shown = "\t".join(header)[:80]
    return DocumentError(
        f"{path}:1: the header is {shown!r}; it has to be {_FORMS}, with tabs between"
    )


_Reader = Callable[[str, Sequence[str], list[str]], PairRecord]


def _records(
    path: Path, lines: Iterator[tuple[int, list[str]]], header: Sequence[str], read: _Reader
) -> Iterator[PairRecord]:
    for number, cells in lines:
        place = f"{path}:{number}"
        if len(cells) != len(header):
            raise DocumentError(
                f"{place}: {len(cells)} columns, and the header names {len(header)}: "
                f"{', '.join(header)[:200]}; it begins {cells[0]!r:.60}"
            )
        yield read(place, header, cells)


def _entry(place: str, header: Sequence[str], cells: list[str]) -> PairRecord:
    code, foreign, english = cells[:3]
    try:
        language = parse_language(code)
    except UnknownLanguageError as error:
        raise DocumentError(f"{place}: 'lang': {error}") from error
    texts = (
        (language, check_text(place, header[1], foreign)),
        (_ENGLISH, check_text(place, "en", english)),
    )
    if language == _ENGLISH:
        both = tuple(dict.fromkeys(text for _, text in texts))
        return parallel_record(place, {_ENGLISH: both})
    return parallel_record(place, {code: (text,) for code, text in texts})


def _row(place: str, header: Sequence[str], cells: list[str]) -> PairRecord:
    return parallel_record(
        place,
        {
            Language(code): (check_text(place, code, text),)
            for code, text in zip(header, cells, strict=True)
            if text
        },
    )
