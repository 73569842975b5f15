"""Makes the record of a run from what its graph held when it ended, however it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal, cast

from crosearch.agents.transcript import Segment
from crosearch.graphs.state import SearchOutput, SearchState, Turn
from crosearch.graphs.turns import machine_failures, open_run
from crosearch.tools.errors import CroSearchError
from crosearch.tools.ledger import Failure, LanguageSearch, SearchRecord
from crosearch.training.migrations import SchemaError
from crosearch.training.record_checks import (
    as_plain,
    token_mistake,
    training_obstacle,
)
from crosearch.training.run_names import RunName
from crosearch.training.trajectories import (
    SCHEMA_VERSION,
    CheckpointRecord,
    Trajectory,
)


@dataclass(kw_only=True, slots=True)
class RunEnd:
    """How a run ended: the last that was seen of its state, and what ended it."""

    started: str
    """In UTC, ISO 8601."""
    state: SearchOutput | None = None
    """None: the run did not come so far as to have one."""
    error: Exception | None = None
    thread_id: str | None = None
    checkpoints: list[str] = field(default_factory=list[str])
    """For each turn, the checkpoint that it began from."""


def make_record(run: RunName, attempt: int, end: RunEnd) -> Trajectory:
    """Make a run's record; whatever the run held, the record is fit to be kept."""
    state = end.state or _empty_state(run)
    record = _record(run, attempt, end, state)
    try:
        return as_plain(record)
    except SchemaError as error:
        detail = f"the run held what no record can hold: {error}"
        failure = Failure(stage="policy", language=None, status="error", detail=detail)
        bare = _record(run, attempt, end, _empty_state(run), failure)
        return as_plain(bare)


def error_text(error: Exception) -> str:
    """Tell an error without what a log must not hold; a foreign one by its type alone."""
    return _without_home(str(error)) if isinstance(error, CroSearchError) else type(error).__name__


def _record(
    run: RunName,
    attempt: int,
    end: RunEnd,
    state: SearchOutput,
    failure: Failure | None = None,
) -> Trajectory:
    history = [_shown_turn(turn) for turn in state["history"]]
    failures = machine_failures(cast(SearchState, {**state, "history": history}))
    if end.error is not None:
        failures.append(_ending_failure(end.error, end.state))
    if failure is not None:
        failures.append(failure)
    transcript, mistake = _sound_transcript(state["transcript"])
    question = run.question
    return Trajectory(
        schema_version=SCHEMA_VERSION,
        key=run.key,
        attempt=attempt,
        group=run.group,
        sample=run.sample,
        member=run.member.number if run.member else run.sample,
        variation=run.member.variation if run.member else None,
        question_id=question.id,
        question=question.text.strip(),
        language=run.language,
        answers={language: list(golds) for language, golds in question.answers.items()},
        translations={str(language): text for language, text in question.translations.items()},
        policy=run.made_by.policy,
        index=run.made_by.index,
        settings=dict(run.made_by.settings),
        settings_fingerprint=run.made_by.settings_fingerprint,
        searchable=state["searchable"],
        transcript=transcript,
        history=history,
        searches=[_shown_search(search) for search in state["searches"]],
        evidence=state["evidence"],
        answer=state["answer"],
        answer_language=state["answer_language"],
        found=state["found"],
        citations=[entry["number"] for entry in state["citations"]],
        ending=state["ending"] if end.error is None and failure is None else None,
        seconds=state["seconds"],
        failures=failures,
        untrainable=_untrainable(failures, history, mistake) or training_obstacle(transcript),
        rewards={},
        parent=run.parent,
        checkpoint=_checkpoint(end),
        started=end.started,
        version=_own_version(),
    )


def _ending_failure(error: Exception, state: SearchOutput | None) -> Failure:
    stage = _stage(state)
    return Failure(stage=stage, language=None, status="error", detail=error_text(error))


def _stage(state: SearchOutput | None) -> Literal["policy", "search", "align"]:
    """Tell where a run stood by what its state holds."""
    if state is None:
        return "search"  # Before the first turn nobody but the retriever is asked.
    last = state["history"][-1] if state["history"] else None
    if last is None or last["mistake"] or last["action"]["kind"] != "search":
        return "policy"
    if last["search"] is None:
        return "search"
    return "policy" if state["transcript"][-1]["kind"] == "evidence" else "align"


def _sound_transcript(transcript: Sequence[Segment]) -> tuple[list[Segment], str]:
    """Take away the tokens of a transcript that cannot be right, and say what was wrong."""
    mistake = token_mistake(transcript)
    if mistake is None:
        return list(transcript), ""
    return [Segment(kind=s["kind"], text=s["text"]) for s in transcript], mistake


def _untrainable(failures: Sequence[Failure], history: Sequence[Turn], mistake: str) -> str:
    if failures:
        first = failures[0]
        where = f" in {first['language']}" if first["language"] else ""
        return f"the machine failed it: {first['stage']}{where}, {first['status']}"
    if mistake:
        return mistake
    return next((turn["untrainable"] for turn in history if turn["untrainable"]), "")


def _checkpoint(end: RunEnd) -> CheckpointRecord | None:
    if end.thread_id is None:
        return None
    return CheckpointRecord(thread_id=end.thread_id, turns=end.checkpoints)


def _shown_turn(turn: Turn) -> Turn:
    shown = turn.copy()
    shown["failures"] = [_shown_failure(failure) for failure in turn["failures"]]
    return shown


def _shown_failure(failure: Failure) -> Failure:
    return Failure(
        stage=failure["stage"],
        language=failure["language"],
        status=failure["status"],
        detail=_without_home(failure["detail"]),
    )


def _shown_search(search: SearchRecord) -> SearchRecord:
    shown = search.copy()
    shown["outcomes"] = [_shown_outcome(outcome) for outcome in search["outcomes"]]
    return shown


def _shown_outcome(outcome: LanguageSearch) -> LanguageSearch:
    shown = outcome.copy()
    shown["detail"] = _without_home(outcome["detail"])
    return shown


def _without_home(text: str) -> str:
    home = str(Path.home())
    return text if home == "/" else text.replace(home, "~")


def _empty_state(run: RunName) -> SearchOutput:
    return open_run(run.asked, run.language, searchable={}, transcript=[])


@cache
def _own_version() -> str:
    return version("crosearch")
