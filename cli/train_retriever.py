"""`crosearch train retriever`: a retriever trained on pairs, by batches of one language or two."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crosearch.cli.main import INTERRUPTED
from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import one_line, print_error, print_json
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.training.pair_records import PairSet
    from crosearch.training.retriever_settings import RetrieverTraining, TrainedRetriever

EXAMPLES = examples(
    "crosearch train retriever static --data questions.jsonl --data sentences.tsv --out my-model",
    "crosearch train retriever BAAI/bge-m3 --data questions.jsonl --lora 16 --out my-model",
    "crosearch train retriever intfloat/multilingual-e5-small --data questions.jsonl=3 --data "
    "sentences.tsv=1 --sampler hybrid --cross-share 0.5 --hard-negatives 3 --miner default --out "
    "my-model",
    "crosearch train retriever static --data sentences.tsv --sampler cross-lingual --teacher "
    "my-teacher --dimension 384 --out my-student",
    "crosearch train retriever xlm-roberta-base --data questions.jsonl --out my-model --dry-run",
)

_BATCHES = "Batches"
_LEARNED = "What is learned"
_SCORES = "Scores and checkpoints"
_NEW = "A model from nothing"


def retriever(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="static or transformer: from nothing; default: the embedded embedder; else the "
            "name or folder of a sentence-transformers or transformers model.",
        ),
    ],
    data: Annotated[
        list[str],
        typer.Option(
            metavar="FILE[=WEIGHT]",
            help="Questions with passages (.jsonl), parallel sentences or terms (.jsonl, .tsv). "
            "The weight is how often a batch comes from it, 1 unless told; repeatable.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The model's folder. After a kill the same command goes on there.",
        ),
    ],
    sampler: Annotated[
        Literal["monolingual", "cross-lingual", "hybrid"],
        typer.Option(
            help="Question and passage in one language, in two, or some batches of each.",
            rich_help_panel=_BATCHES,
        ),
    ] = "hybrid",
    cross_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Of a hybrid, the share of batches in two languages.",
            rich_help_panel=_BATCHES,
        ),
    ] = 0.5,
    temperature: Annotated[
        float,
        typer.Option(
            metavar="T",
            help="Above 1, languages with few pairs are drawn more often than their share.",
            rich_help_panel=_BATCHES,
        ),
    ] = 2.0,
    languages: Annotated[
        str,
        typer.Option(
            metavar="CODES",
            help="Train on these alone, such as en,de,hi (else on all that the data has).",
            rich_help_panel=_BATCHES,
            show_default=False,
        ),
    ] = "",
    batch: Annotated[
        int, typer.Option(metavar="N", help="Pairs of a batch.", rich_help_panel=_BATCHES)
    ] = 256,
    mini_batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Embed so many texts at a time: large batches then fit a small memory, and take "
            "about twice as long.",
            rich_help_panel=_BATCHES,
            show_default=False,
        ),
    ] = None,
    hard_negatives: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Negatives of its own that go with a pair, from the data or --miner.",
            rich_help_panel=_BATCHES,
        ),
    ] = 0,
    miner: Annotated[
        str,
        typer.Option(
            metavar="EMBEDDER",
            help="Finds hard negatives where the data brings none: default, or a model.",
            rich_help_panel=_BATCHES,
            show_default=False,
        ),
    ] = "",
    scale: Annotated[
        float,
        typer.Option(
            metavar="S",
            help="The inverse temperature of the loss; 10 suits static models.",
            rich_help_panel=_LEARNED,
        ),
    ] = 20.0,
    matryoshka: Annotated[
        str,
        typer.Option(
            metavar="N,N",
            help="Train vectors that can be cut to these lengths, such as 256,64.",
            rich_help_panel=_LEARNED,
            show_default=False,
        ),
    ] = "",
    teacher: Annotated[
        str,
        typer.Option(
            metavar="EMBEDDER",
            help="Follow the vectors that this embedder gives the English sides.",
            rich_help_panel=_LEARNED,
            show_default=False,
        ),
    ] = "",
    projection: Annotated[
        bool,
        typer.Option(
            "--projection",
            help="End the model in a layer that makes its vectors as long as the teacher's.",
            rich_help_panel=_LEARNED,
        ),
    ] = False,
    lora: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="RANK",
            help="Train low-rank matrices only, and merge them in the end; 0 trains every weight.",
            rich_help_panel=_LEARNED,
        ),
    ] = 0,
    steps: Annotated[
        int, typer.Option(metavar="N", help="Batches in all.", rich_help_panel=_LEARNED)
    ] = 2_000,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="At its highest (else what suits the kind of model).",
            rich_help_panel=_LEARNED,
            show_default=False,
        ),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=8,
            metavar="N",
            help="Cut texts here (else where the model does).",
            rich_help_panel=_LEARNED,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Equal seeds and data, equal weights.",
            rich_help_panel=_LEARNED,
        ),
    ] = 0,
    dev: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Pairs to score by (else some of the data, which are then not trained on).",
            rich_help_panel=_SCORES,
            show_default=False,
        ),
    ] = "",
    dev_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Of the data, what is kept back without --dev; 0 scores nothing.",
            rich_help_panel=_SCORES,
        ),
    ] = 0.02,
    every: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Steps between two checkpoints, each with dev scores.",
            rich_help_panel=_SCORES,
        ),
    ] = 200,
    tokenizer: Annotated[
        str,
        typer.Option(
            metavar="FILE|DIR",
            help="A tokenizer.json (else one is trained on the data).",
            rich_help_panel=_NEW,
            show_default=False,
        ),
    ] = "",
    vocabulary: Annotated[
        int,
        typer.Option(
            min=16,
            metavar="N",
            help="Pieces of a tokenizer that is trained.",
            rich_help_panel=_NEW,
        ),
    ] = 32_000,
    dimension: Annotated[
        int, typer.Option(metavar="N", help="Length of its vectors.", rich_help_panel=_NEW)
    ] = 256,
    layers: Annotated[
        int, typer.Option(metavar="N", help="Of a transformer.", rich_help_panel=_NEW)
    ] = 4,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check everything, and print what would be trained."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a retriever: a sentence-transformers model that --embedder opens.

    The other passages of a batch are what a question is told apart from: in one language
    (monolingual), across two (cross-lingual), or some batches of each (hybrid), which serves
    both. What answers a question in another language is never taken for a wrong answer.

    A Ctrl-C or a kill loses nothing but the steps since the last checkpoint.
    """
    from crosearch.tools.languages import parse_languages
    from crosearch.training.retriever_settings import RetrieverTraining

    settings = RetrieverTraining(
        model=model,
        data=tuple(_read_data(one) for one in data),
        out=out,
        sampler=sampler,
        cross_share=cross_share,
        temperature=temperature,
        languages=parse_languages(languages),
        batch=batch,
        mini_batch=mini_batch,
        hard_negatives=hard_negatives,
        miner=miner,
        scale=scale,
        matryoshka=_lengths(matryoshka),
        teacher=teacher,
        projection=projection,
        steps=steps,
        learning_rate=learning_rate,
        lora=lora,
        max_tokens=max_tokens,
        seed=seed,
        every=every,
        dev=_read_data(dev) if dev else None,
        dev_share=dev_share,
        tokenizer=tokenizer,
        vocabulary=vocabulary,
        dimension=dimension,
        layers=layers,
    )
    _prepare_libraries()
    if dry_run:
        _plan(settings, as_json=as_json)
        return
    trained = _train(settings)
    if as_json:
        print_json({**trained.figures, "history": list(trained.history)})
    else:
        from crosearch.cli.train_retriever_report import print_trained

        print_trained(trained)


