"""`crosearch train pairs`: pairs to train on, written by a model or by the lexicon."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import AsJson, Corpus, Embedder, Headers, Store, examples
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.tools.openai_client import ChatEndpoint

EXAMPLES = examples(
    "crosearch train pairs articles.jsonl --model openai:gpt-4.1-mini --languages de,hi,sw "
    "--out questions.jsonl",
    "crosearch train pairs --corpus mine --model openai:my-model --limit 500 --yes --out "
    "questions.jsonl",
    "crosearch train pairs questions.jsonl --offline --languages de,hi,sw --out translated.jsonl",
)

_MODEL = "By a model"
_WORDS = "By the lexicon"


def pairs(
    out: Annotated[
        Path,
        typer.Option(metavar="FILE.jsonl", help="The pair file; the same command goes on with it."),
    ],
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATHS...]",
            help="Documents as for ingest (else the passages of --corpus); with --offline pair "
            "files of questions.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="openai:MODEL",
            help="The model that asks, at the endpoint of OPENAI_BASE_URL.",
            rich_help_panel=_MODEL,
            show_default=False,
        ),
    ] = "",
    languages: Annotated[
        str,
        typer.Option(
            metavar="CODES",
            help="The languages to ask in, or to translate into, such as de,hi (else those of the "
            "passages, or of the lexicon).",
            show_default=False,
        ),
    ] = "",
    per_passage: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="In how many of the languages a passage is asked about.",
            rich_help_panel=_MODEL,
        ),
    ] = 1,
    temperature: Annotated[
        float,
        typer.Option(
            metavar="T",
            help="Without --languages: above 1, languages of few passages are drawn more often "
            "than their share.",
            rich_help_panel=_MODEL,
        ),
    ] = 3.0,
    top: Annotated[
        int,
        typer.Option(
            min=1,
            max=50,
            metavar="K",
            help="A question is kept that finds its passage among the first K.",
            rich_help_panel=_MODEL,
        ),
    ] = 5,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Use N passages, or pairs, only; a larger N later goes on from there.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="What is drawn from.")] = 0,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Requests under way at once.", rich_help_panel=_MODEL
        ),
    ] = 8,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Do not ask whether to spend it.", rich_help_panel=_MODEL),
    ] = False,
    licence: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="The passages' licence, for the file.", show_default=False
        ),
    ] = "",
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    header: Headers = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Translate word by word, without a model.", rich_help_panel=_WORDS
        ),
    ] = False,
    dictionary: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="The lexicon's folder (else CROSEARCH_LEXICON, else the one that comes along).",
            rich_help_panel=_WORDS,
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make questions to train a retriever on.

    By a model: it sums a passage up and asks about it in the languages chosen; a question is kept
    that finds its passage again. What it will cost is told first, and nothing is paid for twice:
    the same command goes on where it ended, however it ended.

    By the lexicon, with --offline: questions and their passages are put into other languages word
    by word, which is enough for a retriever that counts words.
    """
    from crosearch.cli.sources import read_headers
    from crosearch.tools.languages import parse_languages
    from crosearch.tools.settings import choose_source

    wanted = parse_languages(languages)
    _check_out(out)
    if offline or dictionary:
        from crosearch.cli.train_pairs_offline import translate

        if model or corpus:
            given = "--model" if model else "--corpus"
            raise UsageError(f"{given} does not go with --offline, which asks no model: give one")
        translate(
            paths or [],
            out,
            wanted,
            dictionary=dictionary,
            seed=seed,
            limit=limit,
            licence=licence,
            as_json=as_json,
        )
        return
    from crosearch.cli.train_pairs_model import ask_model
    from crosearch.training.synthetic_plan import Choice

    ask_model(
        paths or [],
        choose_source(store, corpus, embedder, read_headers(header)),
        _endpoint(model, concurrency),
        out,
        Choice(
            languages=wanted,
            temperature=temperature,
            per_passage=per_passage,
            seed=seed,
            limit=limit,
        ),
        concurrency=concurrency,
        top=top,
        licence=licence,
        yes=yes,
        as_json=as_json,
    )


def _check_out(out: Path) -> None:
    if out.suffix.lower() not in (".jsonl", ".ndjson"):
        raise UsageError(f"--out is {str(out)!r}: pairs are written as .jsonl")
    if out.is_dir():
        raise UsageError(f"--out is {str(out)!r}, a folder: give the name of a file")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {str(out.absolute().parent)!r} to write --out to")


def _endpoint(name: str, concurrency: int) -> "ChatEndpoint":
    kind, _, model = name.partition(":")
    if kind != "openai" or not model.strip():
        raise UsageError(
            f"--model is {name!r}: give openai:MODEL, such as openai:gpt-4.1-mini; or --offline "
            "to translate questions that are there word by word"
        )
    from crosearch.tools.openai_client import ChatEndpoint

    return ChatEndpoint(model, concurrency=concurrency)
