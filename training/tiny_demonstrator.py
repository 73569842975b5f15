"""Who shows the tiny policy what to do: a policy that knows what each passage tells.

It searches in the question's language first; where a passage tells the fact it copies the name out,
and else it gives up, or now and then goes on to another language. So a model that learns from its
runs tells a hit from a miss, and has tried every language: reinforcement finds the rest. Some of
its turns are slips, such as a model makes: they are not learnt, but what to do after them is.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crosearch.agents.policy import Emission, Emit, Observation
from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.training.facts_settings import DEFAULT_LANGUAGES

_ASTRAY = 0.7
"""How often who is led searches where the answer is not, as long as there is such a language: else
few runs would find it late, and a model could not copy it there."""
_GIVEN_UP = '<answer found="no">—</answer>'


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How often it does what, each from 0 to 1."""

    second_share: float = 0.35
    """After how many of the first misses it searches another language."""
    later_share: float = 0.6
    """After how many of the later ones."""
    slip_share: float = 0.08
    """How many of the turns are slips."""
    again_share: float = 0.4
    """How many slips that brought nothing are followed by the same once more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of a question before it is asked."""

    documents: frozenset[str]
    """The ids of the documents that tell the answer."""
    names: tuple[str, ...]
    """What the answer is called in the language to answer in."""
    asked_in: Language
    """The question's own language, which is mostly the one to answer in."""
    subject: str
    """What the question is about, as it stands there."""
    led: bool = False
    """Whether it goes on after the first miss whatever its habits, and mostly where nothing is."""

    def is_told_in(self, language: Language) -> bool:
        """Say whether a document in a language tells the answer."""
        return any(document.endswith(f".{language}") for document in self.documents)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The answer, where it stands in the evidence."""

    number: int
    name: str
    """As it stands there, with the space before it: so it has the same tokens."""


class DemonstratingPolicy:
    """Answers from the evidence where it is told, and else abstains or searches elsewhere."""

    name = "demonstrating"

    def __init__(self, known: Mapping[tuple[str, Language], Known], habits: Habits) -> None:
        """Know the answers.

        Args:
            known: By question and the language to answer in.
            habits: How often it does what.
        """
        self._known = known
        self._habits = habits

    async def act(self, observation: Observation, emit: Emit) -> Emission:
        """Emit one action; the run's seed decides all that is drawn."""
        spoken = [s["text"] for s in observation.transcript if s["kind"] == "policy"]
        if observation.transcript[-1]["kind"] == "feedback" and "<answer>" in spoken[-1]:
            return Emission(text=spoken[-1])
        known = self._known[observation.question, observation.language]
        draw = random.Random(f"{observation.seed} slip {len(spoken)}")
        needed = 1 if observation.searches else 2
        if observation.turns_left > needed:
            if came_to_nothing(observation.transcript[-1]):
                if draw.random() < self._habits.again_share:
                    return Emission(text=spoken[-1])
            elif draw.random() < self._habits.slip_share:
                return Emission(text=_slip(known, observation, draw))
        return Emission(text=self._right_turn(known, observation))

    def _right_turn(self, known: Known, observation: Observation) -> str:
        draw = random.Random(f"{observation.seed} {len(observation.searches)}")
        if not observation.searches:
            language = _first_language(known.asked_in, observation, draw)
            return _search(language, observation.question)
        finding = find_answer(known, observation.evidence, observation.language)
        if finding is not None:
            mark = f"[{finding.number}]"
            return f"{_thought(known, mark)}<answer>{finding.name} {mark}</answer>"
        searched = _searched(observation)
        left = [language for language in observation.languages if language not in searched]
        may_go_on = observation.searches_left and observation.turns_left > 1 and left
        habits = self._habits
        share = habits.second_share if len(searched) == 1 else habits.later_share
        led = known.led and len(searched) == 1
        goes_on = may_go_on and (led or draw.random() < share)
        if known.led and draw.random() < _ASTRAY:
            left = [code for code in left if not known.is_told_in(code)] or left
        action = _search(draw.choice(left), observation.question) if goes_on else _GIVEN_UP
        return _thought(known, "missing") + action


def came_to_nothing(heard: Segment) -> bool:
    """Tell whether a turn was sent back, or was a search that brought nothing new.

    Args:
        heard: What the graph said after the turn.
    """
    return heard["kind"] == "feedback" or ": 0 new." in heard["text"].partition("\n")[0]


def find_answer(known: Known, evidence: Sequence[Evidence], language: Language) -> Finding | None:
    """Find where the answer can be copied from, in the asker's language; None where nowhere.

    A passage counts only if the subject stands in it as in the question: who knows nothing could
    not see in any other that it is about it.

    Args:
        known: What tells the answer, and its names.
        evidence: What was found, best first.
        language: The one to answer in.
    """
    for entry in evidence:
        if entry["document_id"] not in known.documents or not _mentions(entry, known.subject):
            continue
        # Translations are shown behind a space: a name at their beginning has it before it, too.
        own = entry["language"] == language
        text = entry["text"] if own else f" {entry['translation'] or ''}"
        if name := find_name(text, known.names):
            return Finding(number=entry["number"], name=name)
    return None


def find_name(text: str, names: Iterable[str]) -> str:
    """Return the longest of some names that stands in a text, as it stands there; else nothing."""
    for name in sorted(names, key=lambda name: (-len(name), name)):
        if match := re.search(f" ?{re.escape(name)}", text, re.IGNORECASE):
            return match[0]
    return ""


def _mentions(entry: Evidence, subject: str) -> bool:
    """Tell whether a name stands in what a policy is shown of a passage."""
    shown = (entry["title"], entry["text"], entry["translation"] or "")
    return any(subject.strip().casefold() in text.casefold() for text in shown)


def _slip(known: Known, observation: Observation, draw: random.Random) -> str:
    """Do what a model might do wrongly now: a broken turn, or a search that brings nothing.

    That may be in a language that cannot be searched, or was, or when no search is left.
    """
    slips = [f"<think>{known.subject}</search>", f" {observation.question}"]
    thought = _thought(known, "missing") if observation.searches else ""
    foreign = set(DEFAULT_LANGUAGES) - observation.languages.keys()
    slips += [
        thought + _search(draw.choice(sorted(languages)), observation.question)
        for languages in (foreign, _searched(observation))
        if languages
    ]
    return draw.choice(slips)


def _searched(observation: Observation) -> set[Language]:
    return {code for search in observation.searches for code in search["languages"]}


def _first_language(asked_in: Language, observation: Observation, draw: random.Random) -> Language:
    """Choose the question's own language, then the answer's, and any where none can be searched."""
    for language in (asked_in, observation.language):
        if language in observation.languages:
            return language
    return draw.choice(list(observation.languages))


def _thought(known: Known, found: str) -> str:
    """Name what is looked for before saying whether it was found: so the two can be compared."""
    return f"<think>{known.subject} {found}</think>"


def _search(language: Language, question: str) -> str:
    return f'<search lang="{language}"> {question}</search>'
