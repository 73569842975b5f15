"""How texts of documents and models come onto a page: harmless, and with nothing of them hidden.

Templates escape everything. Beside that, characters that would steer the page's text unseen
(controls, direction overrides, invisible tags, halves of surrogate pairs) are shown as their code
points, and only http and https addresses become links.
"""

import re
import unicodedata
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Joiners are not among them: Persian and Hindi are spelled with them."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")


def plain_text(text: str) -> str:
    """Write a text for an attribute or a title: unseen characters as `⟨U+202E⟩`."""
    return _UNSEEN.sub(lambda found: f"⟨{_code(found[0])}⟩", text.replace("\r\n", "\n"))


def shown_text(text: str) -> Markup:
    """Write a text for a page: unseen characters as small marks that tell their names."""
    parts: list[Markup] = []
    end = 0
    text = text.replace("\r\n", "\n")
    for found in _UNSEEN.finditer(text):
        parts += [escape(text[end : found.start()]), _mark(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def safe_url(url: str) -> str | None:
    """Return an address that may be a link: http or https, with a host, and nothing unseen."""
    if _UNSEEN.search(url) or any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and host else None


def language_tag(code: str) -> str:
    """Return a code that may stand in a `lang` attribute; `und` for what is none."""
    return code if _LANGUAGE.fullmatch(code) else "und"


def _mark(character: str) -> Markup:
    name = unicodedata.name(character, "control character")
    return Markup('<span class="unseen" title="{0} {1}">{0}</span>').format(_code(character), name)


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
