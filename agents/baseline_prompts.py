"""What a policy is told in baselines and nowhere else, and how it may answer there."""

from dataclasses import replace

from crosearch.agents.actions import (
    ANSWER,
    EXAMPLE_ABSTENTION,
    Action,
    ActionError,
    SearchAction,
    parse_action,
)
from crosearch.agents.policy import Instructions
from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.neutral import neutralise

EXAMPLE_UNCITED_ANSWER = f"<{ANSWER}>answer</{ANSWER}>"

_CLOSED_BOOK = """\
You answer a question from what you know. There is nothing to search, and nothing to cite.

Think, then do exactly one thing:
<think>what is known</think>{answer}
<think>why it is not known</think>{abstention}

- Answer in {language}, shortly. Say that you do not know only where you do not.
- You have {turns} turns; further ones are for a turn that could not be read."""

_BRIEF_CLOSED_BOOK = "Answer in {language} from what you know. Turns: {turns}."

DRAFT_NOTE = """\
Your answer was taken as a draft, and was searched for. See whether the evidence supports it; then \
answer once more: the same, a better one, or that there is none."""
"""Told before the evidence that a draft is to be checked by."""


def open_closed_book(
    question: str, language: Language, *, turns: int, instructions: Instructions = "full"
) -> list[Segment]:
    """Make the two segments that a run without searches begins with.

    Args:
        question: As it was asked.
        language: The language to answer in.
        turns: How many actions the policy has.
        instructions: `brief` takes it as known how to act.
    """
    if instructions == "brief":
        text = _BRIEF_CLOSED_BOOK.format(language=language, turns=turns)
    else:
        text = _CLOSED_BOOK.format(
            language=describe_language(language).english_name,
            turns=turns,
            answer=EXAMPLE_UNCITED_ANSWER,
            abstention=EXAMPLE_ABSTENTION,
        )
    return [
        Segment(kind="prompt", text=text),
        Segment(kind="prompt", text=f"Question: {neutralise(question)}"),
    ]


def parse_closed_book(text: str) -> Action:
    """Read an answer that cites nothing; marks of citations mean nothing and are left out.

    Raises:
        ActionError: The text holds no answer, or one that is malformed.
    """
    action = parse_action(text, cited=False)
    if isinstance(action, SearchAction):
        raise ActionError(
            f"nothing can be searched here: answer from what you know, {EXAMPLE_UNCITED_ANSWER}, "
            f"or say that you do not know, {EXAMPLE_ABSTENTION}"
        )
    return replace(action, citations=())
