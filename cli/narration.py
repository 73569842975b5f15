"""Tells a run as it happens: thoughts, searches, and what they brought."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from crosearch.cli.output import failure_text, one_line, visible
from crosearch.cli.thoughts import ThoughtStream
from crosearch.cli.wrapping import WordWrapper

if TYPE_CHECKING:
    from rich.console import Console

    from crosearch.agents.transcript import Segment
    from crosearch.tools.languages import Language
    from crosearch.tools.ledger import Evidence, SearchRecord

_SHOWN = 3
_LINE = 160


class PolicyEvent(TypedDict):
    """A piece of the policy's text."""

    event: Literal["policy"]
    text: str


class SearchEvent(TypedDict):
    """A search begins."""

    event: Literal["search"]
    languages: "list[Language]"
    query: str


class EvidenceEvent(TypedDict):
    """A search has ended, and brought these new entries."""

    event: Literal["evidence"]
    search: "SearchRecord"
    new: "list[Evidence]"


class Narrator:
    """Prints the events of one run, each as it comes."""

    def __init__(self, console: "Console") -> None:
        """Begin a run."""
        self._console = console
        self._thought = ThoughtStream()
        self._wrapper = WordWrapper(console.width)
        self._mid_line = False
        self._heard = 0

    def tell(self, event: PolicyEvent | SearchEvent | EvidenceEvent) -> None:
        """Print one event."""
        if event["event"] == "policy":
            self._think(self._thought.feed(event["text"]))
        elif event["event"] == "search":
            self.end_turn()
            self._announce(event["languages"], event["query"])
        else:
            self._bring(event["search"], event["new"])

    def hear(self, transcript: "Sequence[Segment]") -> None:
        """Print what the policy was told since the last time about actions that were no good."""
        for segment in transcript[self._heard :]:
            if segment["kind"] == "feedback":
                self.end_turn()
                self._console.print(one_line(segment["text"]), style="yellow")
        self._heard = len(transcript)

    def end_turn(self) -> None:
        """End the line and the thought that stand open."""
        self._print_thought(self._wrapper.end())
        if self._mid_line:
            self._console.print()
        self._mid_line = False
        self._thought = ThoughtStream()

    def _think(self, text: str) -> None:
        self._print_thought(self._wrapper.feed(visible(text)))

    def _print_thought(self, text: str) -> None:
        if text:
            self._print(text, "dim italic", end="")
            self._mid_line = True

    def _announce(self, languages: "Sequence[Language]", query: str) -> None:
        from rich.text import Text

        line = Text(f"searching {', '.join(languages)}: ", style="bold cyan")
        line.append(one_line(query), "not bold cyan")
        self._console.print(line)

    def _bring(self, record: "SearchRecord", new: "Sequence[Evidence]") -> None:
        for outcome in record["outcomes"]:
            if outcome["status"] != "ok":
                line = failure_text(outcome["language"], outcome["status"], outcome["detail"])
                self._print(f"  {line}", "yellow")
        for entry in new[:_SHOWN]:
            self._print_entry(entry)
        rest = len(new) - _SHOWN
        if rest > 0:
            self._print(f"  and {rest} more", "dim")
        if not new:
            self._print("  nothing new", "dim")

    def _print_entry(self, entry: "Evidence") -> None:
        from rich.text import Text

        start, end = entry["span"]
        title = one_line(entry["title"])
        line = Text.assemble(
            (f"  [{entry['number']}] ", "green"),
            (f"{entry['language']} ", "cyan"),
            (f"{title}: " if title else "", "bold"),
            one_line(entry["text"][start:end]),
        )
        line.truncate(min(_LINE, self._console.width), overflow="ellipsis")
        self._console.print(line, soft_wrap=True)

    def _print(self, text: str, style: str, end: str = "\n") -> None:
        self._console.print(text, style=style, end=end, soft_wrap=True)


def as_event(value: object) -> PolicyEvent | SearchEvent | EvidenceEvent:
    """Take what the graph streamed for one of its events."""
    return cast("PolicyEvent | SearchEvent | EvidenceEvent", value)


def transcript_of(state: Mapping[str, object]) -> "Sequence[Segment]":
    """Return the transcript of a state that may not have one yet."""
    return cast("Sequence[Segment]", state.get("transcript", ()))
