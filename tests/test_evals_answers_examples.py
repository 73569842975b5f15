"""Examples are chosen by rule: what tells most, a little of everything, in any order of rows."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from crosearch.evals.answer_rows import INDEXED, AnswerRow, Indexed
from crosearch.evals.answers_examples import Examples, choose_examples

ENTRIES = ("crosearch", "english", "everywhere")
LANGUAGES = ("ar", "de", "en", "hi", "zh")


def scored(
    entry: str,
    fact: str,
    language: str,
    right: float | None,
    *,
    indexed: Indexed | None = None,
    failed: bool = False,
) -> AnswerRow:
    """Make the row of a run; None: the figure does not apply to it."""
    return AnswerRow(
        entry=entry,
        key=f"{entry}.{fact}.{language}",
        question_id=fact,
        question=f"{fact}? ({language})",
        fact=fact,
        language=language,
        sample=0,
        indexed=indexed,
        failed=failed,
        ending="answered",
        answer="",
        meaning="",
        figures={} if right is None else {"exact_match": right},
    )


def asked(
    fact: str, language: str, rights: Sequence[float | None], indexed: Indexed | None = None
) -> list[AnswerRow]:
    """Make the rows of a question, one for each of `ENTRIES`."""
    return [
        scored(entry, fact, language, right, indexed=indexed)
        for entry, right in zip(ENTRIES, rights, strict=True)
    ]


def chosen(rows: Sequence[AnswerRow], each: int = 4) -> Examples:
    golds = {("de", "height"): ("12 Meter",)}
    return choose_examples(rows, ENTRIES[0], ENTRIES[1:], "exact_match", golds=golds, each=each)


def test_a_win_is_a_question_that_a_rival_had_not_and_a_loss_one_that_only_rivals_had() -> None:
    examples = chosen(
        [
            *asked("height", "de", (1, 0, 1)),
            *asked("depth", "en", (0, 0, 1)),
            *asked("age", "en", (1, 1, 1)),
            *asked("name", "en", (0, 0, 0)),
        ]
    )
    (win,), (loss,) = examples.wins, examples.losses
    assert (win.question, win.language, win.golds) == ("height? (de)", "de", ("12 Meter",))
    assert (win.row.entry, win.rival.entry) == ("crosearch", "english")
    assert (loss.row.key, loss.rival.key) == ("crosearch.depth.en", "everywhere.depth.en")
    assert loss.golds == ()
    assert (win.differing, win.rivals) == (1, 2)


def test_a_figure_between_none_and_all_is_had_from_a_half_on() -> None:
    examples = chosen([*asked("f1", "de", (0.5, 0.49, 0.7)), *asked("low", "de", (0.4, 0.2, 0.3))])
    assert [example.rival.entry for example in examples.wins] == ["english"]
    assert not examples.losses


def test_runs_that_failed_or_that_the_figure_does_not_apply_to_tell_nothing() -> None:
    rows = [
        scored("crosearch", "height", "de", 1),
        scored("english", "height", "de", 0, failed=True),
        scored("everywhere", "height", "de", None),
        *asked("depth", "de", (None, 1, 0)),
    ]
    assert chosen(rows) == Examples(wins=(), losses=())


def test_what_most_rivals_did_otherwise_comes_first() -> None:
    rows = [
        *asked("one", "de", (1, 0, 1)),
        *asked("both", "de", (1, 0, 0)),
        *asked("other", "de", (1, 1, 0)),
    ]
    assert chosen(rows, each=1).wins[0].row.fact == "both"


def test_the_rival_shown_is_the_best_over_all_questions_of_those_that_did_otherwise() -> None:
    rows = [*asked("height", "de", (1, 0, 0)), *asked("age", "de", (1, 0, 1))]
    assert {example.rival.entry for example in chosen(rows[:3]).wins} == {"english"}
    wins = {example.row.fact: example.rival.entry for example in chosen(rows).wins}
    assert wins == {"height": "everywhere", "age": "english"}


def test_other_facts_come_before_other_languages_and_these_before_other_indexes() -> None:
    rows = [
        row
        for fact in ("height", "depth")
        for language in ("de", "en", "zh")
        for indexed in INDEXED
        for row in asked(fact, language, (1, 0, 0), indexed)
    ]
    examples = chosen(rows).wins
    assert [example.row.fact for example in examples[:2]] != [examples[0].row.fact] * 2
    assert len({example.language for example in examples[:3]}) == 3
    assert sorted(str(example.indexed) for example in examples) == ["others"] * 2 + ["own"] * 2


@st.composite
def tables(draw: st.DrawFn) -> list[AnswerRow]:
    """Draw the rows of some questions, with gaps."""
    keys = st.tuples(
        st.sampled_from(["a", "b", "c"]), st.sampled_from(LANGUAGES), st.sampled_from(INDEXED)
    )
    rights = st.tuples(*[st.sampled_from([0.0, 1.0, None]) for _ in ENTRIES])
    table = draw(st.dictionaries(keys, rights, max_size=20))
    return [
        row
        for (fact, language, indexed), figures in table.items()
        for row in asked(fact, language, figures, indexed)
    ]


@given(tables(), st.randoms(use_true_random=False), st.integers(min_value=0, max_value=6))
def test_the_same_rows_in_any_order_show_the_same(
    rows: list[AnswerRow], random: Random, each: int
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert chosen(shuffled, each) == chosen(rows, each)


@given(tables())
def test_every_example_is_one_and_there_are_as_many_as_can_be(rows: list[AnswerRow]) -> None:
    examples = chosen(rows)
    for example in examples.wins:
        assert (example.row.figures["exact_match"], example.rival.figures["exact_match"]) == (1, 0)
    for example in examples.losses:
        assert (example.row.figures["exact_match"], example.rival.figures["exact_match"]) == (0, 1)
    for example in (*examples.wins, *examples.losses):
        assert example.rival.question == example.row.question == example.question
        assert 1 <= example.differing <= example.rivals <= 2
    by_question: dict[tuple[str, str | None], dict[str, float]] = {}
    for row in rows:
        if row.figures:
            figures = by_question.setdefault((row.question, row.indexed), {})
            figures[row.entry] = row.figures["exact_match"]
    won = sum(f.get("crosearch") == 1 and 0 in f.values() for f in by_question.values())
    assert len(examples.wins) == min(4, won)
