"""The demonstrating policy copies what a passage tells, and after a miss mostly gives up."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from observations import evidence, search_record

from crosearch.agents.actions import AnswerAction, SearchAction, parse_action
from crosearch.agents.policy import Observation
from crosearch.agents.transcript import Segment
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.training.tiny_demonstrator import (
    DemonstratingPolicy,
    Finding,
    Habits,
    Known,
    find_answer,
    find_name,
)

DE, EN, FR, JA = map(Language, "de en fr ja".split())
QUESTION = "Quelle est la capitale du Mali ?"
KNOWN = Known(
    documents=frozenset({"fr-1", "de-2"}),
    names=("Bamako", "Bamako Ville"),
    asked_in=FR,
    subject=" Mali",
)
TELLING = evidence(1, "fr", "La capitale du Mali est Bamako.")
FOREIGN = evidence(
    2, "de", "Die Hauptstadt von Mali ist Bamako.", translation="La capitale de Mali est Bamako."
)
OTHER = evidence(3, "fr", "La capitale du Tchad est Bamako.")


def observe(
    held: Sequence[Evidence] = (),
    *,
    searched: Sequence[str] = (),
    languages: Sequence[Language] = (FR, DE, EN, JA),
    seed: int = 0,
    searches_left: int = 2,
    last: Segment | None = None,
) -> Observation:
    return Observation(
        question=QUESTION,
        language=FR,
        languages=dict.fromkeys(languages, 9),
        transcript=(last or Segment(kind="prompt", text=QUESTION),),
        evidence=tuple(held),
        searches=tuple(map(search_record, searched)),
        turns_left=4,
        searches_left=searches_left,
        seed=seed,
    )


async def act(
    observation: Observation, *, share: float = 0.0, known: Known = KNOWN
) -> SearchAction | AnswerAction:
    habits = Habits(second_share=share, later_share=share, slip_share=0.0, again_share=0.0)
    policy = DemonstratingPolicy({(QUESTION, FR): known}, habits)
    emission = await policy.act(observation, lambda text: None)
    return parse_action(emission.text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Bamako Ville.", "Bamako Ville"),
        ("La ville de Bamako.", " Bamako"),
        ("l'ancienne BAMAKO", " BAMAKO"),
        ("rien", ""),
    ],
)
def test_a_name_is_copied_as_it_stands_with_the_space_before_it(text: str, name: str) -> None:
    assert find_name(text, KNOWN.names) == name


def test_the_answer_is_taken_from_what_tells_it_in_the_askers_language() -> None:
    assert find_answer(KNOWN, [OTHER, FOREIGN, TELLING], FR) == Finding(number=2, name=" Bamako")
    assert find_answer(KNOWN, [OTHER], FR) is None
    first = evidence(2, "de", "Bamako ist Malis Hauptstadt.", translation="Bamako est du Mali.")
    own = evidence(1, "fr", "Bamako est la capitale du Mali.")
    assert find_answer(KNOWN, [first], FR) == Finding(number=2, name=" Bamako")
    assert find_answer(KNOWN, [own], FR) == Finding(number=1, name="Bamako")
    untranslated = evidence(2, "de", "Die Hauptstadt von Mali ist Bamako.")
    assert find_answer(KNOWN, [untranslated], FR) is None


def test_a_passage_that_does_not_name_the_subject_as_the_question_does_tells_nothing() -> None:
    unseen = evidence(2, "de", "バマコ", translation="La capitale est Bamako.")
    assert find_answer(KNOWN, [unseen], FR) is None


async def test_the_subject_is_named_before_it_is_said_whether_it_was_found() -> None:
    policy = DemonstratingPolicy({(QUESTION, FR): KNOWN}, Habits(second_share=0, slip_share=0))
    hit = await policy.act(observe([OTHER, TELLING], searched=["fr"]), lambda text: None)
    assert hit.text == "<think> Mali [1]</think><answer> Bamako [1]</answer>"
    miss = await policy.act(observe([OTHER], searched=["fr"]), lambda text: None)
    assert miss.text == '<think> Mali missing</think><answer found="no">—</answer>'


async def test_it_searches_first_in_the_language_it_is_asked_in() -> None:
    action = await act(observe())
    assert isinstance(action, SearchAction)
    assert (action.languages, action.query) == ((FR,), QUESTION)
    asked_in_german = await act(observe(), known=replace(KNOWN, asked_in=DE))
    assert isinstance(asked_in_german, SearchAction) and asked_in_german.languages == (DE,)
    elsewhere = await act(observe(languages=(EN,)))
    assert isinstance(elsewhere, SearchAction) and elsewhere.languages == (EN,)


async def test_a_hit_is_answered_and_cited() -> None:
    action = await act(observe([OTHER, TELLING], searched=["fr"]))
    assert isinstance(action, AnswerAction)
    assert (action.text, action.citations, action.found) == ("Bamako", (1,), True)


async def test_a_miss_is_given_up_or_searched_on_as_often_as_it_is_told() -> None:
    misses = [observe([OTHER], searched=["fr"], seed=seed) for seed in range(300)]
    actions = [await act(miss, share=0.35) for miss in misses]
    searches = [action for action in actions if isinstance(action, SearchAction)]
    assert 0.25 < len(searches) / len(actions) < 0.45
    assert {action.languages for action in searches} == {(DE,), (EN,), (JA,)}
    given_up = [action for action in actions if isinstance(action, AnswerAction)]
    assert not any(action.found for action in given_up)


async def test_where_nothing_is_left_to_search_it_gives_up() -> None:
    spent = await act(observe([OTHER], searched=["fr"], searches_left=0), share=1.0)
    everywhere = await act(observe([OTHER], searched=["fr"], languages=(FR,)), share=1.0)
    assert isinstance(spent, AnswerAction) and isinstance(everywhere, AnswerAction)


async def test_the_seed_decides() -> None:
    miss = observe([OTHER], searched=["fr"], seed=7)
    assert await act(miss, share=0.5) == await act(miss, share=0.5)


async def test_after_a_later_miss_it_goes_on_as_often_as_is_told_for_those() -> None:
    habits = Habits(second_share=0.0, later_share=1.0, slip_share=0.0)
    policy = DemonstratingPolicy({(QUESTION, FR): KNOWN}, habits)
    first = await policy.act(observe([OTHER], searched=["fr"]), lambda text: None)
    later = await policy.act(observe([OTHER], searched=["fr", "de"]), lambda text: None)
    assert "<answer" in first.text and "<search" in later.text


async def test_slips_are_made_while_there_are_turns_to_make_up_for_them() -> None:
    policy = DemonstratingPolicy({(QUESTION, FR): KNOWN}, Habits(slip_share=1.0))
    slips = {
        (await policy.act(observe([TELLING], searched=["fr"], seed=n), lambda text: None)).text
        for n in range(60)
    }
    assert not any("<answer> Bamako" in slip for slip in slips)
    assert any('<search lang="fr">' in slip for slip in slips)
    assert any('<search lang="ar">' in slip for slip in slips)
    last = replace(observe([TELLING], searched=["fr"]), turns_left=1)
    assert "<answer> Bamako" in (await policy.act(last, lambda text: None)).text


async def test_after_a_slip_it_does_what_is_right() -> None:
    feedback = Segment(kind="feedback", text="<think> is not closed")
    slip = Segment(kind="policy", text="<think> Mali</search>")
    observation = replace(observe([TELLING], searched=["fr"]), transcript=(slip, feedback))
    action = await act(observation)
    assert isinstance(action, AnswerAction) and action.text == "Bamako"


async def test_what_brought_nothing_may_be_done_again_before_what_is_right() -> None:
    slip = Segment(kind="policy", text='<search lang="fr"> Qui ?</search>')
    heard = Segment(kind="evidence", text="Searched fr: 0 new.")
    policy = DemonstratingPolicy({(QUESTION, FR): KNOWN}, Habits(slip_share=1.0, again_share=0.4))
    vain = replace(observe([TELLING], searched=["fr", "fr"]), transcript=(slip, heard))
    turns = [
        (await policy.act(replace(vain, seed=seed), lambda text: None)).text for seed in range(200)
    ]
    assert 0.3 < turns.count(slip["text"]) / len(turns) < 0.5
    assert all("<answer> Bamako" in turn for turn in turns if turn != slip["text"])


async def test_who_is_led_goes_on_after_the_first_miss_alone() -> None:
    led = replace(KNOWN, led=True)
    first = [observe([OTHER], searched=["fr"], seed=seed) for seed in range(20)]
    later = [observe([OTHER], searched=["fr", "de"], seed=seed) for seed in range(20)]
    for miss in first:
        assert isinstance(await act(miss, known=led), SearchAction)
    for miss in later:
        assert isinstance(await act(miss, known=led), AnswerAction)


async def test_who_is_led_searches_mostly_where_the_answer_is_not_told() -> None:
    known = replace(KNOWN, led=True, documents=frozenset({"Q912.P36.de"}))
    misses = [observe([OTHER], searched=["fr"], seed=seed) for seed in range(200)]
    actions = [await act(miss, known=known) for miss in misses]
    searched = [action.languages for action in actions if isinstance(action, SearchAction)]
    assert 0.05 < searched.count((DE,)) / len(actions) < 0.2


async def test_what_was_sent_back_is_said_again() -> None:
    feedback = Segment(kind="feedback", text="the answer is in German")
    spoken = Segment(kind="policy", text="<answer> Bamako [1]</answer>")
    observation = replace(observe([TELLING], searched=["fr"]), transcript=(spoken, feedback))
    action = await act(observation)
    assert isinstance(action, AnswerAction) and action.text == "Bamako"
