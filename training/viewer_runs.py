"""A recorded run as it is shown: turn by turn, with what each turn heard and what was new in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crosearch.agents.transcript import Segment
from crosearch.graphs.state import LedgerMark, Turn
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, SearchRecord
from crosearch.training.trajectories import Trajectory

_SILENT = ("context", "nan", "timeout", "forced")
"""Statuses of turns that put nothing of the policy's into the transcript."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A stretch of time in a run, in percent of the run's."""

    stage: str
    start: float
    width: float
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A ledger entry as one turn left it."""

    entry: Evidence
    before: str
    marked: str
    """The sentence nearest to the question; `before` and `after` are what surrounds it."""
    after: str
    cited: bool
    cluster: int
    stance: str
    later: str
    """How cluster and stance ended, where a later turn told them otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnView:
    """A turn, with all that belongs to it."""

    number: int
    turn: Turn
    said: str | None
    """What the policy emitted; None where it said nothing."""
    feedback: tuple[str, ...]
    evidence: tuple[str, ...]
    """What the policy was shown, as text."""
    search: SearchRecord | None
    new: tuple[Piece, ...]
    again: tuple[int, ...]
    """Numbers of entries that were found anew, and known before."""
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A run, ready to be shown."""

    record: Trajectory
    status: str
    """`found`, `not` or `failed`."""
    opening: tuple[str, ...]
    """What the policy was told before its first turn."""
    turns: tuple[TurnView, ...]
    unplaced: tuple[Piece, ...]
    """Entries of the ledger that no turn's record names."""
    clusters: tuple[tuple[int, tuple[Evidence, ...]], ...]
    cited: tuple[Evidence, ...]
    stages: tuple[Bar, ...]
    """The seconds of all turns by stage, with what is left of the run's."""
    languages: tuple[Language, ...]
    """Those searched, in the order of their first search."""


def view_run(record: Trajectory) -> RunView:
    """Lay out a run for its page."""
    pieces = _Pieces(record)
    opening, heard = _split_transcript(record["transcript"], record["history"])
    turns: list[TurnView] = []
    start = 0.0
    for number, (turn, (said, after)) in enumerate(zip(record["history"], heard, strict=True), 1):
        turns.append(
            TurnView(
                number=number,
                turn=turn,
                said=said,
                feedback=_texts(after, "feedback"),
                evidence=_texts(after, "evidence"),
                search=_search(record["searches"], turn),
                new=pieces.enter(turn),
                again=pieces.found_again(turn),
                bars=_turn_bars(turn, start, record["seconds"]),
            )
        )
        start += _turn_seconds(turn)
    entries = {entry["number"]: entry for entry in record["evidence"]}
    return RunView(
        record=record,
        status=run_status(record),
        opening=opening,
        turns=tuple(turns),
        unplaced=pieces.rest(),
        clusters=tuple(_clusters(record["evidence"])),
        cited=tuple(entries[number] for number in record["citations"] if number in entries),
        stages=_stage_bars(record),
        languages=searched_languages(record),
    )


def run_status(record: Trajectory) -> str:
    """Say how a run came out: `failed` where the machine failed it in anything."""
    if record["failures"] or record["ending"] in (None, "failed"):
        return "failed"
    return "found" if record["found"] else "not"


def searched_languages(record: Trajectory) -> tuple[Language, ...]:
    """List the languages that a run searched, in the order of their first search."""
    return tuple(
        dict.fromkeys(code for search in record["searches"] for code in search["languages"])
    )


