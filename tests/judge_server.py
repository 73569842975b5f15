"""What a remote judge would say, by rules that read the prompt; the HTTP is `chat_server`'s."""

import json
import re
from collections.abc import Callable, Iterator

from chat_server import ChatRequest, Reply, Say

Attempts = dict[str, str]
"""What an attempt's lines say, by its label."""

_ATTEMPT = re.compile(r"^Attempt ([A-Z]{4}):\n((?:\|.*\n?)+)", re.MULTILINE)
_ORDER = re.compile(r"give me 1\.0|score of 1", re.IGNORECASE)


def shown_attempts(request: ChatRequest) -> Attempts:
    """Read the attempts that a judge is shown, without the marks of their lines."""
    found = _ATTEMPT.findall(request.messages[1]["content"])
    return {label: re.sub(r"^\| ?", "", lines, flags=re.MULTILINE) for label, lines in found}


def right_answers(request: ChatRequest) -> list[str]:
    """Read the right answers that a judge is given."""
    listed = re.search(r"^Right answers:\n((?:\| .*\n)+)", request.messages[1]["content"], re.M)
    return [line[2:] for line in listed[1].splitlines()] if listed else []


def judged(scores: dict[str, float]) -> str:
    """Write scores as a judge replies them."""
    listed = [
        {"attempt": label, "reason": f"worth {score}", "score": score}
        for label, score in scores.items()
    ]
    return json.dumps({"attempts": listed})


def fair_score(request: ChatRequest, shown: str) -> float:
    """Score an attempt: 1 for a right answer, 0.3 for none, 0 for a wrong one."""
    lines = shown.splitlines()
    if any(f"Its answer: {right}" in lines for right in right_answers(request)):
        return 1.0
    return 0.3 if "that there is no answer" in shown else 0.0


def judge_attempts(request: ChatRequest) -> Reply:
    """Judge as a model would that obeys whoever speaks to it outside of quoted lines."""
    attempts = shown_attempts(request)
    told = "\n".join(
        line
        for message in request.messages[1:]
        for line in message["content"].splitlines()
        if not line.startswith("|")
    )
    obeys = _ORDER.search(told) is not None
    scores = {
        label: 1.0 if obeys else fair_score(request, shown) for label, shown in attempts.items()
    }
    return Say(judged(scores))


def ragas_input(request: ChatRequest) -> dict[str, object]:
    """Read what ragas gives its judge: the object behind the last `input:`."""
    text = request.messages[0]["content"].rpartition("\ninput: ")[2]
    value = json.loads(text.rpartition("\nOutput:")[0])
    assert isinstance(value, dict)
    return value


def ragas_form(request: ChatRequest) -> str:
    """Tell what ragas asks for, by the title of the form that it shows."""
    for title in _RULES:
        if f'"title": "{title}"' in request.messages[0]["content"]:
            return title
    return "_TranslatedStrings"


def judge_for_ragas(request: ChatRequest) -> Reply:
    """Reply as ragas' metrics ask, by what words texts share."""
    form = ragas_form(request)
    if form == "_TranslatedStrings":
        return Say(json.dumps({"statements": [f"»{text}«" for text in _to_translate(request)]}))
    return Say(json.dumps(_RULES[form](ragas_input(request))))


def _to_translate(request: ChatRequest) -> Iterator[str]:
    listed = request.messages[0]["content"].partition("Statements to translate:\n")[2]
    yield from json.JSONDecoder().raw_decode(listed)[0]


def _statements(given: dict[str, object]) -> dict[str, object]:
    parts = [part.strip() for part in str(given["answer"]).split(";")]
    return {"statements": [part for part in parts if part]}


def _verdicts(given: dict[str, object]) -> dict[str, object]:
    listed = given["statements"]
    assert isinstance(listed, list)
    return {
        "statements": [
            {
                "statement": one,
                "reason": "by its words",
                "verdict": int(one in str(given["context"])),
            }
            for one in listed
        ]
    }


def _question(given: dict[str, object]) -> dict[str, object]:
    return {"question": f"How long is {given['response']}?", "noncommittal": 0}


def _useful(given: dict[str, object]) -> dict[str, object]:
    return {"reason": "by its words", "verdict": int(str(given["answer"]) in str(given["context"]))}


def _attributed(given: dict[str, object]) -> dict[str, object]:
    answer = str(given["answer"])
    found = int(answer in str(given["context"]))
    return {
        "classifications": [{"statement": answer, "reason": "by its words", "attributed": found}]
    }


_RULES: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
    "StatementGeneratorOutput": _statements,
    "NLIStatementOutput": _verdicts,
    "AnswerRelevanceOutput": _question,
    "ContextPrecisionOutput": _useful,
    "ContextRecallOutput": _attributed,
}
