"""The list of runs: filters narrow it, counts tell what each would leave, pages follow on."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from viewer_samples import (
    AR,
    DE,
    EN,
    FR,
    action,
    arabic_run,
    failed_run,
    lighthouse_run,
    outcome,
    run,
    search_record,
    token_run,
    turn,
    write_log,
)

from crosearch.tools.languages import Language
from crosearch.training.trajectories import Trajectory
from crosearch.training.viewer_filters import Filters, read_filters
from crosearch.training.viewer_index import LogIndex
from crosearch.training.viewer_list import PAGE, ListPage, RunList

JA = Language("ja")


def many() -> list[Trajectory]:
    """Make enough runs for three pages, with rewards, seconds and turns that repeat."""
    return [
        run(
            f"Question number {number}?",
            (EN, DE)[number % 2],
            sample=number,
            turns=[turn(action())] * (number % 3),
            searches=[search_record("q", outcome((FR, AR)[number % 2], 1))],
            rewards={"answer_f1": number % 5 / 4} if number % 4 else {},
        )
        for number in range(2 * PAGE + 20)
    ]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, clean_environment: Path) -> Iterator[LogIndex]:
    folder = tmp_path_factory.mktemp("list")
    records = [
        lighthouse_run(),
        failed_run(),
        arabic_run(),
        token_run([[1], [2], [3, 4], [5]], ["a", "b", "c", "d"]),
        run('What "does" it* (NEAR) cost: 5 % or 6_7?', EN, answer="Ärger <b>kostet</b> ÄÖÜ."),
        run("東京はどこ?", JA, answer="関東です。"),
        *many(),
    ]
    with closing(LogIndex([write_log(folder / "log", records)])) as index:
        index.refresh()
        yield index


def listed(index: LogIndex, **filters: str | list[str]) -> ListPage:
    pairs = [
        (name, value)
        for name, values in filters.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return shown(index, read_filters(pairs))


def shown(index: LogIndex, filters: Filters) -> ListPage:
    return RunList(index).page(filters)


def counts(page: ListPage, facet: str) -> dict[str, int]:
    return {choice.value: choice.count for choice in dict(page.facets)[facet]}


def test_without_filters_all_are_counted(index: LogIndex) -> None:
    page = listed(index)
    assert page.matching == page.total == 126
    assert len(page.runs) == PAGE
    assert counts(page, "status") == {"found": 2, "failed": 1, "not": 123}
    assert counts(page, "language") == {"en": 64, "de": 60, "ar": 1, "ja": 1}
    assert counts(page, "searched") == {"fr": 62, "ar": 60, "de": 2, "en": 1}
    assert counts(page, "trainable") == {"yes": 1, "no": 125}
    assert counts(page, "ending") == {"answered": 124, "error": 1, "turns": 1}
    assert page.rewards == ("answer_f1", "exact_match")


def test_values_of_a_filter_are_alternatives_and_filters_narrow_each_other(index: LogIndex) -> None:
    page = listed(index, language=["en", "ar"], status="found")
    assert {run.language for run in page.runs} == {"en", "ar"}
    assert page.matching == 2
    # A filter's own counts tell what another of its values would add.
    assert counts(page, "language") == {"en": 1, "ar": 1, "de": 0, "ja": 0}
    assert counts(page, "status") == {"not": 62, "found": 2, "failed": 1}


def test_a_run_that_searched_several_languages_is_found_by_each(index: LogIndex) -> None:
    for language in ("fr", "de"):
        page = listed(index, searched=language, policy="scripted", status="found")
        assert [run.searched for run in page.runs] == [("de", "fr")]
    assert listed(index, searched="d").matching == 0


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("lighthouse cordouan", 1),
        ("CORDOUAN", 1),
        ("1611", 1),
        ("rdoua", 1),
        ("lighthouse neusiedl", 0),
        ("أسطوانة", 1),
        ("東京", 1),
        ("京", 1),
        ("関東 東京", 1),
        ("関東 lighthouse", 0),
        ('"does"', 1),
        ("it* (NEAR)", 1),
        ("5 %", 1),
        ("6_7", 1),
        ("ärger", 1),
        ("<b>", 1),
        ("' OR 1=1 --", 0),
        ('""" AND', 0),
    ],
)
def test_text_is_found_in_questions_and_answers_of_any_script(
    index: LogIndex, text: str, questions: int
) -> None:
    assert listed(index, q=text).matching == questions


def test_a_rewards_range_has_both_ends(index: LogIndex) -> None:
    page = listed(index, reward="answer_f1", least="0.5", most="0.75")
    rewards = {run.reward for run in page.runs}
    assert rewards == {0.5, 0.75}
    assert listed(index, least="0.75", most="0.5").matching == 0
    assert listed(index, reward="exact_match", most="0").matching == 1
    assert listed(index, reward="nobody's", least="1").filters.reward == "answer_f1"


def test_a_group_can_be_listed(index: LogIndex) -> None:
    page = listed(index, group=lighthouse_run()["group"])
    assert [run.question for run in page.runs] == [lighthouse_run()["question"]]


@pytest.mark.parametrize("sort", ["started", "language", "policy", "reward", "turns", "seconds"])
@pytest.mark.parametrize("order", ["up", "down"])
def test_pages_follow_on_without_a_gap_or_a_repeat(index: LogIndex, sort: str, order: str) -> None:
    page = listed(index, sort=sort, order=order)
    pages = [page]
    while page.next:
        page = shown(index, read_pages(page, after=True))
        pages.append(page)
    seen = [run.id for page in pages for run in page.runs]
    assert len(seen) == len(set(seen)) == 126
    places = [(run.place, run.id) for page in pages for run in page.runs]
    assert places == sorted(places, key=lambda place: place, reverse=order == "down")
    back = [page]
    while page.previous:
        page = shown(index, read_pages(page, after=False))
        back.append(page)
    assert [page.runs for page in reversed(back)] == [page.runs for page in pages]
    assert not page.previous


def read_pages(page: ListPage, *, after: bool) -> Filters:
    from urllib.parse import parse_qsl

    query = (
        page.filters.query(after=page.next) if after else page.filters.query(before=page.previous)
    )
    return read_filters(parse_qsl(query))


def test_filters_leave_nothing_quietly(index: LogIndex) -> None:
    page = listed(index, language="xx", ending="turns")
    assert page.runs == ()
    assert page.matching == 0
    assert counts(page, "language") == {"en": 1, "ar": 0, "de": 0, "ja": 0, "xx": 0}
