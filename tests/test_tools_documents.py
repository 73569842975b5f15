"""Documents are read from files of several kinds; what cannot be read says where and why."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.tools.documents import Found, Skipped, read_documents
from crosearch.tools.errors import DocumentError
from crosearch.tools.html_text import read_html
from crosearch.tools.languages import Language
from crosearch.tools.passages import Document

ENGLISH = "The lighthouse was built on the rocks in 1759, and ships have passed it ever since."
FRENCH = "Le phare fut construit sur les rochers en 1759, et les navires passent devant lui."


def read(*paths: Path, language: str | None = None) -> tuple[list[Document], list[Skipped]]:
    items = list(read_documents(paths, Language(language) if language else None))
    found = [item.document for item in items if isinstance(item, Found)]
    return found, [item for item in items if isinstance(item, Skipped)]


def pdf(*lines: str) -> bytes:
    """Make a PDF of one page; without lines it is an empty one."""
    shown = " ".join(f"({line}) Tj 0 -20 Td" for line in lines)
    content = f"BT /F1 12 Tf 50 700 Td {shown} ET" if lines else ""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >> stream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = "%PDF-1.4\n", list[int]()
    for number, value in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{value}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return f"{body}xref\n0 6\n0000000000 65535 f \n{table}{trailer}".encode("latin-1")


def test_a_jsonl_row_is_a_document_with_all_its_fields(tmp_path: Path) -> None:
    row = {
        "id": 7,
        "title": "Phare",
        "text": f" {FRENCH}\n",
        "language": "fr-FR",
        "url": "https://example.org/7",
        "year": 1759,
        "tags": ["a", "é"],
        "nothing": None,
    }
    file = tmp_path / "rows.jsonl"
    file.write_text("\ufeff" + json.dumps(row) + "\n\n", encoding="utf-8")

    assert read(file) == (
        [
            Document(
                id="7",
                title="Phare",
                text=FRENCH,
                language=Language("fr"),
                url="https://example.org/7",
                metadata={"year": 1759, "tags": '["a", "\\u00e9"]'},
            )
        ],
        [],
    )


def test_the_language_is_the_rows_own_else_the_given_one_else_detected(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [{"id": "own", "text": FRENCH, "language": "FRA"}, {"id": "other", "text": FRENCH}]
    file.write_text("\n".join(map(json.dumps, rows)))

    assert [document.language for document in read(file, language="de")[0]] == ["fr", "de"]
    assert [document.language for document in read(file)[0]] == ["fr", "fr"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "a", "text": "Half a', "is not JSON"),
        (b"[1, 2]", "is not a JSON object"),
        (b"[" * 5_000, "is not JSON"),
        (b'{"text": "No id."}', "needs an 'id'"),
        (b'{"id": true, "text": "x"}', "needs an 'id'"),
        (b'{"id": " ", "text": "x"}', "has a blank 'id'"),
        (b'{"id": "%s", "text": "x"}' % (b"x" * 1001), "'id' of 1001 characters"),
        (b'{"id": "a"}', "needs 'text' to be a string, not None"),
        (b'{"id": "a", "text": 5}', "needs 'text' to be a string, not 5"),
        (b'{"id": "a", "text": " \\n "}', "holds no text"),
        (b'{"id": "a", "text": "x", "title": []}', "needs 'title' to be a string"),
        (b'{"id": "a", "text": "x", "language": "qqq"}', "unknown language 'qqq'"),
        (b'{"id": "a", "text": "x\xff"}', "is not valid UTF-8: byte 22 is 0xff"),
        (b'{"id": "a", "text": "x\x00"}', "holds a null byte"),
        (b'{"id": "a", "text": "x\\u0000"}', "holds a null byte in 'text'"),
        (b'{"id": "a", "text": "\\ud800"}', "holds half a surrogate pair in 'text'"),
    ],
)
def test_a_bad_line_is_skipped_with_its_number_and_the_rest_is_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    good = json.dumps({"id": "good", "text": ENGLISH}).encode()
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join([good, line, good]))

    found, (skipped,) = read(file)

    assert [document.id for document in found] == ["good", "good"]
    assert skipped.source == f"{file}:2"
    assert reason in skipped.reason


@given(st.binary(max_size=200))
def test_no_line_of_bytes_is_more_than_skipped(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "any.jsonl"
    file.write_bytes(content)

    for item in read_documents([file]):
        assert isinstance(item, Skipped)


def test_a_folder_is_read_with_all_below_it_and_ids_are_relative(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "note.txt").write_text(ENGLISH)
    (tmp_path / "b" / "deep" / "note.txt").write_text(FRENCH)
    (tmp_path / "a.md").write_text(f"# The light #\n\n{ENGLISH}\n")
    (tmp_path / "b" / "page.HTML").write_text(f"<title>Un phare</title><p>{FRENCH}")
    (tmp_path / "c.pdf").write_bytes(pdf("The lighthouse was built", "on the rocks in 1759."))

    found, skipped = read(tmp_path)

    assert skipped == []
    assert [(document.id, document.title, document.language) for document in found] == [
        ("a.md", "The light", "en"),
        ("c.pdf", "c", "en"),
        ("b/page.HTML", "Un phare", "fr"),
        ("b/deep/note.txt", "note", "fr"),
    ]
    assert "on the rocks in 1759." in found[1].text


def test_a_file_named_by_itself_has_its_name_as_id(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(ENGLISH)

    assert [document.id for document in read(tmp_path / "note.txt")[0]] == ["note.txt"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "is empty"),
        ("empty.jsonl", b"\n \n", "is empty"),
        ("blank.md", b" \n\t", "holds no text"),
        ("binary.txt", b"\x7fELF\x02\x01\x00\x00", "holds a null byte"),
        ("latin.txt", "Façade".encode("latin-1"), "is not valid UTF-8: byte 2 is 0xe7"),
        ("scan.pdf", pdf(), "holds no text"),
        ("torn.pdf", pdf("Some text")[:150], "is no PDF that can be read"),
        ("image.png", b"\x89PNG", "is of no kind that can be read"),
        ("page.html", b"<script>let a = 1;</script>", "holds no text"),
    ],
)
def test_a_bad_file_is_skipped_with_a_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_text(ENGLISH)

    found, (skipped,) = read(tmp_path)

    assert [document.id for document in found] == ["good.txt"]
    assert (skipped.source, reason in skipped.reason) == (str(tmp_path / name), True)


def test_a_path_that_does_not_exist_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(ENGLISH)

    with pytest.raises(DocumentError, match="there is no file or folder .*missing"):
        next(iter(read_documents([tmp_path / "good.txt", tmp_path / "missing"])))


def test_what_is_neither_file_nor_folder_is_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    os.symlink(tmp_path / "nowhere", tmp_path / "broken.txt")

    reasons = {Path(item.source).name: item.reason for item in read(tmp_path)[1]}

    assert reasons == {"pipe.txt": "is no regular file", "broken.txt": "is no regular file"}


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be somebody to whom permissions apply, which they do not to the superuser."""
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(65534)
    try:
        yield
    finally:
        if privileged:
            os.seteuid(0)


