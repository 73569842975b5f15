"""`crosearch eval`: what answers, policies and retrieval are worth on held-out questions."""

from collections.abc import Callable

import typer

from crosearch.cli import (
    eval_answers,
    eval_compare,
    eval_datasets,
    eval_policy,
    eval_ragas,
    eval_retrieval,
    eval_score,
)

evaluation = typer.Typer(no_args_is_help=True, help="Measure answers, policies and retrieval.")

COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (eval_answers.answers, eval_answers.EXAMPLES),
    (eval_score.score, eval_score.EXAMPLES),
    (eval_compare.compare, eval_compare.EXAMPLES),
    (eval_policy.policy, eval_policy.EXAMPLES),
    (eval_datasets.datasets, eval_datasets.EXAMPLES),
    (eval_ragas.ragas, eval_ragas.EXAMPLES),
    (eval_retrieval.retrieval, eval_retrieval.EXAMPLES),
)
"""Each with its examples; `cli.commands` puts them under `eval`."""
