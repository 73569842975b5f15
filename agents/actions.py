"""The action protocol: the one grammar of prompts, parsing, feedback and rewards.

    <think>why</think><search lang="fr,de">a query in those languages</search>
    <think>why</think><answer>what the evidence says [1][2]</answer>
    <think>why</think><answer found="no">that it holds no answer</answer>

A turn is one action with a thought before it. The thought stands in `<think>…</think>`; bare text
before the action is taken as thought too, since reasoning models think without tags, and so is
text that ends in `</think>` alone, since many chat templates open the thought themselves. After
the action nothing may follow. A thought that is opened has to be closed, and what stands inside
it never acts.

Content is written as it is; `&lt;`, `&gt;`, `&amp;` and `&#91;` spell characters that would
otherwise be read as tags or citation marks. Rendering always spells them so, which is why no
content can break out of its tag.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crosearch.tools.errors import UnknownLanguageError
from crosearch.tools.languages import Language, parse_languages

THINK = "think"
SEARCH = "search"
ANSWER = "answer"

MAX_QUERY_CHARACTERS = 1_000

CLOSING_TAGS: tuple[str, ...] = (f"</{SEARCH}>", f"</{ANSWER}>")
"""What ends a turn: a language model's stop sequences."""

EXAMPLE_SEARCH = f'<{SEARCH} lang="fr,de">query</{SEARCH}>'
EXAMPLE_ANSWER = f"<{ANSWER}>answer [1]</{ANSWER}>"
EXAMPLE_ABSTENTION = f'<{ANSWER} found="no">what is missing</{ANSWER}>'

_TAG = re.compile(rf"<(/?)({THINK}|{SEARCH}|{ANSWER})((?:\s[^<>]*)?)>")
_OPENED_THOUGHT = re.compile(rf"\s*<{THINK}>")
_CLOSED_THOUGHT = f"</{THINK}>"
_ATTRIBUTE = re.compile(r'\s+([a-z]+)="([^"]*)"')
_REFERENCE = re.compile(r"&(amp|lt|gt|#[0-9]{1,7});")
_NAMED = {"amp": "&", "lt": "<", "gt": ">"}
_OPENING_MARKS = "[【［"
_NUMBERS = r"\s*\d{1,6}(?:\s*[,，、]\s*\d{1,6})*\s*"
_MARK = re.compile(rf"\s*[{re.escape(_OPENING_MARKS)}]({_NUMBERS})[\]】］]")
_TORN_MARK = re.compile(rf"[{re.escape(_OPENING_MARKS)}]\s*[\d,，、][^\]】］]{{0,20}}[\]】］]?")


class ActionError(Exception):
    """A text is not one action; the message tells the policy what was wrong and what is right.

    It stands outside of `CroSearchError`: a policy's mistake becomes feedback and never ends a run.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchAction:
    """Look for `query` in the collections of `languages`."""

    languages: tuple[Language, ...]
    query: str
    thought: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerAction:
    """End the run with an answer, or by saying that there is none to be found."""

    text: str
    """In the asker's language where the policy could; citation marks taken out."""
    citations: tuple[int, ...]
    """Numbers of ledger entries, in the order cited, without repeats."""
    found: bool
    """False: the policy says that the evidence does not hold the answer."""
    thought: str = ""


Action = SearchAction | AnswerAction


def parse_action(text: str, *, cited: bool = True) -> Action:
    """Read the one action that `text` holds, and the thought before it.

    Args:
        text: A whole turn.
        cited: Whether an answer has to cite something.

    Raises:
        ActionError: It holds none, several, or one that is malformed.
    """
    thought, turn = _split_thought(text)
    tags = list(_TAG.finditer(turn))
    if not tags:
        raise ActionError(
            f"no action in {_quote(turn)}: end the turn with {EXAMPLE_SEARCH}, {EXAMPLE_ANSWER} "
            f"or {EXAMPLE_ABSTENTION}"
        )
    opening = tags[0]
    name = opening[2]
    if opening[1] or name == THINK:
        raise ActionError(f"{_quote(opening[0])} comes out of place: it has no opening tag before")
    if len(tags) == 1:
        raise ActionError(f"{_quote(opening[0])} is not closed: end it with </{name}>")
    closing = tags[1]
    if not closing[1] or closing[2] != name:
        raise ActionError(f"{_quote(closing[0])} inside of <{name}>: close it with </{name}> first")
    if len(tags) > 2:
        raise ActionError(f"more than one action: {_quote(tags[2][0])} follows; emit one a turn")
    if turn[closing.end() :].strip():
        raise ActionError(
            f"text after the action: {_quote(turn[closing.end() :])}; end the turn with </{name}>"
        )
    thought = "\n".join(part for part in (thought, _unescape(turn[: opening.start()])) if part)
    content = turn[opening.end() : closing.start()]
    attributes = _parse_attributes(opening)
    if name == SEARCH:
        return _parse_search(attributes, content, thought)
    return _parse_answer(attributes, content, thought, cited=cited)


def render_search(action: SearchAction) -> str:
    """Write a search as its canonical text."""
    languages = ",".join(action.languages)
    query = _escape(action.query)
    return f'{_render_thought(action.thought)}<{SEARCH} lang="{languages}">{query}</{SEARCH}>'


def render_answer(action: AnswerAction) -> str:
    """Write an answer as its canonical text, its citation marks at the end."""
    marks = "".join(f"[{number}]" for number in action.citations)
    text = " ".join(part for part in (_escape_marks(_escape(action.text)), marks) if part)
    found = "" if action.found else ' found="no"'
    return f"{_render_thought(action.thought)}<{ANSWER}{found}>{text}</{ANSWER}>"


