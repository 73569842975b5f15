"""The runs of a question side by side: what differs stands out."""

from viewer_samples import failed_run, lighthouse_run

from crosearch.tools.languages import Language
from crosearch.training.trajectories import Trajectory, Variation
from crosearch.training.viewer_groups import GroupView, Row, view_group


def varied() -> list[Trajectory]:
    """Make three runs of a question, of which the last is not like the others."""
    records = [lighthouse_run(sample) for sample in range(3)]
    records[2]["answer"] = "Nobody knows."
    records[2]["rewards"] = {"answer_f1": 0.25}
    records[2]["seconds"] = 8.0
    records[2]["settings"] = {**records[2]["settings"], "temperature": 0.7}
    return records


def row(view: GroupView, name: str) -> Row:
    return next(row for row in (*view.rows, *view.settings) if row.name == name)


def test_what_differs_is_told_and_who_is_odd() -> None:
    view = view_group(varied())
    answers = row(view, "answer")
    assert answers.differs
    assert [cell.odd for cell in answers.cells] == [False, False, True]
    assert {cell.language for cell in answers.cells} == {"en"}
    assert not row(view, "ending").differs


def test_where_every_run_has_its_own_none_is_odd() -> None:
    records = varied()
    for record in records:
        record["answer"] = f"Answer {record['sample']}."
    answers = row(view_group(records), "answer")
    assert answers.differs
    assert not any(cell.odd for cell in answers.cells)


def test_numbers_are_measured_against_the_largest() -> None:
    view = view_group(varied())
    assert [cell.share for cell in row(view, "seconds").cells] == [0.25, 0.25, 1.0]
    rewards = row(view, "reward exact_match")
    assert [cell.lines for cell in rewards.cells] == [("0",), ("0",), ()]
    assert rewards.differs


def test_only_settings_that_differ_are_shown() -> None:
    view = view_group(varied())
    assert [row.name for row in view.settings] == ["temperature"]
    assert [cell.lines for cell in view.settings[0].cells] == [("none",), ("none",), ("0.7",)]


def test_searches_citations_mistakes_and_failures_stand_line_by_line() -> None:
    view = view_group([lighthouse_run(), failed_run()])
    assert row(view, "searches").cells[0].lines == ("fr, de: phare de Cordouan",)
    assert row(view, "evidence cited").cells[0].lines == ("fr: Phare de Cordouan",)
    assert row(view, "failures").cells[1].lines == ("search de timeout", "policy error")
    assert row(view, "mistakes").cells[0].lines[0].startswith("no action")


def test_members_that_were_asked_in_other_languages_say_so() -> None:
    records = varied()
    assert "asked" not in [row.name for row in view_group(records).rows]
    records[1]["variation"] = Variation(
        asked_in=Language("de"), question="Wie hoch?", nudge="own", search_languages=[]
    )
    cells = row(view_group(records), "asked").cells
    assert [cell.lines for cell in cells] == [(), ("de: Wie hoch?",), ()]