def test_a_folder_without_permission_is_skipped_and_the_rest_is_read() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shut").mkdir()
        for file in ("alone.txt", "good.txt", "rows.jsonl", "shut/in.txt"):
            (folder / file).write_text(ENGLISH)
        folder.chmod(0o755)
        for shut in ("shut", "alone.txt", "rows.jsonl"):
            (folder / shut).chmod(0)
        with unprivileged():
            found, skipped = read(folder, language="en")
        (folder / "shut").chmod(0o755)

    assert [document.id for document in found] == ["good.txt"]
    assert [(Path(item.source).name, item.reason) for item in skipped] == [
        ("alone.txt", "cannot be opened: Permission denied"),
        ("rows.jsonl", "cannot be opened: Permission denied"),
        ("shut", "cannot be opened: Permission denied"),
    ]


def test_a_page_gives_what_a_reader_sees() -> None:
    page = read_html(
        "<!doctype html><html lang='pt-BR'><head><title>O  farol</title><style>p{}</style></head>"
        "<body><nav>Home</nav><h1>O farol</h1><p>Foi <b>aceso</b> em\n 1759 &amp; brilha.</p>"
        "<script>if (a < b) {}</script><ul><li>um<li>dois</ul><noscript>no</noscript>fim"
    )

    assert (page.title, page.language) == ("O farol", "pt-BR")
    assert page.text == "O farol\n\nFoi aceso em 1759 & brilha.\n\num\n\ndois\n\nfim"


@given(st.text(alphabet="<>/abp !-=&;'\"\n", max_size=80))
def test_no_markup_is_too_broken_to_read(source: str) -> None:
    page = read_html(source)

    assert page.text == page.text.strip()