class _Pieces:
    """Deals a run's ledger out to the turns that entered it."""

    def __init__(self, record: Trajectory) -> None:
        self._entries = {entry["number"]: entry for entry in record["evidence"]}
        self._numbers = {
            (entry["language"], entry["passage_id"]): entry["number"]
            for entry in record["evidence"]
        }
        self._cited = set(record["citations"])
        self._seen: set[int] = set()
        self._before: set[int] = set()

    def enter(self, turn: Turn) -> tuple[Piece, ...]:
        self._before = set(self._seen)
        marks = [
            mark
            for mark in turn["ledger"]
            if mark["number"] in self._entries and mark["number"] not in self._seen
        ]
        self._seen.update(mark["number"] for mark in marks)
        return tuple(self._piece(self._entries[mark["number"]], mark) for mark in marks)

    def found_again(self, turn: Turn) -> tuple[int, ...]:
        numbers = (self._numbers.get((hit["language"], hit["passage_id"])) for hit in turn["hits"])
        return tuple(dict.fromkeys(number for number in numbers if number in self._before))

    def rest(self) -> tuple[Piece, ...]:
        return tuple(
            self._piece(entry, None)
            for number, entry in self._entries.items()
            if number not in self._seen
        )

    def _piece(self, entry: Evidence, mark: LedgerMark | None) -> Piece:
        start, end = _span(entry)
        cluster = mark["cluster"] if mark else entry["cluster"]
        stance = mark["stance"] if mark else entry["stance"]
        moved = (cluster, stance) != (entry["cluster"], entry["stance"])
        return Piece(
            entry=entry,
            before=entry["text"][:start],
            marked=entry["text"][start:end],
            after=entry["text"][end:],
            cited=entry["number"] in self._cited,
            cluster=cluster,
            stance=stance,
            later=f"{entry['stance']}, cluster {entry['cluster']}" if moved else "",
        )


def _span(entry: Evidence) -> tuple[int, int]:
    """Give the span within the text, whatever a record says."""
    size = len(entry["text"])
    start, end = ([*entry["span"], 0, 0])[:2]
    start = min(max(start, 0), size)
    return start, min(max(end, start), size)


def _split_transcript(
    transcript: Sequence[Segment], history: Sequence[Turn]
) -> tuple[tuple[str, ...], list[tuple[str | None, list[Segment]]]]:
    """Split a transcript into its opening and, for each turn, what was said and what came back."""
    rest = list(transcript)
    opening = tuple(segment["text"] for segment in _take_heard(rest))
    heard: list[tuple[str | None, list[Segment]]] = []
    for turn in history:
        said = None
        if turn["status"] not in _SILENT and rest:
            said = rest.pop(0)["text"]
        heard.append((said, list(_take_heard(rest))))
    return opening, heard


def _take_heard(rest: list[Segment]) -> list[Segment]:
    """Take the segments before the policy's next one off the front."""
    end = next((place for place, segment in enumerate(rest) if segment["kind"] == "policy"), None)
    taken = rest[:end]
    del rest[:end]
    return taken


def _texts(segments: Iterable[Segment], kind: str) -> tuple[str, ...]:
    return tuple(segment["text"] for segment in segments if segment["kind"] == kind)


def _search(searches: Sequence[SearchRecord], turn: Turn) -> SearchRecord | None:
    place = turn["search"]
    return searches[place] if place is not None and 0 <= place < len(searches) else None


def _turn_times(turn: Turn) -> Mapping[str, float]:
    return {
        "policy": turn["policy_seconds"],
        "search": turn["search_seconds"],
        "align": turn["align_seconds"],
    }


def _turn_seconds(turn: Turn) -> float:
    return sum(_turn_times(turn).values())


def _turn_bars(turn: Turn, start: float, total: float) -> tuple[Bar, ...]:
    return tuple(_bars(_turn_times(turn), start, total))


def _stage_bars(record: Trajectory) -> tuple[Bar, ...]:
    times: dict[str, float] = {"policy": 0.0, "search": 0.0, "align": 0.0}
    for turn in record["history"]:
        for stage, seconds in _turn_times(turn).items():
            times[stage] += seconds
    times["other"] = max(record["seconds"] - sum(times.values()), 0.0)
    return tuple(_bars(times, 0.0, record["seconds"]))


def _bars(times: Mapping[str, float], start: float, total: float) -> Iterator[Bar]:
    whole = max(total, start + sum(times.values()), 1e-9)
    for stage, seconds in times.items():
        if seconds > 0:
            yield Bar(
                stage=stage,
                start=round(100 * start / whole, 3),
                width=round(100 * seconds / whole, 3),
                seconds=seconds,
            )
        start += seconds


def _clusters(evidence: Iterable[Evidence]) -> Iterator[tuple[int, tuple[Evidence, ...]]]:
    """Give the clusters of several entries, most first: what agrees, or disagrees, with what."""
    clusters: dict[int, list[Evidence]] = {}
    for entry in sorted(evidence, key=lambda entry: entry["number"]):
        clusters.setdefault(entry["cluster"], []).append(entry)
    for number, entries in sorted(clusters.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(entries) > 1:
            yield number, tuple(entries)
