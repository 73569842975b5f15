"""A finished run becomes figures, each where it applies and nowhere else."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_runs import DE, EN, FR, recorded_run

from crosearch.evals.answer_metrics import ANSWER_FIGURES, answer_figures
from crosearch.evals.chrf import chrf, chrf_signature
from crosearch.evals.dataset_types import EvalQuestion
from crosearch.tools.languages import Language
from crosearch.tools.ledger import Evidence
from crosearch.training.trajectories import Trajectory

VIENNA = {EN: ["Vienna"], DE: ["Wien"], FR: ["Vienne"]}
GOLD = {"wien-de": 1, "wien-en": 1, "wien-fr": 2}


def asked(
    answers: Mapping[Language, Sequence[str]] | None = None,
    *,
    language: Language = EN,
    gold: Mapping[str, int] | None = None,
    answerable: bool | None = None,
) -> EvalQuestion:
    return EvalQuestion(
        id="q1",
        language=language,
        text="Which city?",
        fact="city",
        answers=VIENNA if answers is None else answers,
        gold=gold or {},
        answerable=answerable,
    )


def run(
    answer: str, *, language: Language = EN, cites: Sequence[str] = (), **changes: Any
) -> Trajectory:
    """Make a run that gave an answer and cites documents, of the two gold and two others."""
    record = recorded_run(answer=answer, language=language)
    documents = ("wien-de", "wien-en", "graz-de", "linz-en")
    evidence: list[Evidence] = [
        {**record["evidence"][0], "number": number, "document_id": document}
        for number, document in enumerate(documents, start=1)
    ]
    citations = [documents.index(document) + 1 for document in cites]
    changed: Any = {**record, "evidence": evidence, "citations": citations, **changes}
    whole: Trajectory = changed
    return whole


def test_a_right_answer_has_all_of_every_score() -> None:
    figures = answer_figures(run("Vienna"), asked())
    answer_scores = {
        "exact_match", "f1", "squad_exact_match", "squad_f1", "mlqa_exact_match", "mlqa_f1",
        "flexible_match", "c3recall_bergen", "c3recall_lcrl", "chrf",
    }  # fmt: skip
    assert {name: figures[name] for name in answer_scores} == dict.fromkeys(answer_scores, 1.0)
    assert figures["answer_language_right"] == figures["answered"] == 1.0


def test_our_scores_and_the_scripts_are_told_apart() -> None:
    german = asked({DE: ["Der Rhein"]}, language=DE)
    figures = answer_figures(run("Rhein", language=DE), german)
    # SQuAD's script knows no German article.
    assert (figures["exact_match"], figures["squad_exact_match"]) == (1.0, 0.0)
    assert figures["mlqa_exact_match"] == 1.0
    assert figures["squad_f1"] == pytest.approx(2 / 3)


def test_mlqa_has_no_figure_for_a_language_that_its_script_does_not_know() -> None:
    figures = answer_figures(run("Vienne", language=FR), asked(language=FR))
    assert figures["exact_match"] == figures["squad_exact_match"] == 1.0
    assert not {"mlqa_exact_match", "mlqa_f1"} & set(figures)


def test_what_counts_as_right_is_the_question_s() -> None:
    record = run("Graz", answers={"en": ["Graz"]})
    figures = answer_figures(record, asked())
    assert figures["exact_match"] == figures["flexible_match"] == 0.0
    assert record["answers"] == {"en": ["Graz"]}
    # Where the set knows answers in other languages alone, they are compared with.
    elsewhere = answer_figures(run("Vienne"), asked({FR: ["Vienne"]}))
    assert elsewhere["exact_match"] == elsewhere["squad_exact_match"] == 1.0
    assert "mlqa_f1" not in elsewhere


def test_an_answer_in_another_language_holds_a_gold_one_and_is_in_the_wrong_language() -> None:
    figures = answer_figures(run("in Wien"), asked())
    assert (figures["exact_match"], figures["flexible_match"]) == (0.0, 1.0)
    figures = answer_figures(run("Wien"), asked())
    assert figures["answer_language_wrong"] == 1.0
    unknown = answer_figures(run("1809"), asked())
    told = [unknown[f"answer_language_{verdict}"] for verdict in ("right", "wrong", "unknown")]
    assert told == [0.0, 0.0, 1.0]


def test_who_declines_scores_0_and_has_no_language() -> None:
    for record in (run("Vienna", found=False), run("Vienna", ending="turns")):
        figures = answer_figures(record, asked(gold=GOLD))
        assert figures["exact_match"] == figures["squad_f1"] == figures["chrf"] == 0.0
        assert figures["answered"] == figures["cited_gold"] == 0.0
        assert not any(name.startswith("answer_language") for name in figures)
        assert not {"citation_recall", "citation_precision"} & set(figures)


def test_to_say_nothing_is_no_article() -> None:
    figures = answer_figures(run("", found=False), asked({EN: ["the"]}))
    assert figures["squad_exact_match"] == figures["mlqa_exact_match"] == 0.0


@pytest.mark.parametrize(
    ("answerable", "found", "expected"),
    [
        (True, True, {"answered": 1.0, "wrong_abstentions": 0.0}),
        (True, False, {"answered": 0.0, "wrong_abstentions": 1.0}),
        (False, True, {"answered": 1.0, "right_abstentions": 0.0}),
        (False, False, {"answered": 0.0, "right_abstentions": 1.0}),
        # Where the set does not say, a gold answer does.
        (None, False, {"answered": 0.0, "wrong_abstentions": 1.0}),
    ],
)
def test_to_decline_is_right_where_there_is_no_answer(
    answerable: bool | None, found: bool, expected: dict[str, float]
) -> None:
    figures = answer_figures(run("x", found=found), asked(answerable=answerable))
    names = {"answered", "right_abstentions", "wrong_abstentions"}
    assert {name: figures[name] for name in names & set(figures)} == expected
    assert ("exact_match" in figures) == (answerable is not False)


def test_a_run_that_never_ended_did_not_decline() -> None:
    figures = answer_figures(run("x", ending=None, found=False), asked(answerable=False))
    assert figures["right_abstentions"] == 0.0


def test_nothing_is_known_of_a_question_without_gold() -> None:
    figures = answer_figures(run("x"), asked({}))
    assert not {"exact_match", "chrf", "wrong_abstentions", "cited_gold"} & set(figures)
    assert figures["answered"] == 1.0


@pytest.mark.parametrize(
    ("cites", "precision", "recall"),
    [
        (["wien-de"], 1.0, 1.0),
        # One document of the fact is enough; its translations need not be cited.
        (["wien-de", "wien-en"], 1.0, 1.0),
        (["wien-en", "graz-de", "linz-en"], 1 / 3, 1.0),
        (["graz-de"], 0.0, 0.0),
        ([], None, 0.0),
    ],
)
def test_citations_are_right_where_they_name_gold_documents(
    cites: list[str], precision: float | None, recall: float
) -> None:
    figures = answer_figures(run("Vienna", cites=cites), asked(gold=GOLD))
    assert figures.get("citation_precision") == precision
    assert figures["citation_recall"] == figures["cited_gold"] == recall


def test_what_a_run_took_is_counted() -> None:
    figures = answer_figures(run("Vienna"), asked())
    taken = ("searches", "languages_searched", "turns", "seconds", "read_tokens")
    assert [figures[name] for name in taken] == [1, 1, 2, 0.5, 40]
    assert figures["generated_tokens"] == 10
    assert figures["second_search_after_miss"] == 0.0
    untold = run("Vienna")
    untold["history"] = [{**turn, "prompt_tokens": None} for turn in untold["history"]]
    assert "read_tokens" not in answer_figures(untold, asked())


def test_a_run_of_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'de', and question 'q1' is in 'en'"):
        answer_figures(run("Wien", language=DE), asked())


def test_chrf_is_sacrebleus_and_says_how() -> None:
    # 3 letters: 2 of 3 alone, 1 of 2 pairs, none of 1 triple; recall is the same as precision.
    assert chrf("abc", ["abd"]) == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert chrf("abc", ["xyz", "abc"]) == 1.0
    assert chrf("", ["abc"]) == 0.0
    assert chrf_signature().startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")
    with pytest.raises(ValueError, match="no gold answer"):
        chrf("abc", [])


@given(
    st.text(max_size=15),
    st.booleans(),
    st.dictionaries(st.sampled_from([EN, DE, FR]), st.lists(st.text(min_size=1), max_size=2)),
    st.sampled_from([True, False, None]),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_every_figure_is_named_and_a_share_unless_it_counts(
    answer: str,
    found: bool,
    answers: dict[Language, list[str]],
    answerable: bool | None,
    has_gold: bool,
) -> None:
    question = asked(answers, gold=GOLD if has_gold else {}, answerable=answerable)
    figures = answer_figures(run(answer, found=found, cites=["wien-de"]), question)
    assert set(figures) <= set(ANSWER_FIGURES)
    counts = {
        "searches", "languages_searched", "turns", "seconds", "read_tokens", "generated_tokens"
    }  # fmt: skip
    assert all(0.0 <= value <= 1.0 for name, value in figures.items() if name not in counts)
    if figures.get("exact_match"):
        assert figures["f1"] == figures["flexible_match"] == 1.0
