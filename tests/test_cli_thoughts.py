"""What is shown of a policy's text while it streams: its thought, and never its action."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.agents.actions import AnswerAction, SearchAction, render_answer, render_search
from crosearch.cli.thoughts import ThoughtStream
from crosearch.tools.languages import Language

FRENCH = Language("fr")


def shown(text: str, size: int = 1) -> str:
    stream = ThoughtStream()
    return "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 2, 7, 100])
@pytest.mark.parametrize(
    ("text", "thought"),
    [
        ('<think>Who built it?</think><search lang="fr">phare</search>', "Who built it?"),
        ("<think>It is\nclear.</think>\n<answer>1611 [1]</answer>", "It is\nclear."),
        ('I look in French.\n<search lang="fr">phare</search>', "I look in French."),
        ("A template opened it.</think><answer>1611 [1]</answer>", "A template opened it."),
        ("<think>one</think> two <answer>1611 [1]</answer>", "one\ntwo"),
        ("<think>a <search> inside</think><answer>x [1]</answer>", "a <search> inside"),
        ("<think>2 &lt; 3 &amp;amp; so</think><answer>x [1]</answer>", "2 < 3 &amp; so"),
        ("<think>5 < 6 & 7</think><answer>x [1]</answer>", "5 < 6 & 7"),
        ('<search lang="fr">phare</search>', ""),
        ("", ""),
    ],
)
def test_the_thought_is_shown_and_the_action_is_not(text: str, thought: str, size: int) -> None:
    assert shown(text, size) == thought


def test_a_thought_is_shown_before_it_ends() -> None:
    stream = ThoughtStream()
    assert stream.feed("<think>It stands") == "It stands"
    assert stream.feed(" in the") == " in the"
    assert stream.feed(" sea</th") == " sea"
    assert stream.feed("ink>") == ""


@given(st.text().map(str.strip), st.text(min_size=1), st.integers(1, 20))
def test_any_thought_comes_out_of_its_rendering_as_it_went_in(
    thought: str, text: str, size: int
) -> None:
    search = SearchAction(languages=(FRENCH,), query=text, thought=thought)
    answer = AnswerAction(text=text, citations=(1,), found=True, thought=thought)
    assert shown(render_search(search), size) == thought
    assert shown(render_answer(answer), size) == thought
