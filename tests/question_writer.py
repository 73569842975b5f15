"""A model that writes questions about the small corpus' passages, for `chat_server`."""

import re
import threading
from collections.abc import Mapping

from chat_server import ChatRequest, Refuse, Reply, Say

QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "Phare de Cordouan": {
        "en": "Which architect finished the Cordouan lighthouse in 1611?",
        "de": "Wie viele Stufen hat der Leuchtturm von Cordouan an der Gironde?",
        "fr": "Quel architecte acheva le phare de Cordouan ?",
    },
    "Neusiedler See": {
        "en": "How deep is Lake Neusiedl, the steppe lake in Austria and Hungary?",
        "de": "An welcher Stelle ist der Neusiedler See am tiefsten?",
        "fr": "Quelle est la profondeur du lac Neusiedler See en Autriche ?",
    },
    "Schiffshebewerk": {
        "en": "When was the Niederfinow boat lift opened?",
        "de": "Wann wurde das Schiffshebewerk Niederfinow eingeweiht?",
        "fr": "Quand l'ascenseur à bateaux de Niederfinow fut-il ouvert ?",
    },
    "Eddystone Lighthouse": {
        "en": "Who built the Eddystone tower of granite blocks?",
        "de": "Auf welchen Felsen steht der Leuchtturm Eddystone Lighthouse?",
        "fr": "Où se trouve le phare Eddystone Lighthouse de Smeaton ?",
    },
}

_LANGUAGES = re.compile(r"^Languages: (.+)$", re.MULTILINE)
_CODE = re.compile(r"\((\w+)\)")


def asked_about(request: ChatRequest) -> str:
    """Tell which passage a request shows."""
    shown = request.messages[-1]["content"]
    return next(title for title in QUESTIONS if title in shown)


def asked_in(request: ChatRequest) -> list[str]:
    """Tell which languages a request asks for."""
    line = _LANGUAGES.search(request.messages[-1]["content"])
    assert line is not None
    return _CODE.findall(line[1])


def write_questions(request: ChatRequest) -> Reply:
    """Answer a request as it should be answered."""
    known = QUESTIONS[asked_about(request)]
    lines = [f"{code}: {known[code]}" for code in asked_in(request)]
    return Say("\n".join(["summary: It is what it is.", *lines]))


class Failing:
    """Refuses the first so many requests, or those about one passage, and answers the others."""

    def __init__(self, first: int = 0, about: str = "") -> None:
        self._left = first
        self._about = about
        self._lock = threading.Lock()

    def __call__(self, request: ChatRequest) -> Reply:
        with self._lock:
            self._left -= 1
            if self._left >= 0 or asked_about(request) == self._about:
                return Refuse(400, "the prompt is not to my liking")
        return write_questions(request)