def _plan(settings: "RetrieverTraining", *, as_json: bool) -> None:
    from crosearch.cli.train_retriever_report import plan_json, print_plan
    from crosearch.training.retriever import plan_training

    plan = plan_training(settings)
    if as_json:
        print_json(plan_json(settings, plan))
    else:
        print_plan(settings, plan)


def _train(settings: "RetrieverTraining") -> "TrainedRetriever":
    from crosearch.cli.train_retriever_report import showing_training
    from crosearch.training.retriever import train_retriever

    try:
        with showing_training() as show:
            return train_retriever(
                settings, show=show, note=lambda text: print_error(one_line(text))
            )
    except KeyboardInterrupt as interrupt:
        print_error("interrupted; the same command goes on from the last checkpoint")
        raise typer.Exit(INTERRUPTED) from interrupt


def _prepare_libraries() -> None:
    """See that they are there, and keep their bars and warnings off the terminal."""
    if find_spec("sentence_transformers") is None:
        raise UsageError("training needs sentence-transformers: pip install 'crosearch[train]'")
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers' own
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers' own


def _read_data(text: str) -> "PairSet":
    from crosearch.training.pair_files import read_pairs

    path, equals, weight = text.rpartition("=")
    if not equals or Path(text).is_file():
        return read_pairs(text)
    try:
        number = float(weight)
    except ValueError as error:
        raise UsageError(
            f"{weight!r} in --data {text!r} is no weight: give a number, as in pairs.jsonl=2"
        ) from error
    return read_pairs(path, weight=number)


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UsageError(f"--matryoshka {text!r}: give whole numbers, such as 256,64") from error
