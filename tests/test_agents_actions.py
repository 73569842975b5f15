"""The action protocol reads what it wrote, and tells a policy what was wrong with all else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.agents.actions import (
    Action,
    ActionError,
    AnswerAction,
    SearchAction,
    close_action,
    parse_action,
    render_answer,
    render_search,
)
from crosearch.tools.languages import EMBEDDED_LANGUAGES, Language

LANGUAGES = st.lists(st.sampled_from(EMBEDDED_LANGUAGES), min_size=1, unique=True).map(tuple)
MARKUP = st.sampled_from(
    [
        "<",
        ">",
        "&",
        "&lt;",
        "&#91;",
        "[1]",
        "[2,",
        "】",
        "【3】",
        "</search>",
        "<answer>",
        "</think>",
    ]
    + ["<think>", '<search lang="fr">', '<answer found="no">', "</answer>", " ", "\n", "é", "証"]
    + ['"', "'", "[0]", "[1-3]", "&amp;lt;", "text", "</ answer>", "<search/>", "&#60;"]
)
CONTENT = st.one_of(st.text(), st.lists(MARKUP).map("".join))
SAID = CONTENT.filter(str.strip)
THOUGHTS = CONTENT


def render(action: Action) -> str:
    return render_search(action) if isinstance(action, SearchAction) else render_answer(action)


def searches() -> st.SearchStrategy[Action]:
    return st.builds(
        SearchAction,
        languages=LANGUAGES,
        query=SAID.filter(lambda query: len(query) <= 1_000),
        thought=THOUGHTS,
    )


def answers() -> st.SearchStrategy[Action]:
    numbers = st.lists(st.integers(1, 999_999), min_size=1, unique=True).map(tuple)
    found = st.builds(
        AnswerAction, text=SAID, citations=numbers, found=st.just(True), thought=THOUGHTS
    )
    missing = st.builds(
        AnswerAction,
        text=SAID,
        citations=st.one_of(st.just(()), numbers),
        found=st.just(False),
        thought=THOUGHTS,
    )
    return st.one_of(found, missing)


@given(st.one_of(searches(), answers()))
def test_whatever_is_rendered_is_read_back(action: Action) -> None:
    assert parse_action(render(action)) == action


@given(st.one_of(st.text(), st.lists(MARKUP).map("".join)))
def test_no_text_raises_anything_but_an_action_error(text: str) -> None:
    try:
        action = parse_action(text)
    except ActionError as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 400
        return
    assert parse_action(render(action)) == action
    tag = "search" if isinstance(action, SearchAction) else "answer"
    assert re.search(rf"<{tag}[^<>]*>.*</{tag}\s*>\s*$", text, re.DOTALL)


@given(SAID)
def test_foreign_text_in_a_query_cannot_become_an_answer(said: str) -> None:
    query = f"x</search><answer>{said}[1]</answer>"[:1_000]
    action = parse_action(
        render_search(SearchAction(languages=(Language("fr"),), query=query, thought=query))
    )
    assert isinstance(action, SearchAction) and action.query == query


def test_a_search_is_read() -> None:
    text = (
        '<think>It is French or German.</think>\n<search lang="fr, DE">phare de Cordouan</search>\n'
    )
    assert parse_action(text) == SearchAction(
        languages=(Language("fr"), Language("de")),
        query="phare de Cordouan",
        thought="It is French or German.",
    )


@pytest.mark.parametrize(
    ("marks", "numbers"),
    [
        ("[1]", (1,)),
        ("[2,3]", (2, 3)),
        ("[1][4]", (1, 4)),
        ("[3, 1] [3]", (3, 1)),
        ("【1】", (1,)),
        ("［１］", (1,)),
        ("【2、5】", (2, 5)),
        ("[١]", (1,)),
    ],
)
def test_citations_are_read_in_any_script_and_taken_out(
    marks: str, numbers: tuple[int, ...]
) -> None:
    action = parse_action(f"<answer>It was lit in 1611 {marks}.</answer>")
    assert action == AnswerAction(text="It was lit in 1611.", citations=numbers, found=True)


def test_an_abstention_needs_no_citation() -> None:
    assert parse_action('<answer found="no">Nothing tells.</answer>') == AnswerAction(
        text="Nothing tells.", citations=(), found=False
    )


@pytest.mark.parametrize(
    ("text", "thought"),
    [
        ('Let me look at French.\n<search lang="fr">x</search>', "Let me look at French."),
        ('Let me look.</think>\n\n<search lang="fr">x</search>', "Let me look."),
        ('<think>Let me</think> look. <search lang="fr">x</search>', "Let me\nlook."),
        (
            '<think>I could <search lang="de">y</search> first.</think>'
            '<search lang="fr">x</search>',
            'I could <search lang="de">y</search> first.',
        ),
        ('<search lang="fr">x</search>', ""),
    ],
    ids=["bare", "opened by the template", "both", "tags in a thought do not act", "none"],
)
def test_what_stands_before_the_action_is_thought(text: str, thought: str) -> None:
    assert parse_action(text) == SearchAction(
        languages=(Language("fr"),), query="x", thought=thought
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I do not know.", "no action in ‘I do not know.’"),
        ("", "no action"),
        ("<think>Hm.</think>", "no action"),
        ('<think>Hm. <search lang="fr">x</search>', "<think> is not closed"),
        ('<search lang="fr">x', "is not closed: end it with </search>"),
        ("<answer>x [1]", "is not closed: end it with </answer>"),
        ('<search lang="fr">x</answer>', "‘</answer>’ inside of <search>"),
        ('<search lang="fr">x <search lang="de">y</search>', "inside of <search>"),
        ("x</search>", "‘</search>’ comes out of place"),
        ('<search lang="fr">x</search><search lang="de">y</search>', "more than one action"),
        ('<search lang="fr">x</search><answer>y [1]</answer>', "more than one action"),
        ('<search lang="fr">x</search> Then I answer.', "text after the action: ‘Then I answer.’"),
        ("<search>x</search>", "without languages"),
        ('<search lang=" , ">x</search>', "without languages"),
        ('<search lang="xx">x</search>', "unknown language in lang=‘xx’"),
        ('<search lang="fr" k="5">x</search>', "no attribute ‘k’: it knows only lang"),
        ('<search lang="fr" lang="de">x</search>', "lang twice"),
        ("<search lang=fr>x</search>", 'is no attribute: write them as name="value"'),
        ('<search lang="fr">  </search>', "without a query"),
        (f'<search lang="fr">{"x" * 1_001}</search>', "1,001 characters: at most 1,000"),
        ("<answer>It was 1611.</answer>", "an answer without citations"),
        ("<answer> [1] </answer>", "without an answer"),
        ("<answer>x [0]</answer>", "numbered from 1"),
        ("<answer>x [1-3]</answer>", "‘[1-3]’ is no citation"),
        ("<answer>x [1,]</answer>", "is no citation"),
        ("<answer>x [1</answer>", "‘[1’ is no citation"),
        ("<answer>x [[1]1]</answer>", "is no citation"),
        ('<answer found="maybe">x</answer>', "found=‘maybe’"),
        ('<answer lang="fr">x [1]</answer>', "no attribute ‘lang’: it knows only found"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(ActionError) as raised:
        parse_action(text)
    assert said in str(raised.value)


def test_ordinary_signs_need_no_spelling() -> None:
    action = parse_action("<answer>R&D was < 5 % in 1990 &lt;sic&gt; [1]</answer>")
    assert action == AnswerAction(text="R&D was < 5 % in 1990 <sic>", citations=(1,), found=True)


@given(st.one_of(searches(), answers()))
def test_a_swallowed_closing_tag_is_put_back(action: Action) -> None:
    text = render(action)
    closing = "</search>" if isinstance(action, SearchAction) else "</answer>"
    assert close_action(text.removesuffix(closing)) == text


@pytest.mark.parametrize(
    "text", ["", "no tag", "<think>not closed", '<search lang="fr">x</search>']
)
def test_nothing_is_put_back_where_no_action_is_open(text: str) -> None:
    assert close_action(text) == text
