"""What is checked of a question before a run, and of an action before it is carried out."""

from collections.abc import Collection, Sequence

from crosearch.agents.actions import AnswerAction, SearchAction
from crosearch.graphs.state import SearchState
from crosearch.tools.detect import detect_language
from crosearch.tools.errors import QuestionError
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.ledger import Evidence

MAX_QUESTION_CHARACTERS = 4_000

_TELLING_CHARACTERS = 20
"""Fewer than these do not tell a language from its neighbours."""
_SURE = 0.8


def check_question(question: str) -> str:
    """Return the question without white space around it.

    Raises:
        QuestionError: It is no text, blank, or too long.
    """
    if not isinstance(question, str):
        raise QuestionError(f"the question is {question!r}; it must be a text")
    text = question.strip()
    if not text:
        raise QuestionError(f"the question is blank ({question[:20]!r}); ask something")
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(text):,} characters; at most {MAX_QUESTION_CHARACTERS:,} can be"
            " asked. Put long material into the corpus"
        )
    return text


def search_mistake(
    action: SearchAction, *, allowed: Collection[Language], searches_left: int, turns_left: int
) -> str | None:
    """Say why a search cannot be carried out; None where it can."""
    if not searches_left:
        return "no searches are left: answer from the evidence, or say that it holds no answer"
    if not turns_left:
        return "the last turn has to be an answer"
    unknown = [language for language in action.languages if language not in allowed]
    if unknown:
        return (
            f"lang={','.join(unknown)!r} cannot be searched here; choose from {', '.join(allowed)}"
        )
    return None


def answer_mistake(action: AnswerAction, state: SearchState) -> str | None:
    """Say what is wrong with an answer's citations or language; None where nothing is."""
    held = {entry["number"] for entry in state["evidence"]}
    unknown = [number for number in action.citations if number not in held]
    if unknown:
        known = ", ".join(map(str, sorted(held))) or "none yet: search first"
        return f"no evidence has the number {unknown[0]}; the numbers are {known}"
    found = language_of_answer(action.text, state["evidence"], state["language"])
    if found != state["language"] and not _quoted(action.text, state["evidence"]):
        wanted = describe_language(state["language"]).english_name
        return f"the answer is in {describe_language(found).english_name}; give it in {wanted}"
    return None


def language_of_answer(text: str, evidence: Sequence[Evidence], asker: Language) -> Language:
    """Tell the language of what an answer says.

    An answer that quotes a sentence of the evidence says it in that sentence's language; other
    texts are detected, and a text too short to tell is taken to be in the asker's language.
    """
    quoted = _quoted(text, evidence)
    if quoted:
        return quoted[0]["language"]
    if len(text) < _TELLING_CHARACTERS:
        return asker
    detection = detect_language(text)
    return detection.language if detection.confidence >= _SURE else asker


def _quoted(text: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """List the entries whose sentence stands word for word in the text."""
    return [entry for entry in evidence if entry["text"][slice(*entry["span"])].strip() in text]
