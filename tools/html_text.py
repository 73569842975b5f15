"""The text of a web page: what a reader sees of it, its title, and its language if it says so."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_HIDDEN = frozenset("head script style noscript template svg iframe nav form button".split())
_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
    "header hr li main ol p pre section table tbody td tfoot th thead tr ul".split()
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What a page holds for a reader."""

    title: str
    text: str
    """Blocks are parted by empty lines."""
    language: str
    """The `lang` of its root element; empty when it has none."""


def read_html(source: str) -> Page:
    """Take the text out of a page; markup that is not closed or not known does no harm."""
    parser = _PageParser()
    parser.feed(source)
    parser.close()
    blocks = (re.sub(r"\s+", " ", block).strip() for block in "".join(parser.pieces).split("\0"))
    return Page(
        title=" ".join("".join(parser.title).split()),
        text="\n\n".join(block for block in blocks if block),
        language=parser.language,
    )


class _PageParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.title: list[str] = []
        self.language = ""
        self._hidden: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""
        elif tag == "title" and not self.title:
            self._in_title = True
        elif tag == "body":
            # A head that was never closed ends here.
            self._hidden.clear()
        elif tag in _HIDDEN:
            self._hidden.append(tag)
        if tag in _BLOCKS:
            self.pieces.append("\0")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        if tag in _BLOCKS:
            self.pieces.append("\0")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._hidden:
            self.pieces.append(data)
