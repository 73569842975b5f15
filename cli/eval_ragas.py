"""`crosearch eval ragas`: collected runs, scored by ragas and an LLM judge."""

from pathlib import Path
from typing import Annotated

import typer

from crosearch.cli.options import AsJson, examples

EXAMPLES = examples(
    "crosearch eval ragas ./runs",
    "crosearch eval ragas ./runs --judge openai:gpt-4.1-mini --limit 100 --max-cost 0.50",
    "crosearch eval ragas ./runs --metrics faithfulness,chrf --judge openai:my-judge --yes "
    "--out scored --json",
    "crosearch eval ragas ./runs --dataset xquad --data ./xquad --metrics "
    "non_llm_context_precision,non_llm_context_recall",
)

_JUDGE = "The judge"
_GOLD = "Gold documents"


def ragas(
    log: Annotated[str, typer.Argument(metavar="LOG", help="The folder of a trajectory log.")],
    metrics: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="By a judge: faithfulness, answer_relevancy, context_precision, context_recall. "
            "By no model: exact_match, string_presence, string_similarity, bleu, rouge, chrf, "
            "non_llm_context_precision, non_llm_context_recall (else all that can be had).",
            show_default=False,
        ),
    ] = "",
    judge: Annotated[
        str,
        typer.Option(
            metavar="openai:MODEL",
            help="The model that judges, at the endpoint of OPENAI_BASE_URL (else CROSEARCH_JUDGE, "
            "else none).",
            rich_help_panel=_JUDGE,
            show_default=False,
        ),
    ] = "",
    max_cost: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="DOLLARS",
            help="Ask no more once another request could cost more than this in all; takes "
            "CROSEARCH_PRICE_PROMPT and CROSEARCH_PRICE_COMPLETION.",
            rich_help_panel=_JUDGE,
            show_default=False,
        ),
    ] = None,
    max_judge_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="The same in tokens, prompts and replies together.",
            rich_help_panel=_JUDGE,
            show_default=False,
        ),
    ] = None,
    concurrency: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Values under way at once.", rich_help_panel=_JUDGE),
    ] = 8,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Do not ask whether to spend it.", rich_help_panel=_JUDGE),
    ] = False,
    embedder: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What answer_relevancy compares questions by: default, or a sentence-transformers "
            "model by name or path (else CROSEARCH_EMBEDDER).",
            rich_help_panel=_JUDGE,
            show_default=False,
        ),
    ] = "",
    dataset: Annotated[
        str,
        typer.Option(
            metavar="DATASET",
            help="The data set that was asked from, one of crosearch eval datasets: its gold "
            "documents are the reference contexts.",
            rich_help_panel=_GOLD,
            show_default=False,
        ),
    ] = "",
    data: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="Its file or folder as published.",
            rich_help_panel=_GOLD,
            show_default=False,
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Measure only the first N runs.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Gets the report, the values, and what the judge replied (else LOG-ragas).",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score collected runs by ragas: faithfulness, relevancy, context precision and recall.

    What judging will cost is told before it is spent. Every reply is kept in DIR and paid for
    once: started again, it goes on where it ended. ragas' prompts are put into the language of the
    answers by the judge. Questions, answers and evidence go to the judge's endpoint, and nowhere
    else. Intervals are of 95%.
    """
    from crosearch.agents.judge import judge_endpoint
    from crosearch.cli.eval_ragas_run import Scoring, run_scoring
    from crosearch.evals.ragas_budget import Budget
    from crosearch.evals.ragas_library import ragas_version
    from crosearch.evals.ragas_metrics import choose_metrics
    from crosearch.tools.prices import read_prices
    from crosearch.tools.settings import choose_judge, choose_source

    ragas_version()  # without ragas nothing else is worth looking at
    name = choose_judge(judge)
    endpoint = judge_endpoint(name, concurrency=concurrency) if name else None
    scoring = Scoring(
        log=log,
        out=out or Path(f"{log.rstrip('/')}-ragas"),
        metrics=choose_metrics(
            _split(metrics), with_judge=endpoint is not None, with_gold=bool(dataset)
        ),
        endpoint=endpoint,
        budget=Budget(prices=read_prices(), max_cost=max_cost, max_tokens=max_judge_tokens),
        embedder=choose_source(embedder=embedder).embedder,
        concurrency=concurrency,
        limit=limit,
        dataset=dataset,
        data=data,
        yes=yes,
    )
    run_scoring(scoring, as_json=as_json)


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
