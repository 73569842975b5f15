"""Reads what a judge wrote, and says what is wrong with it where it cannot be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crosearch.agents.json_replies import find_object
from crosearch.tools.completions import Completion, Message
from crosearch.tools.endpoint_errors import excerpt

_LONGEST_REASON = 500
_REPEATED = 2_000
"""Characters of an unusable reply that the judge is shown again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a judge thinks of a run, compared with the others of its group."""

    score: float
    """From 0 to 1."""
    reason: str
    """In the judge's words, on one line; they come from a model, and may be anything."""


def parse_judgements(text: str, labels: Sequence[str]) -> Mapping[str, Judgement]:
    """Read a judge's reply.

    Args:
        text: The reply; around the JSON anything may stand.
        labels: What has to be judged, each once in the reply.

    Raises:
        ValueError: It is not one score from 0 to 1 for each; the message says, of the reply, why.
    """
    reply = find_object(text)
    listed = reply.get("attempts") if reply else None
    if not isinstance(listed, list):
        raise ValueError(f"held no JSON object with a list of attempts, but: {excerpt(text, '')}")
    judged: dict[str, Judgement] = {}
    for entry in listed:
        label, judgement = _parse_entry(entry)
        if label not in labels:
            raise ValueError(f"judged an attempt {excerpt(label, '')!r} that there is not")
        if label in judged:
            raise ValueError(f"judged the attempt {label} twice")
        judged[label] = judgement
    missing = [label for label in dict.fromkeys(labels) if label not in judged]
    if missing:
        raise ValueError(f"did not judge the attempts {', '.join(missing)}")
    return judged


def why_unusable(completion: Completion) -> str:
    """Say, of a reply, why it cannot hold what was asked for; empty where it may."""
    if not completion.text.strip():
        return f"was empty ({completion.finish_reason})"
    if completion.finish_reason not in ("stop", "eos", "eos_token"):
        return f"broke off ({completion.finish_reason})"
    return ""


def asked_again(messages: Sequence[Message], reply: str, why: str) -> list[Message]:
    """Go on from a reply that cannot be used: tell the model why, and ask for another one."""
    return [
        *messages,
        Message(role="assistant", content=reply[:_REPEATED].strip() or "(nothing)"),
        Message(role="user", content=f"Your reply {why}. Reply again, with the JSON alone."),
    ]


def _parse_entry(entry: object) -> tuple[str, Judgement]:
    if not isinstance(entry, dict):
        raise ValueError(f"held {entry!r:.80} where an attempt's score should be")
    label, score, reason = (entry.get(name) for name in ("attempt", "score", "reason"))
    if not isinstance(label, str):
        raise ValueError(f"did not say which attempt it meant, but {label!r:.80}")
    if isinstance(score, bool) or not isinstance(score, int | float) or score != score:
        raise ValueError(f"gave {label[:20]} the score {score!r:.80}, which is no number")
    if not 0 <= score <= 1:
        raise ValueError(f"gave {label[:20]} the score {score!r:.80}, which is not from 0 to 1")
    told = " ".join(reason.split())[:_LONGEST_REASON] if isinstance(reason, str) else ""
    return label, Judgement(score=float(score), reason=told)
