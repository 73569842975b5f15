"""A run is laid out turn by turn, with what each turn heard and what was new in it."""

import copy

import pytest
from viewer_samples import (
    DE,
    EN,
    FR,
    action,
    evidence,
    failed_run,
    lighthouse_run,
    outcome,
    run,
    search_record,
    turn,
)

from crosearch.agents.transcript import Segment
from crosearch.training.viewer_runs import run_status, view_run


def test_each_turn_has_what_was_said_and_what_came_back() -> None:
    view = view_run(lighthouse_run())
    assert view.opening == (
        "You answer a question.",
        "Question: When was the lighthouse of Cordouan completed?",
    )
    mistaken, searched, answered = view.turns
    assert (mistaken.said, mistaken.search) == ("hm", None)
    assert mistaken.feedback == ("Your last turn was not carried out.",)
    assert searched.said and "phare de Cordouan" in searched.said
    assert searched.evidence == ("Searched fr, de: 2 new.",)
    assert searched.search and searched.search["languages"] == [FR, DE]
    assert answered.said and answered.said.startswith("<think>[1] settles it.")
    assert view.languages == (FR, DE)


def test_a_turn_in_which_nothing_was_said_takes_no_segment() -> None:
    record = run(
        "Too long?",
        EN,
        turns=[turn(action()), turn(action())],
        transcript=[
            Segment(kind="prompt", text="Question"),
            Segment(kind="policy", text="first"),
            Segment(kind="feedback", text="wrong"),
        ],
        ending="context",
    )
    record["history"][1]["status"] = "context"
    first, second = view_run(record).turns
    assert (first.said, first.feedback) == ("first", ("wrong",))
    assert (second.said, second.feedback) == (None, ())


def test_evidence_stands_at_the_turn_that_found_it_with_its_sentence() -> None:
    view = view_run(lighthouse_run())
    first, second = view.turns[1].new
    assert first.before == "Le phare se dresse dans l'estuaire. "
    assert first.marked == "Il fut achevé en 1611."
    assert first.after == " Il a 301 marches."
    assert (first.cited, second.cited) == (True, False)
    assert [entry["number"] for entry in view.cited] == [1]
    assert [(number, len(entries)) for number, entries in view.clusters] == [(1, 2)]
    assert not view.unplaced


def test_what_is_found_again_or_judged_anew_is_told() -> None:
    first = evidence(1, FR, "Un.", cluster=1)
    later = evidence(2, DE, "Zwei.", cluster=2)
    final = evidence(1, FR, "Un.", cluster=2, stance="corroborates")
    search = search_record("q", outcome(FR, 1))
    record = run(
        "Again?",
        EN,
        turns=[
            turn(action("search", "q", languages=[FR]), search=0, ledger=[first]),
            turn(action("search", "q", languages=[FR]), search=1, ledger=[later, first]),
        ],
        searches=[search, search],
        ledger=[later, final],
    )
    one, two = view_run(record).turns
    assert [piece.later for piece in one.new] == ["corroborates, cluster 2"]
    assert one.again == ()
    assert two.again == (1,)
    assert [piece.entry["number"] for piece in two.new] == [2]


def test_evidence_that_no_turn_names_is_shown_all_the_same() -> None:
    record = lighthouse_run()
    for one in record["history"]:
        one["ledger"] = []
    assert [piece.entry["number"] for piece in view_run(record).unplaced] == [1, 2]


def test_time_is_told_by_stage_and_in_its_place() -> None:
    view = view_run(lighthouse_run())
    assert {bar.stage: bar.seconds for bar in view.stages} == {
        "policy": 1.5,
        "search": 0.25,
        "align": 0.125,
        "other": 0.125,
    }
    assert sum(bar.width for bar in view.stages) == pytest.approx(100)
    starts = [bar.start for one in view.turns for bar in one.bars]
    assert starts == [0, 25, 50, 62.5, 68.75]


def test_a_run_of_no_time_has_no_bars() -> None:
    record = run("Nothing?", EN)
    record["seconds"] = 0.0
    assert view_run(record).stages == ()


@pytest.mark.parametrize("span", [[], [3], [-5, 9999], [9, 2], [9999, 99999]])
def test_a_span_that_is_none_cuts_nothing_off(span: list[int]) -> None:
    record = copy.deepcopy(lighthouse_run())
    record["evidence"][0]["span"] = span
    piece = view_run(record).turns[1].new[0]
    assert piece.before + piece.marked + piece.after == record["evidence"][0]["text"]


def test_a_run_that_the_machine_failed_is_neither_found_nor_not() -> None:
    assert run_status(failed_run()) == "failed"
    assert run_status(run("No?", EN, ending="failed")) == "failed"
    assert run_status(run("No?", EN, ending="turns")) == "not"
    assert run_status(lighthouse_run()) == "found"
