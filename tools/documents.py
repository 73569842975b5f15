"""Documents read from files and folders: `.jsonl`, `.txt`, `.md`, `.html`, `.pdf`.

What cannot be read is not an error of the whole but an item of its own, which says where and why;
everything else goes on. One document at a time is held in memory.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from crosearch.tools.detect import detect_language
from crosearch.tools.errors import DocumentError, UnknownLanguageError
from crosearch.tools.html_text import read_html
from crosearch.tools.languages import Language, parse_language
from crosearch.tools.passages import Document

_TEXT = frozenset({".txt", ".md", ".markdown", ".html", ".htm"})
_FIELDS = frozenset({"id", "title", "text", "language", "url"})
_LONGEST_ID = 1_000

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Something that was not read."""

    source: str
    """The file as it was named, or below the folder that was; in JSONL with `:LINE`."""
    reason: str
    document_id: str = ""
    """The document that it would have been; empty when that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A document, and where it was."""

    source: str
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    path: Path
    name: str
    """Its path below the folder that was named; it is the id of a document that is a file."""
    source: str


def read_documents(
    paths: Sequence[str | Path], language: Language | None = None
) -> Iterator[Found | Skipped]:
    """Read files, and folders with all that is below them, in the order of their names.

    Args:
        paths: Files and folders.
        language: Of documents that do not say theirs; None: it is detected.

    Raises:
        DocumentError: One of the paths does not exist; nothing was read then.
    """
    for path in paths:
        if not os.path.exists(path):  # unlike Path.exists, also False where one may not look
            raise DocumentError(f"there is no file or folder {str(path)!r}")
    return _read_all([Path(path) for path in paths], language)


def _read_all(paths: Sequence[Path], language: Language | None) -> Iterator[Found | Skipped]:
    for path in paths:
        for item in _files(path):
            if isinstance(item, Skipped):
                yield item
            elif item.path.suffix.lower() == ".jsonl":
                yield from _read_jsonl(item, language)
            else:
                yield _read_file(item, language)


