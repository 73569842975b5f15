"""What a run remembers of each turn: filled by the nodes, one after the other."""

from collections.abc import Iterable, Mapping, Sequence

from crosearch.agents.policy import Emission
from crosearch.agents.transcript import Segment
from crosearch.graphs.hits import NO_ACTION
from crosearch.graphs.state import (
    ActionState,
    FoundId,
    LedgerMark,
    SearchOutput,
    SearchState,
    Turn,
)
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, Failure
from crosearch.tools.passages import Hit, SearchResult

UNSAID = ("context", "nan", "timeout", "forced")
"""Statuses of turns in which the policy said nothing that counts."""
TURNS_BEGIN = frozenset({"think", "ask", "verify"})
"""The nodes that open a turn: of the policy, or of a baseline's graph in its place."""


def open_run(
    question: str,
    language: Language,
    *,
    searchable: Mapping[Language, int],
    transcript: Sequence[Segment],
) -> SearchState:
    """Lay out a run in which nothing has happened yet.

    Args:
        question: What is asked.
        language: The language to answer in.
        searchable: Where it may search, with the passages of each language.
        transcript: What it begins with.
    """
    return SearchState(
        question=question,
        language=language,
        answer="",
        answer_language=language,
        found=False,
        citations=[],
        evidence=[],
        searches=[],
        turns=0,
        seconds=0.0,
        ending=None,
        transcript=list(transcript),
        history=[],
        searchable=dict(searchable),
        action=NO_ACTION,
        hits=[],
        promise={},
    )


def open_turn(
    emission: Emission, action: ActionState, *, mistake: str | None, policy: str, seconds: float
) -> Turn:
    """Begin the record of a turn with what the policy did.

    Args:
        emission: What it emitted.
        action: What of it was understood.
        mistake: Why that is not carried out; None where it is.
        policy: The policy's name.
        seconds: What it took.
    """
    return Turn(
        action=action,
        mistake=mistake,
        status=emission.status,
        untrainable=_untrainable(emission, policy),
        prompt_tokens=emission.usage.prompt_tokens,
        completion_tokens=emission.usage.completion_tokens,
        cost=emission.usage.cost,
        policy_seconds=round(seconds, 4),
        search_seconds=0.0,
        align_seconds=0.0,
        search=None,
        hits=[],
        ledger=[],
        failures=_policy_failures(emission, policy),
    )


def forced_turn(action: ActionState, *, seconds: float, failures: Sequence[Failure] = ()) -> Turn:
    """Begin the record of a turn that the graph took in the policy's place.

    Args:
        action: What is done.
        seconds: What it took to find that out.
        failures: What the machine failed in on the way.
    """
    return Turn(
        action=action,
        mistake=None,
        status="forced",
        untrainable="",
        prompt_tokens=None,
        completion_tokens=None,
        cost=None,
        policy_seconds=round(seconds, 4),
        search_seconds=0.0,
        align_seconds=0.0,
        search=None,
        hits=[],
        ledger=[],
        failures=list(failures),
    )


def extend_transcript(transcript: Sequence[Segment], emission: Emission) -> list[Segment]:
    """Append what a policy emitted, and keep the ids of what it read for the first time."""
    unread = iter(emission.read)
    segments = [
        segment if "token_ids" in segment else _with_ids(segment, next(unread, None))
        for segment in transcript
    ]
    if emission.status in UNSAID:
        return segments
    emitted = Segment(kind="policy", text=emission.text)
    if emission.token_ids is not None:
        emitted["token_ids"] = list(emission.token_ids)
    if emission.logprobs is not None:
        emitted["logprobs"] = list(emission.logprobs)
    return [*segments, emitted]


def search_failures(result: SearchResult, searchable: Mapping[Language, int]) -> list[Failure]:
    """List the languages that the machine failed to search.

    A language that held nothing when the run began cannot fail: that nothing is found there is so.
    """
    return [
        Failure(
            stage="search",
            language=outcome.language,
            status=outcome.status,
            detail=outcome.detail,
        )
        for outcome in result.outcomes
        if outcome.status != "ok"
        and (outcome.status != "missing" or searchable.get(outcome.language, 0))
    ]


def found_ids(hits: Iterable[Hit]) -> list[FoundId]:
    """Name the passages that a search found, best first."""
    return [
        FoundId(language=hit.passage.language, passage_id=hit.passage.id, score=hit.score)
        for hit in hits
    ]


def ledger_marks(evidence: Iterable[Evidence]) -> list[LedgerMark]:
    """Note what may change about each entry of the ledger, best first."""
    return [
        LedgerMark(
            number=entry["number"],
            cluster=entry["cluster"],
            stance=entry["stance"],
            translated=entry["translation"] is not None,
        )
        for entry in evidence
    ]


def replace_turn(history: Sequence[Turn], turn: Turn) -> list[Turn]:
    """Put a turn in the place of the latest."""
    return [*history[:-1], turn]


def machine_failures(run: SearchOutput) -> list[Failure]:
    """List all that the machine failed a run in; a run with any is kept out of rewards."""
    return [failure for turn in run["history"] for failure in turn["failures"]]


def _with_ids(segment: Segment, ids: Sequence[int] | None) -> Segment:
    if ids is None:
        return segment
    return Segment(kind=segment["kind"], text=segment["text"], token_ids=list(ids))


def _untrainable(emission: Emission, policy: str) -> str:
    if emission.status in UNSAID:
        return ""  # There is nothing in it to train on.
    if emission.untrainable:
        return emission.untrainable
    if emission.token_ids is None:
        return f"text only: {policy} gives no token ids"
    if emission.logprobs is None:
        return f"{policy} gives no log-probabilities"
    return ""


def _policy_failures(emission: Emission, policy: str) -> list[Failure]:
    if emission.status == "nan":
        detail = f"the logits of {policy} are not numbers"
    elif emission.status == "timeout":
        detail = f"{policy} was still at work when the run's time was spent"
    else:
        return []
    return [Failure(stage="policy", language=None, status=emission.status, detail=detail)]
