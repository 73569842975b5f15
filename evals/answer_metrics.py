"""A finished run and its question, as named figures.

Each measure is defined in one place, which this only calls: our own in
`training.reward_functions`, those of SQuAD and MLQA in `tools.official_scores`, citations, chrF and
costs in the modules beside this one. All figures but the costs are from 0 to 1, higher being better
where `ANSWER_FIGURES` does not say otherwise, so that the mean over runs is a share.

A figure that does not apply to a run is absent, and must not be counted as 0: what is divided by is
the number of runs that have it. A run that the machine failed is no answer to anything: leave it
out before.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crosearch.evals.chrf import chrf
from crosearch.evals.citations import citation_figures
from crosearch.evals.dataset_types import EvalQuestion
from crosearch.evals.endings import given_answer, has_answered, has_declined
from crosearch.evals.search_figures import search_figures
from crosearch.tools.official_scores import (
    MLQA_LANGUAGES,
    mlqa_exact_match,
    mlqa_f1,
    squad_exact_match,
    squad_f1,
)
from crosearch.training.gold_answers import wanted_golds
from crosearch.training.reward_functions import (
    answer_f1,
    bergen_recall,
    exact,
    flexible,
    language_verdict,
    lcrl_recall,
)
from crosearch.training.trajectories import Trajectory

ANSWER_FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "exact_match": "exact match, our normalisation for every language",
        "f1": "token F1, our normalisation for every language",
        "squad_exact_match": "exact match as SQuAD 1.1's script counts it",
        "squad_f1": "token F1 as SQuAD 1.1's script counts it",
        "mlqa_exact_match": "exact match as MLQA's script counts it; its seven languages alone",
        "mlqa_f1": "token F1 as MLQA's script counts it; its seven languages alone",
        "flexible_match": "the answer holds a gold one of any language",
        "c3recall_bergen": "character 3-gram recall as BERGEN defines it",
        "c3recall_lcrl": "character 3-gram recall as LcRL defines it",
        "chrf": "chrF of the sentence, as sacrebleu counts it",
        "answer_language_right": "of the answers, those in the asker's language",
        "answer_language_wrong": "of the answers, those in another language (lower is better)",
        "answer_language_unknown": "of the answers, those of which it cannot be told",
        "answered": "an answer was given",
        "right_abstentions": "of the questions without an answer, those that were declined",
        "wrong_abstentions": "of all other questions, those that were declined (lower is better)",
        "cited_gold": "an answer was given that cites a gold document",
        "citation_recall": "of the answers, those that cite a gold document",
        "citation_precision": "of what an answer cites, the share of gold documents",
        "searches": "searches of a run",
        "languages_searched": "languages that a run searched, each once",
        "turns": "turns of a run",
        "seconds": "seconds of a run, as its own clock counted them",
        "read_tokens": "tokens that the model read, in all turns together",
        "generated_tokens": "tokens that the model wrote",
        "second_search_after_hit": "searched again, after the first search brought a gold answer",
        "second_search_after_miss": "searched again, after the first search brought none",
    }
)
"""Every figure there is, in the order of a report, and what it is."""


def answer_figures(record: Trajectory, question: EvalQuestion) -> dict[str, float]:
    """Score a run by all that is known of its question.

    What counts as right is the question's, whatever gold answers the run was recorded with. They
    are compared in the asker's language; where none is known in it, in any. A run that declined, or
    that ended without an answer, scores 0 in them. A question without an answer has no such
    figures: whether it was rightly declined tells how it went.

    Raises:
        ValueError: The run was asked in another language than the question.
    """
    if record["language"] != question.language:
        raise ValueError(
            f"run {record['key']} was to be answered in {record['language']!r}, and question "
            f"{question.id!r} is in {question.language!r}"
        )
    golds = {str(code): list(texts) for code, texts in question.answers.items()}
    judged: Trajectory = {**record, "answers": golds}
    figures: dict[str, float] = {}
    if question.answerable is not False and wanted_golds(judged):
        figures |= _of_answer(judged)
    figures |= _of_language(judged)
    figures |= _of_abstention(record, question)
    if question.gold:
        figures |= citation_figures(record, question.gold)
    return figures | search_figures(judged)


def _of_answer(record: Trajectory) -> dict[str, float]:
    return {
        "exact_match": exact(record),
        "f1": answer_f1(record),
        **_official(record),
        "flexible_match": flexible(record),
        "c3recall_bergen": bergen_recall(record),
        "c3recall_lcrl": lcrl_recall(record),
        "chrf": max(chrf(given_answer(record), golds) for _, golds in wanted_golds(record)),
    }


def _official(record: Trajectory) -> dict[str, float]:
    answer, golds = given_answer(record), wanted_golds(record)
    squad = [(squad_exact_match(answer, texts), squad_f1(answer, texts)) for _, texts in golds]
    mlqa = [
        (mlqa_exact_match(answer, texts, code), mlqa_f1(answer, texts, code))
        for code, texts in golds
        if code in MLQA_LANGUAGES
    ]
    return {
        # To the scripts, nothing at all is as good as an article; here it is no answer.
        f"{script}_{measure}": float(max(scores)) if answer else 0.0
        for script, found in (("squad", squad), ("mlqa", mlqa))
        for measure, scores in zip(("exact_match", "f1"), zip(*found, strict=True), strict=False)
    }


def _of_language(record: Trajectory) -> dict[str, float]:
    if not has_answered(record):
        return {}
    verdict = language_verdict(record)
    return {
        f"answer_language_{one}": float(verdict == one) for one in ("right", "wrong", "unknown")
    }


def _of_abstention(record: Trajectory, question: EvalQuestion) -> dict[str, float]:
    figures = {"answered": float(has_answered(record))}
    if question.answerable is False:
        figures["right_abstentions"] = float(has_declined(record))
    elif question.answerable or any(question.answers.values()) or question.gold:
        figures["wrong_abstentions"] = float(has_declined(record))
    return figures
