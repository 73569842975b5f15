"""Sentences of a text, as spans, for every script.

One pass over the text stops at whatever may end a sentence, and looks a few characters to both
sides to decide. It is linear in the text's length. The marks are those of Unicode's annex 29;
abbreviations, ordinals and sentence openers, which no annex knows, are in
`crosearch.tools.abbreviations`. Thai, which marks no sentence ends, is split at its spaces.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from crosearch.tools.abbreviations import ABBREVIATIONS, OPENERS, ORDINAL_DOT, THAI_OPENERS
from crosearch.tools.languages import Language
from crosearch.tools.passages import Span

_BREAKS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_FINAL = "。｡！？．।॥؟۔።፧፨။។៕։᠃᠉꓿‼⁇⁈⁉"
"""Marks that end a sentence without a look around."""
_CLOSING = "\"'”’“‘»«›‹)]}」』】》〉）］｝〞＂＇"
_CLOSERS = f"[{re.escape(_CLOSING)}]"

_CANDIDATE = re.compile(
    rf"(?P<newline>[{_BREAKS}]\s*)"
    rf"|(?P<final>[{_FINAL}][{_FINAL}.!?…]*{_CLOSERS}*)"
    rf"|(?P<stop>[.!?…;\u037e]+(?:{_CLOSERS}|[\u00a0\u202f ]»(?=\s|$))*(?:\[\d{{1,3}}\])*)"
)
_CANDIDATE_OR_SPACE = re.compile(_CANDIDATE.pattern + r"|(?P<space>[ \u00a0]+)")
_LEAD = re.compile(r"[\s\"'“‘”’«»„‚‹›(\[{「『【《〈（［¿¡—–•·*_#-]*")
_WORD = re.compile(r"\w\.|\w+|[.!?…]|")
_ROMAN = re.compile(r"[IVXLC]+")

_LOOK_BACK = 32
"""Code points read before a full stop: more than an abbreviation and a number have."""

_THAI_SHORTEST = 24
_THAI_PHRASE = 40
"""From this length on, a space before a word of `THAI_OPENERS` ends a Thai sentence."""
_THAI_LONG = 160
"""From this length on, any space between Thai letters does."""


def split_sentences(text: str, language: Language) -> list[Span]:
    """Split a text into sentences.

    Lines end sentences, except where the next one goes on in lower case.

    Returns:
        Spans in order, disjoint and not empty, which start and end with no white space and
        together cover everything else.
    """
    return list(_split(text, language))


@lru_cache(maxsize=4096)
def _split(text: str, language: Language) -> tuple[Span, ...]:
    """Split a text; a run looks at the same passages turn after turn."""
    splitter = _Splitter(text=text, language=language)
    spans: list[Span] = []
    start = 0
    pattern = _CANDIDATE_OR_SPACE if language == "th" else _CANDIDATE
    for match in pattern.finditer(text):
        if splitter.ends_at(match, start):
            _append_trimmed(spans, text, start, match.end())
            start = match.end()
    _append_trimmed(spans, text, start, len(text))
    return tuple(spans)


def _append_trimmed(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    kept = piece.strip()
    if kept:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(kept)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Splitter:
    """The decisions for one text; each looks at a few characters, white space aside."""

    text: str
    language: Language

    def ends_at(self, match: re.Match[str], start: int) -> bool:
        """Tell whether the sentence that began at `start` ends with this match."""
        match match.lastgroup:
            case "newline":
                return self._ends_at_newline(match)
            case "final":
                return self._ends_at_final(match)
            case "stop":
                return self._ends_at_stop(match, start)
            case _:
                return self._ends_at_thai_space(match, start)

    def _ends_at_newline(self, match: re.Match[str]) -> bool:
        """A line that goes on in lower case was only wrapped."""
        if match.group().count("\n") > 1 or not self.text[match.end() : match.end() + 1].islower():
            return True
        before = self.text[max(0, match.start() - _LOOK_BACK) : match.start()].rstrip()
        return not before or before[-1] in ".!?:…" or before[-1] in _FINAL

    def _ends_at_final(self, match: re.Match[str]) -> bool:
        """A quotation before a Japanese particle, and a full-width decimal point, are no end."""
        mark, after = match.group(), self.text[match.end() : match.end() + 1]
        if mark == "．":
            return not after.isdecimal()
        return not (mark[-1] in _CLOSING and "\u3041" <= after <= "\u3096")

    def _ends_at_stop(self, match: re.Match[str], start: int) -> bool:
        mark, after = match.group(), self.text[match.end() : match.end() + 1]
        if mark[0] in ";\u037e" and self.language != "el":
            return False
        if after and not after.isspace():
            return mark[0] in "!?" and "\u3041" <= after <= "\u9fff"
        following = self._word_after(match.end())
        if following[:1].islower() or following[:1] in ".!?…":
            return False
        if mark[0] != "." or mark[:2] == "..":
            return True
        words = self.text[max(start, match.start() - _LOOK_BACK) : match.start()].split()
        if not words or self.text[match.start() - 1].isspace():
            return True
        before = words[-2] if len(words) > 1 else ""
        return self._ends_at_dot(before, words[-1].lstrip("\"'“‘«„»([{*_"), following)

    def _ends_at_dot(self, before: str, word: str, following: str) -> bool:
        """Decide on one dot after `word`, where what follows does not begin in lower case."""
        opens = following in OPENERS.get(self.language, frozenset())
        if word.lower() in ABBREVIATIONS.get(self.language, frozenset()):
            return False
        if word.isdecimal():
            return self._ends_at_number(before, word, following, opens)
        if self.language in ORDINAL_DOT and _ROMAN.fullmatch(word):
            return opens
        if len(word) == 1 and word.isalpha():
            return opens or before[-1:].isdecimal()
        parts = word.split(".")
        dotted = len(parts) > 1 and all(part.isalpha() and len(part) <= 2 for part in parts)
        return opens or not dotted

    def _ends_at_number(self, before: str, word: str, following: str, opens: bool) -> bool:
        """Keep list numbers, dates and ordinals with what they belong to."""
        if not before:
            return False
        if following[:1].isdecimal():
            return len(word) > 2 and self.language != "ko"
        return opens or len(word) > 3 or self.language not in ORDINAL_DOT

    def _ends_at_thai_space(self, match: re.Match[str], start: int) -> bool:
        length, end = match.start() - start, match.end()
        if length < _THAI_SHORTEST:
            return False
        if len(match.group()) > 1:
            return True
        if length >= _THAI_PHRASE and self.text.startswith(THAI_OPENERS, end):
            return True
        beside = self.text[match.start() - 1 : match.start()] + self.text[end : end + 1]
        thai = all("\u0e01" <= letter <= "\u0e4e" and letter != "\u0e46" for letter in beside)
        return length >= _THAI_LONG and thai

    def _word_after(self, position: int) -> str:
        """Read the next word; an initial keeps its dot, so that it is no sentence opener."""
        lead = _LEAD.match(self.text, position)
        word = _WORD.match(self.text, lead.end() if lead else position)
        return word.group() if word else ""