def end_of_action(text: str, *, start: int = 0) -> int | None:
    """Return where the first closing tag at or after `start` ends, None where there is none."""
    ends = [
        found + len(tag) for tag in CLOSING_TAGS if (found := text.find(tag, max(start, 0))) >= 0
    ]
    return min(ends, default=None)


def close_action(text: str) -> str:
    """Put back the closing tag that a stop sequence swallowed; other texts come back as they are.

    Endpoints leave the stop sequence out of what they return, so a turn that ended as it should
    lacks exactly the closing tag of the action that it opened last.
    """
    _, turn = _split_thought(text, strict=False)
    tags = list(_TAG.finditer(turn))
    if tags and not tags[-1][1] and tags[-1][2] != THINK:
        return f"{text}</{tags[-1][2]}>"
    return text


def _split_thought(text: str, *, strict: bool = True) -> tuple[str, str]:
    opened = _OPENED_THOUGHT.match(text)
    end = text.find(_CLOSED_THOUGHT)
    if end < 0:
        if opened and strict:
            raise ActionError(f"<{THINK}> is not closed: write {_CLOSED_THOUGHT} before the action")
        return "", "" if opened else text
    action = _TAG.search(text)
    if not opened and action is not None and action.start() < end:
        return "", text
    start = opened.end() if opened else 0
    return _unescape(text[start:end]), text[end + len(_CLOSED_THOUGHT) :]


def _parse_attributes(opening: re.Match[str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    position = 0
    while match := _ATTRIBUTE.match(opening[3], position):
        if match[1] in attributes:
            raise ActionError(f"{_quote(opening[0])} has {match[1]} twice: give it once")
        attributes[match[1]] = match[2]
        position = match.end()
    if opening[3][position:].strip():
        raise ActionError(
            f"{_quote(opening[3][position:].strip())} in {_quote(opening[0])} is no attribute: "
            'write them as name="value"'
        )
    return attributes


def _parse_search(attributes: dict[str, str], content: str, thought: str) -> SearchAction:
    _refuse_unknown(attributes, SEARCH, "lang")
    query = _unescape(content)
    if not query.strip():
        raise ActionError(f"<{SEARCH}> without a query: write {EXAMPLE_SEARCH}")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise ActionError(
            f"the query {_quote(query)} has {len(query):,} characters: "
            f"at most {MAX_QUERY_CHARACTERS:,} are allowed"
        )
    return SearchAction(
        languages=_parse_search_languages(attributes.get("lang", "")), query=query, thought=thought
    )


def _parse_search_languages(value: str) -> tuple[Language, ...]:
    try:
        languages = parse_languages(value)
    except UnknownLanguageError:
        raise ActionError(
            f"unknown language in lang={_quote(value)}: give codes from the list of languages, "
            'with commas between, such as lang="fr,de"'
        ) from None
    if not languages:
        raise ActionError(f"<{SEARCH}> without languages: write {EXAMPLE_SEARCH}")
    return languages


def _parse_answer(
    attributes: dict[str, str], content: str, thought: str, *, cited: bool
) -> AnswerAction:
    _refuse_unknown(attributes, ANSWER, "found")
    value = attributes.get("found", "yes")
    if value not in ("yes", "no"):
        raise ActionError(f'found={_quote(value)}: write found="no", or leave it out')
    text, citations = _take_citations(content)
    if not text.strip():
        raise ActionError(f"<{ANSWER}> without an answer: write {EXAMPLE_ANSWER}")
    found = value == "yes"
    if cited and found and not citations:
        raise ActionError(
            "an answer without citations: name the evidence it rests on by its number, such as "
            f"{EXAMPLE_ANSWER}, or say that there is none with {EXAMPLE_ABSTENTION}"
        )
    return AnswerAction(text=text, citations=citations, found=found, thought=thought)


def _refuse_unknown(attributes: Iterable[str], tag: str, known: str) -> None:
    for name in attributes:
        if name != known:
            raise ActionError(f"<{tag}> has no attribute {_quote(name)}: it knows only {known}")


def _take_citations(content: str) -> tuple[str, tuple[int, ...]]:
    rest = _MARK.sub("", content)
    if torn := _TORN_MARK.search(rest):
        raise ActionError(f"{_quote(torn[0])} is no citation: write [1], [2,3] or [1][4]")
    numbers = [
        int(number) for mark in _MARK.finditer(content) for number in re.findall(r"\d+", mark[1])
    ]
    if 0 in numbers:
        raise ActionError("[0] cites nothing: evidence is numbered from 1")
    return _unescape(rest), tuple(dict.fromkeys(numbers))


def _render_thought(thought: str) -> str:
    return f"<{THINK}>{_escape(thought)}</{THINK}>" if thought else ""


def _escape(content: str) -> str:
    """Spell what would read as a tag, and outer white space, which parsing takes away."""
    inner = content.strip()
    start = content.find(inner)
    before, after = content[:start], content[start + len(inner) :]
    inner = inner.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_spell(before)}{inner}{_spell(after)}"


def _escape_marks(content: str) -> str:
    return "".join(_spell(c) if c in _OPENING_MARKS else c for c in content)


def _spell(characters: str) -> str:
    return "".join(f"&#{ord(character)};" for character in characters)


def _unescape(content: str) -> str:
    return _REFERENCE.sub(_character, content.strip())


def _character(reference: re.Match[str]) -> str:
    if (name := reference[1]) in _NAMED:
        return _NAMED[name]
    code = int(name[1:])
    is_character = 0 < code < 0xD800 or 0xDFFF < code < 0x110000
    return chr(code) if is_character else reference[0]


def _quote(text: str) -> str:
    text = " ".join(text.split())
    return f"‘{text if len(text) <= 60 else text[:57] + '…'}’"
