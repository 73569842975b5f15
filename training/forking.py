"""Takes a recorded run up again at one of its turns: as it was there, or with its search edited."""

from collections.abc import Sequence
from dataclasses import dataclass

from crosearch.agents.actions import SearchAction, render_search
from crosearch.agents.policy import Emission
from crosearch.agents.transcript import Segment
from crosearch.graphs.hits import action_state
from crosearch.graphs.state import LedgerMark, SearchState, Turn
from crosearch.graphs.turns import UNSAID, extend_transcript, open_run, open_turn
from crosearch.tools.errors import UsageError
from crosearch.tools.languages import Language, describe_language
from crosearch.tools.ledger import Evidence
from crosearch.training.trajectories import Trajectory


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchEdit:
    """What is put in the place of a turn's search; None leaves it as the policy had it."""

    languages: tuple[Language, ...] | None = None
    query: str | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is edited."""
        return self.languages is not None or self.query is not None

    def describe(self) -> str:
        """Say what is edited, for a person to read; empty where nothing is."""
        parts: list[str] = []
        if self.languages is not None:
            names = ", ".join(describe_language(code).english_name for code in self.languages)
            parts.append(f"searches in {names}")
        if self.query is not None:
            parts.append(f"searches for {self.query!r}")
        return " and ".join(parts)


def state_before(record: Trajectory, turn: int) -> SearchState:
    """Rebuild the state that a run was in when a turn began, from what is recorded.

    Args:
        record: The run.
        turn: Which turn, counted from 1.

    Raises:
        UsageError: The run has no such turn, or the policy had no part in it.
    """
    turns = len(record["history"])
    if not 1 <= turn <= turns:
        raise UsageError(f"the run {record['key'][:12]} has {turns} turns; there is no turn {turn}")
    if record["history"][turn - 1]["status"] == "forced":
        raise UsageError(
            f"turn {turn} of the run {record['key'][:12]} was made by its graph, and not by the "
            "policy: take up another turn"
        )
    before = record["history"][: turn - 1]
    variation = record["variation"]
    state = open_run(
        variation["question"] if variation else record["question"],
        record["language"],
        searchable=record["searchable"],
        transcript=_transcript_before(record, turn),
    )
    state["evidence"] = _evidence_after(before, record["evidence"])
    state["searches"] = record["searches"][: sum(past["search"] is not None for past in before)]
    state["turns"] = len(before)
    state["seconds"] = round(sum(map(_seconds, before)), 4)
    state["history"] = list(before)
    if before:
        state["action"] = before[-1]["action"]
    return state


def edited_state(state: SearchState, old: Turn, edit: SearchEdit) -> SearchState:
    """Go on from the state before a turn to that after its thinking, with another search.

    The turn's policy segment then is nobody's sample: the run cannot be trained on, and says so.

    Args:
        state: The state before the turn.
        old: The turn as it was.
        edit: What is searched in its place.

    Raises:
        UsageError: The turn was no search, and the edit lacks a part of one.
    """
    state = state.copy()
    turn = state["turns"] + 1
    action = _edited_action(old, turn, edit)
    reason = f"turn {turn} was edited by hand: {edit.describe()}"
    emission = Emission(text=render_search(action), untrainable=reason)
    state["action"] = action_state(action)
    opened = open_turn(emission, state["action"], mistake=None, policy="a person", seconds=0.0)
    state["transcript"] = extend_transcript(state["transcript"], emission)
    state["history"] = [*state["history"], opened]
    state["turns"] = turn
    return state


def sampled_otherwise(state: SearchState, reason: str) -> SearchState:
    """Say of all turns so far why they cannot be trained on with those that follow."""
    marked = state.copy()
    marked["history"] = [turn.copy() for turn in state["history"]]
    for turn in marked["history"]:
        turn["untrainable"] = turn["untrainable"] or reason
    return marked


def without_tokens(state: SearchState) -> SearchState:
    """Drop the ids and log-probabilities of a transcript that another policy goes on from."""
    bare = state.copy()
    bare["transcript"] = [Segment(kind=s["kind"], text=s["text"]) for s in state["transcript"]]
    return bare


def _seconds(turn: Turn) -> float:
    return turn["policy_seconds"] + turn["search_seconds"] + turn["align_seconds"]


def _transcript_before(record: Trajectory, turn: int) -> list[Segment]:
    """Take the segments that stood there when a turn began."""
    said = sum(past["status"] not in UNSAID for past in record["history"][: turn - 1])
    places = [i for i, part in enumerate(record["transcript"]) if part["kind"] == "policy"]
    end = places[said] if said < len(places) else len(record["transcript"])
    return list(record["transcript"][:end])


def _evidence_after(turns: Sequence[Turn], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Rebuild the ledger as it stood after the last of some turns."""
    marks = next((turn["ledger"] for turn in reversed(turns) if turn["ledger"]), [])
    held = {entry["number"]: entry for entry in evidence}
    return [_marked(held[mark["number"]], mark) for mark in marks]


def _marked(entry: Evidence, mark: LedgerMark) -> Evidence:
    then = entry.copy()
    then["cluster"], then["stance"] = mark["cluster"], mark["stance"]
    if not mark["translated"]:
        then["translation"] = then["translated_by"] = None
    return then


def _edited_action(turn: Turn, number: int, edit: SearchEdit) -> SearchAction:
    old = turn["action"]
    if old["kind"] != "search" and (edit.languages is None or edit.query is None):
        raise UsageError(
            f"turn {number} was no search: to put one in its place, give both its languages and "
            "its query"
        )
    return SearchAction(
        languages=tuple(old["languages"]) if edit.languages is None else edit.languages,
        query=old["text"] if edit.query is None else edit.query,
        thought=old["thought"],
    )