def _files(path: Path) -> Iterator[_File | Skipped]:
    """List the files to read; hidden ones are nobody's documents."""
    if path.is_file():
        yield _File(path=path, name=path.name, source=str(path))
        return
    if not path.is_dir():
        yield Skipped(source=str(path), reason="is neither a file nor a folder")
        return
    refused: list[OSError] = []
    for folder, folders, files in os.walk(path, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            file = Path(folder) / name
            yield _File(path=file, name=file.relative_to(path).as_posix(), source=str(file))
    for error in refused:
        yield Skipped(source=str(error.filename), reason=f"cannot be opened: {error.strerror}")


def _read_file(file: _File, language: Language | None) -> Found | Skipped:
    try:
        if not file.path.is_file():
            raise DocumentError("is no regular file")
        return Found(source=file.source, document=_file_document(file, language))
    except DocumentError as error:
        reason = str(error)
    except OSError as error:
        reason = f"cannot be opened: {error.strerror}"
    return Skipped(source=file.source, reason=reason, document_id=file.name)


def _file_document(file: _File, language: Language | None) -> Document:
    suffix, title = file.path.suffix.lower(), file.path.stem
    if suffix == ".pdf":
        title, text = _read_pdf(file.path)
    elif suffix in _TEXT:
        text = _decode(file.path.read_bytes())
        if suffix in {".html", ".htm"}:
            page = read_html(text)
            title, text = page.title, page.text
            language = _stated_language(page.language) or language
        elif suffix != ".txt":
            title = _heading(text) or title
    else:
        raise DocumentError("is of no kind that can be read: .jsonl .txt .md .html .pdf")
    _check_text(text)
    return Document(
        id=file.name,
        title=title or file.path.stem,
        text=text.strip(),
        language=language or detect_language(text).language,
    )


def _read_jsonl(file: _File, language: Language | None) -> Iterator[Found | Skipped]:
    try:
        with file.path.open("rb") as lines:
            empty = True
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    empty = False
                    yield _read_line(line, f"{file.source}:{number}", language)
    except OSError as error:
        yield Skipped(source=file.source, reason=f"cannot be opened: {error.strerror}")
        return
    if empty:
        yield Skipped(source=file.source, reason="is empty")


def _read_line(line: bytes, source: str, language: Language | None) -> Found | Skipped:
    identifier = ""
    try:
        row = _parse_row(_decode(line))
        identifier = _identifier(row)
        document = _row_document(row, identifier, language)
    except (DocumentError, UnknownLanguageError) as error:
        return Skipped(source=source, reason=str(error), document_id=identifier)
    return Found(source=source, document=document)


def _parse_row(text: str) -> Mapping[str, Json]:
    try:
        row = cast(Json, json.loads(text))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise DocumentError(f"is not JSON ({reason}): {text.strip()[:60]!r}") from error
    if not isinstance(row, dict):
        raise DocumentError(f"is not a JSON object: {text.strip()[:60]!r}")
    return row


def _identifier(row: Mapping[str, Json]) -> str:
    value = row.get("id")
    if value is None or isinstance(value, (bool, float, list, dict)):
        raise DocumentError(f"needs an 'id', a string or a whole number, not {value!r}")
    identifier = str(value)
    if not identifier.strip():
        raise DocumentError("has a blank 'id'")
    if len(identifier) > _LONGEST_ID:
        raise DocumentError(f"has an 'id' of {len(identifier)} characters; {_LONGEST_ID} can be")
    _check_characters("id", identifier)
    return identifier


def _row_document(row: Mapping[str, Json], identifier: str, language: Language | None) -> Document:
    text = _string(row, "text", required=True)
    _check_text(text)
    stated = _string(row, "language")
    known = parse_language(stated) if stated.strip() else language
    return Document(
        id=identifier,
        title=_string(row, "title"),
        text=text.strip(),
        language=known or detect_language(text).language,
        url=_string(row, "url"),
        metadata={
            key: value if isinstance(value, (str, int, float, bool)) else json.dumps(value)
            for key, value in row.items()
            if key not in _FIELDS and value is not None
        },
    )


def _string(row: Mapping[str, Json], name: str, *, required: bool = False) -> str:
    value = row.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise DocumentError(f"needs {name!r} to be a string, not {value!r:.60}")
    _check_characters(name, value)
    return value


def _check_characters(name: str, value: str) -> None:
    if "\0" in value:
        raise DocumentError(f"holds a null byte in {name!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(f"holds half a surrogate pair in {name!r}") from error


def _check_text(text: str) -> None:
    if not text.strip():
        raise DocumentError("holds no text")
    if "\0" in text:
        raise DocumentError("holds a null byte")


def _decode(content: bytes) -> str:
    if not content:
        raise DocumentError("is empty")
    if b"\0" in content:
        raise DocumentError("holds a null byte: it is no text in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} is 0x{content[error.start]:02x}"
        raise DocumentError(f"is not valid UTF-8: {byte}") from error


def _stated_language(text: str) -> Language | None:
    try:
        return parse_language(text) if text.strip() else None
    except UnknownLanguageError:
        # A page's markup is not its author's promise, as a field of a row is.
        return None


def _heading(text: str) -> str:
    for line in text.splitlines():
        if line.startswith("# "):
            return line[2:].strip(" #")
    return ""


def _read_pdf(path: Path) -> tuple[str, str]:
    """Return a PDF's title and the text of its pages."""
    from pypdf import PdfReader

    # What it repairs in a file is of no use to who ingests it.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        title = (reader.metadata.title if reader.metadata else None) or ""
        text = "\n\n".join(page.extract_text() for page in reader.pages)
    except OSError:
        raise
    except Exception as error:
        # A damaged file can make pypdf fail in any way.
        raise DocumentError(f"is no PDF that can be read: {str(error)[:120]}") from error
    if not text.strip():
        raise DocumentError("holds no text: a PDF of images has to be recognised first")
    return title.strip(), text.replace("\0", "")
