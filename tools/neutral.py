"""Makes retrieved text unable to act: it can be read, but forges no tag, token, citation or turn.

One mechanism: whatever would act keeps its words and has its brackets turned round. `<answer>`
becomes `(answer)`, `<|im_start|>` becomes `(|im_start|)`, `[INST]` becomes `(INST)`, `[1]` becomes
`(1)`, and `Human:` at the start of a line becomes `(Human)`. Round brackets are no part of our
grammar, of any chat template's or of any citation style's that we know, no normal form or list of
look-alikes turns them into angle or square ones, and a reader hardly notices them. Look-alikes
such as `‹answer›` would have been easier on the eye, and easier to take for a tag.

What acts is looked for in a *folded* view of the text: compatibility forms (`＜`, mathematical
letters), look-alike letters and brackets, and character references (`&lt;`) read as the ASCII that
they pass for, case and invisible characters left out. Ordinary text stays as it is: `a < b`, `→`,
quotes, Persian and Hindi joiners, emoji. Invisible characters that no script needs, bidirectional
and other control characters are removed.
"""

import re
from collections.abc import Iterator
from functools import cache
from unicodedata import normalize

_Span = tuple[int, int]

_LINE_ENDS = "\x0b\x0c\x85\u2028\u2029"
_INVISIBLE = (
    (0x00, 0x08),
    (0x0E, 0x1F),
    (0x7F, 0x84),
    (0x86, 0x9F),
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180E, 0x180E),
    (0x200B, 0x200B),
    (0x200E, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0D),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Control characters, and what Unicode calls default ignorable, but for the joiners below."""

_JOINED = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
"""Scripts in which a joiner between two letters changes how a word is written."""
_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u2328\u232b-\u23ff\u24c2"
    "\u25a0-\u2767\u2776-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
"""What emoji are made of, roughly, without the brackets that stand between them."""
_JOINER = re.compile(
    rf"(?<=[{_JOINED}])[\u200c\u200d\u180b-\u180d\u180f](?=[{_JOINED}])"
    rf"|(?<=[{_EMOJI}])[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    rf"|(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\ufe0f))\u200d(?=[{_EMOJI}])"
    "|(?P<stray>[\u200c\u200d\u180b-\u180d\u180f\ufe0e\ufe0f])"
)
_FOLDED_AWAY = frozenset("\u200c\u200d\u180b\u180c\u180d\u180f\ufe0e\ufe0f")

_QUOTE, _UNQUOTE = "\x01", "\x02"
"""What single angle quotes fold to: around most words they are quotes, around our tags they act."""
_LOOKS_LIKE = {
    "<": "⟨❬❮❰⧼ᐸ˂⋖≺",
    ">": "⟩❭❯❱⧽ᐳ˃⋗≻",
    _QUOTE: "‹〈〈",
    _UNQUOTE: "›〉〉",
    "[": "【〔〖〘〚⟦❲⁅⦋⦍⦏",
    "]": "】〕〗〙〛⟧❳⁆⦌⦎⦐",
    "|": "¦│┃∣❘ǀ⏐⎮",
    "/": "⁄∕╱⧸",
    "_": "‗",
    ":": "：ː˸։꞉∶",
    "a": "аɑα",
    "c": "сϲ",
    "d": "ԁ",
    "e": "еєҽ",
    "f": "ƒ",
    "h": "һ",
    "i": "іıιİӏ",
    "k": "кκ",
    "m": "м",
    "n": "ոпη",
    "o": "оοօ",
    "p": "рρ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսц",
    "v": "νѵ",
    "w": "ԝѡω",
    "x": "хχ",
    "y": "уү",
}
_ASCII_OF = {alike: plain for plain, many in _LOOKS_LIKE.items() for alike in many}

_REFERENCE = re.compile(
    r"&(?:amp;)*(?:(?P<lt>lt|#0*60|#x0*3c)|(?P<gt>gt|#0*62|#x0*3e)"
    r"|(?P<lsqb>lsqb|lbrack|#0*91|#x0*5b)|(?P<rsqb>rsqb|rbrack|#0*93|#x0*5d));",
    re.IGNORECASE,
)
_REFERRED = {"lt": "<", "gt": ">", "lsqb": "[", "rsqb": "]"}

_TAGS = "think(?:ing)?|search|answer|information|evidence|tool_(?:call|response)s?"
_TOKENS = (
    "inst|sys|system_prompt|available_tools|tool_(?:calls|results|content)|call_id|args|img(?:_end)?"
    "|img_break|prefix|suffix|middle|cls|sep|[gs]?mask|pad|unk|bos|eos|sop|eop"
)
_OPEN, _CLOSE = rf"[<{_QUOTE}]", rf"[>{_UNQUOTE}]"
_SHUT = rf"<>{_QUOTE}{_UNQUOTE}()\[\]"
"""What never stands between a bracket and a name: were it round ones, nothing would be final."""
_ACTS = re.compile(
    # One of our tags, closed; white space and attributes as they come.
    rf"(?:{_OPEN}[^\w{_SHUT}]{{0,8}}){{1,4}}(?:{_TAGS})(?![a-z0-9_])"
    rf"[^<>{_QUOTE}{_UNQUOTE}]{{0,200}}{_CLOSE}{{1,4}}"
    # One of our tags that is not closed, or not yet.
    rf"|(?:{_OPEN}[^\w{_SHUT}\s]{{0,8}}){{1,4}}(?:{_TAGS})(?![a-z0-9_])"
    # A single word in angle brackets, whatever it is: chat templates have hundreds of them.
    r"|(?:<\s{0,4}){1,4}[/!?]?\s{0,4}[a-z_][\w.:/-]{0,80}[\s/]{0,4}(?:>\s{0,4}){1,4}"
    # A token with bars.
    r"|(?:<\s{0,4}){1,4}/?\s{0,4}\|[^<>]{0,80}(?:>\s{0,4}){0,4}"
    # A token in square brackets.
    rf"|(?:\[\s{{0,4}}){{1,4}}/?\s{{0,4}}(?:{_TOKENS}|{_TAGS})\s{{0,4}}(?:\]\s{{0,4}}){{1,4}}"
    # A citation, also a torn one: a number after an opening square bracket.
    r"|(?:\[[\s^#,、]{0,4}){1,4}\d(?:[^\[\]<>]{0,40}\])?"
)
_BEGINNINGS = frozenset(f"<[{_QUOTE}:#")
_ROUND = {"<": "(", _QUOTE: "(", "[": "(", ">": ")", _UNQUOTE: ")", "]": ")"}

_ROLE = re.compile(
    r"^[^\S\n]*(?:#{1,6}[^\S\n]*)?(?P<role>human|user|assistant|system|developer|tool)[^\S\n]*:"
    r"|^[^\S\n]*#{1,6}[^\S\n]*(?P<part>instructions?|response|input|output|observation)"
    r"(?![a-z0-9_])[^\S\n]*:?",
    re.MULTILINE,
)


def neutralise(text: str) -> str:
    """Return a text as it can be shown to a policy; what was harmless already stays as it is.

    It is idempotent, and keeps each line a line.
    """
    text = _without_invisible(text)
    if not any(map(_may_begin_action, set(text))):
        return text
    folded, spans = _fold(text)
    pieces: list[str] = []
    end = 0
    for start, stop, replacement in _replacements(text, folded, spans):
        pieces += text[end:start], replacement
        end = stop
    return "".join((*pieces, text[end:]))


def _without_invisible(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    characters = frozenset(text)
    if not _removed().isdisjoint(characters):
        text = text.translate(_removal())
    if _FOLDED_AWAY.isdisjoint(characters):
        return text
    return _JOINER.sub(lambda match: "" if match["stray"] else match[0], text)


@cache
def _removed() -> frozenset[str]:
    return frozenset(map(chr, _removal()))


@cache
def _removal() -> dict[int, str | None]:
    table: dict[int, str | None] = {
        code: None for first, last in _INVISIBLE for code in range(first, last + 1)
    }
    table |= {code: "\ufffd" for code in range(0xD800, 0xE000)}
    table |= {ord(end): "\n" for end in _LINE_ENDS}
    table[ord("▁")] = "_"  # how SentencePiece writes a space, also inside of its special tokens
    return table


def _fold(text: str) -> tuple[str, list[_Span]]:
    """Give the folded view, and for each of its characters where it comes from in `text`."""
    folded: list[str] = []
    spans: list[_Span] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        _fold_characters(text, end, match.start(), folded, spans)
        folded.append(_REFERRED[match.lastgroup or ""])
        spans.append(match.span())
        end = match.end()
    _fold_characters(text, end, len(text), folded, spans)
    return "".join(folded), spans


def _fold_characters(
    text: str, start: int, end: int, folded: list[str], spans: list[_Span]
) -> None:
    for place in range(start, end):
        for character in _folded_character(text[place]):
            folded.append(character)
            spans.append((place, place + 1))


@cache
def _may_begin_action(character: str) -> bool:
    """Tell whether anything that acts can begin with a character, or be spelt by it.

    Tags and tokens begin with brackets, roles end in a colon or begin with `#`, and a character
    reference with `&`: most texts have none of them, and need not be folded.
    """
    return character == "&" or not _BEGINNINGS.isdisjoint(_folded_character(character))


@cache
def _folded_character(character: str) -> str:
    if character in _FOLDED_AWAY:
        return ""
    plain = normalize("NFKC", _ASCII_OF.get(character, character)).lower()
    return "".join(_ASCII_OF.get(part, part) for part in plain)


def _replacements(text: str, folded: str, spans: list[_Span]) -> Iterator[tuple[int, int, str]]:
    """Find what has to be written differently, in the order of the text."""
    found: dict[_Span, str] = {}
    for match in _ACTS.finditer(folded):
        for place in range(match.start(), match.end()):
            if folded[place] in _ROUND:
                found[spans[place]] = _ROUND[folded[place]]
    for match in _ROLE.finditer(folded):
        first, last = match.span(match.lastgroup or 0)
        role = text[spans[first][0] : spans[last - 1][1]]
        found[spans[match.start()][0], spans[match.end() - 1][1]] = f"({role})"
    return ((*span, replacement) for span, replacement in sorted(found.items()))
