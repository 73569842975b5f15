"""What is told of a run while it happens."""

from io import StringIO

from rich.console import Console

from crosearch.agents.transcript import Segment
from crosearch.cli.narration import EvidenceEvent, Narrator, PolicyEvent, SearchEvent
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence, LanguageSearch, SearchRecord
from crosearch.tools.passages import SearchStatus

FR, DE = Language("fr"), Language("de")
TEXT = "Le phare se dresse en mer. Il fut achevé en 1611."


def narrator() -> tuple[Narrator, StringIO]:
    told = StringIO()
    console = Console(file=told, width=80, markup=False, highlight=False, emoji=False)
    return Narrator(console), told


def policy(text: str) -> PolicyEvent:
    return PolicyEvent(event="policy", text=text)


def search(query: str = "phare") -> SearchEvent:
    return SearchEvent(event="search", languages=[FR, DE], query=query)


def outcome(language: Language, status: SearchStatus, detail: str = "") -> LanguageSearch:
    return LanguageSearch(
        language=language, status=status, found=0, seconds=0.1, promise=None, detail=detail
    )


def evidence(*entries: Evidence, german: SearchStatus = "ok", detail: str = "") -> EvidenceEvent:
    record = SearchRecord(
        languages=[FR, DE],
        query="phare",
        status="ok" if german == "ok" else "partial",
        seconds=0.1,
        outcomes=[outcome(FR, "ok"), outcome(DE, german, detail)],
    )
    return EvidenceEvent(event="evidence", search=record, new=list(entries))


def entry(number: int, title: str = "Phare de Cordouan", text: str = TEXT) -> Evidence:
    return Evidence(
        number=number,
        passage_id=f"cordouan#{number}",
        document_id="cordouan",
        title=title,
        language=FR,
        text=text,
        span=[27, len(text)],
        translation=None,
        translated_by=None,
        url="",
        score=0.5,
        cluster=1,
        stance="adds",
    )


def test_a_thought_is_told_as_it_comes_and_an_action_as_what_it_does() -> None:
    teller, told = narrator()
    teller.tell(policy("<think>French sources know"))
    assert told.getvalue() == "French sources "
    teller.tell(policy(' it.</think><search lang="fr,de">phare</search>'))
    teller.tell(search())
    teller.tell(evidence(entry(1)))
    assert told.getvalue() == (
        "French sources know it.\n"
        "searching fr, de: phare\n"
        "  [1] fr Phare de Cordouan: Il fut achevé en 1611.\n"
    )


def test_every_turn_has_a_thought_of_its_own() -> None:
    teller, told = narrator()
    for thought in ("one", "two"):
        teller.tell(policy(f"<think>{thought}</think><answer>x [1]</answer>"))
        teller.end_turn()
    assert told.getvalue() == "one\ntwo\n"


def test_the_best_of_what_is_new_is_shown_and_the_rest_counted() -> None:
    teller, told = narrator()
    teller.tell(evidence(*(entry(number) for number in range(1, 9))))
    lines = told.getvalue().splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["[1]", "[2]", "[3]"]
    assert lines[-1].strip() == "and 5 more"


def test_a_search_that_brought_nothing_says_so() -> None:
    teller, told = narrator()
    teller.tell(evidence())
    assert told.getvalue().strip() == "nothing new"


def test_a_language_that_failed_is_named_with_the_reason() -> None:
    teller, told = narrator()
    teller.tell(evidence(entry(1), german="timeout"))
    teller.tell(evidence(german="error", detail="the server hung up"))
    lines = [line.strip() for line in told.getvalue().splitlines()]
    assert lines[0] == "de: timed out"
    assert lines[2] == "de: the server hung up"


def test_an_action_that_was_sent_back_is_told_once_with_the_reason() -> None:
    teller, told = narrator()
    transcript = [
        Segment(kind="prompt", text="Answer."),
        Segment(kind="policy", text="I would rather not."),
        Segment(kind="feedback", text="no action in\nyour turn"),
    ]
    teller.hear(transcript)
    teller.hear(transcript)
    assert told.getvalue() == "no action in your turn\n"


def test_an_entry_takes_one_line_of_the_terminal() -> None:
    teller, told = narrator()
    teller.tell(evidence(entry(1, text=TEXT * 20)))
    (line,) = told.getvalue().splitlines()
    assert len(line) == 80 and line.endswith("…")


def test_documents_and_models_cannot_steer_the_terminal() -> None:
    teller, told = narrator()
    teller.tell(policy("<think>\x1b[2J[bold]x[/bold]</think>"))
    teller.tell(search("\x1b]0;owned\x07"))
    teller.tell(evidence(entry(1, title="\x1b[31m[red]\u202etxt"), german="error", detail="\x9b1m"))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(told.getvalue())
    assert "[bold]x[/bold]" in told.getvalue()
    assert "[red]txt" in told.getvalue()
