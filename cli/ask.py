"""`crosearch ask`: a question, answered while one watches."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.answers import print_answer
from crosearch.cli.inputs import read_question
from crosearch.cli.options import AsJson, Corpus, Embedder, Headers, Store, examples
from crosearch.cli.output import print_json
from crosearch.cli.policy_options import (
    MaxSearches,
    MaxSeconds,
    MaxTurns,
    Passages,
    Policy,
    SearchLanguages,
    Translator,
    language_choice,
)
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.graphs.state import SearchOutput

EXAMPLES = examples(
    "crosearch ask 'How many bricks were used to build the Göltzsch Viaduct?'",
    "crosearch ask '¿Qué río cruza el viaducto de Garabit?' --search-languages fr,de --json",
    "crosearch ask 'How high is the Kölnbrein dam?' --log ./runs",
    "crosearch ask - --corpus lakes --store ./store < question.txt",
)


def ask(
    question: Annotated[
        str,
        typer.Argument(metavar="QUESTION", help="In any language; - reads it from standard input."),
    ],
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    policy: Policy = "",
    translator: Translator = "",
    language: Annotated[
        str,
        typer.Option(
            metavar="CODE",
            help="The language to answer in (else the question's own).",
            show_default=False,
        ),
    ] = "",
    search_languages: SearchLanguages = "",
    max_searches: MaxSearches = 4,
    max_turns: MaxTurns = 8,
    max_seconds: MaxSeconds = 120.0,
    passages: Passages = 10,
    log: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Keep the run as a record in this trajectory log.",
            show_default=False,
        ),
    ] = "",
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --log: keep the run's states in this SQLite file, to fork it from them.",
            show_default=False,
        ),
    ] = None,
    header: Headers = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from passages in any language, with citations."""
    from crosearch.cli.running import answer_question, run_interruptibly
    from crosearch.cli.sources import open_corpus, read_headers
    from crosearch.graphs.checks import check_question
    from crosearch.graphs.context import SearchContext
    from crosearch.tools.settings import choose_policy, choose_source, choose_translator

    text = check_question(read_question(question))
    context = SearchContext(
        language=language_choice(language),
        search_languages=search_languages,
        passages=passages,
        max_searches=max_searches,
        max_turns=max_turns,
        max_seconds=max_seconds,
    )
    load = partial(open_corpus, choose_source(store, corpus, embedder, read_headers(header)))
    names = choose_policy(policy), choose_translator(translator)
    if checkpoints and not log:
        raise UsageError("--checkpoints keeps the states of a run that --log keeps: give both")
    answered = run_interruptibly(
        answer_question(text, context, load, *names, log=log, checkpoints=checkpoints)
    )
    if as_json:
        kept = {"trajectory": answered.key} if log else {}
        print_json(_answer_json(text, answered.state) | kept)
    else:
        print_answer(answered.state)
    if answered.loss:
        raise answered.loss


def _answer_json(question: str, result: "SearchOutput") -> dict[str, object]:
    return {
        "question": question,
        "language": result["language"],
        "answer": result["answer"],
        "answer_language": result["answer_language"],
        "found": result["found"],
        "citations": result["citations"],
        "evidence": result["evidence"],
        "searches": result["searches"],
        "turns": result["turns"],
        "seconds": result["seconds"],
        "ending": result["ending"],
    }
