"""`crosearch train tiny`: a tiny language model learns the action protocol, from nothing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.collection_report import duration
from crosearch.cli.main import INTERRUPTED
from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import one_line, print_error, print_json, progress_console, result_console
from crosearch.cli.training_progress import showing
from crosearch.cli.tuning_options import prepare_libraries
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.training.tiny_settings import TinyProgress, TinyReport, TinySettings

EXAMPLES = examples(
    "crosearch train tiny --out my-tiny",
    "crosearch train tiny --languages en,de,fr,ja --minutes 20 --out my-tiny",
    "crosearch train tiny --steps 4000 --second-share 0.5 --seed 1 --out my-tiny",
)

_LESSONS = "Lessons"
_MODEL = "The model"
_MINUTES = 60.0


def tiny(
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The model's folder. After a kill the same command goes on there.",
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="As for crosearch facts build (else those that come along).",
            rich_help_panel=_LESSONS,
            show_default=False,
        ),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="As for crosearch facts build (else those that come along).",
            rich_help_panel=_LESSONS,
            show_default=False,
        ),
    ] = None,
    languages: Annotated[
        str,
        typer.Option(
            metavar="CODES",
            help="Asked, searched and answered in (else the twelve that most entities have a name "
            "in).",
            rich_help_panel=_LESSONS,
            show_default=False,
        ),
    ] = "",
    second_share: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="After how many of the first misses a lesson searches another language; after the "
            "others it gives up.",
            rich_help_panel=_LESSONS,
        ),
    ] = 0.35,
    later_share: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="After how many of the later misses it searches one more.",
            rich_help_panel=_LESSONS,
        ),
    ] = 0.6,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="N",
            help=f"Of training (else {_MINUTES:.0f}).",
            rich_help_panel=_MODEL,
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Of training, in the place of --minutes: the same steps give the same weights.",
            rich_help_panel=_MODEL,
            show_default=False,
        ),
    ] = None,
    width: Annotated[
        int,
        typer.Option(
            min=64,
            metavar="N",
            help="Of the hidden states, a multiple of 64.",
            rich_help_panel=_MODEL,
        ),
    ] = 192,
    layers: Annotated[int, typer.Option(min=1, metavar="N", rich_help_panel=_MODEL)] = 4,
    pieces: Annotated[
        int,
        typer.Option(
            min=1_000, metavar="N", help="Of the tokenizer's vocabulary.", rich_help_panel=_MODEL
        ),
    ] = 8_000,
    rate: Annotated[
        float,
        typer.Option(metavar="RATE", help="The highest learning rate.", rich_help_panel=_MODEL),
    ] = 2e-3,
    every: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Steps between two checkpoints.", rich_help_panel=_MODEL
        ),
    ] = 400,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="What everything is drawn by.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train a tiny language model to search and answer.

    It learns from nothing, on made-up facts told and asked for in real languages, by the runs of a
    demonstrator that searches in the asker's language first, copies what it finds, and after a
    miss gives up or, now and then, goes on to another language.

    A Ctrl-C or a kill loses nothing but the steps since the last checkpoint. In its folder a
    training goes on with a later end, too, and with other --second-share and --later-share.
    """
    prepare_libraries()
    from crosearch.tools.languages import parse_languages
    from crosearch.training.facts_settings import DEFAULT_LANGUAGES
    from crosearch.training.tiny_demonstrator import Habits
    from crosearch.training.tiny_runs import RunSettings
    from crosearch.training.tiny_settings import TinySettings
    from crosearch.training.tiny_trainer import Schedule

    if (labels is None) != (facts is None):
        raise UsageError("--labels and --facts belong together: give both, or neither")
    if minutes is not None and steps is not None:
        raise UsageError("--minutes and --steps both say when to end: give one of them")
    if width % 64:
        raise UsageError(f"--width is {width}; it has to be a multiple of 64, such as 192")
    settings = TinySettings(
        out=out,
        facts=(labels, facts) if labels and facts else None,
        schedule=Schedule(
            rate=rate,
            steps=steps,
            minutes=_MINUTES if minutes is None and steps is None else minutes,
        ),
        runs=RunSettings(
            languages=parse_languages(languages) or DEFAULT_LANGUAGES,
            habits=Habits(second_share=second_share, later_share=later_share),
            seed=seed,
        ),
        width=width,
        layers=layers,
        pieces=pieces,
        every=every,
    )
    _train(settings, as_json=as_json)


def _train(settings: "TinySettings", *, as_json: bool) -> None:
    from crosearch.training.tiny import train_tiny

    console = progress_console()
    try:
        with showing("making lessons", _describe, lambda progress: progress["done"]) as show:
            report = train_tiny(settings, show=show, note=console.print)
    except KeyboardInterrupt:
        print_error(f"interrupted; the same command goes on in {one_line(str(settings.out))}")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _describe(progress: "TinyProgress") -> str:
    parts = [
        f"{progress['done']:.0%}",
        f"step {progress['step']:,}",
        f"loss {progress['loss']:.3f}",
        f"{progress['tokens_per_second']:,.0f} tokens a second",
        duration(progress["seconds"]),
    ]
    if dev := progress["dev"]:
        parts.append(
            f"right on new names: {dev['own_exact_match']:.2f} where the asker's language tells "
            f"it, {dev['other_exact_match']:.2f} elsewhere"
        )
    return ", ".join(parts)


def _print_report(report: "TinyReport") -> None:
    console, test = result_console(), report["test"]
    lines = (
        f"{one_line(report['model'])}: {report['parameters']:,} parameters, {report['step']:,} "
        f"steps on {report['lessons']:,} lessons, {duration(report['seconds'])}",
        f"  right on {test['questions']} questions about new names: {test['own_exact_match']:.2f} "
        "where the asker's language tells it",
        f"  and {test['other_exact_match']:.2f} where only others do ({test['other_sampled']:.2f} "
        "sampled)",
        f"  searches again after {test['second_after_miss']:.0%} of the misses and "
        f"{test['second_after_hit']:.0%} of the hits",
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    console.print(f"  use it by --policy {one_line(report['model'])}", style="dim", soft_wrap=True)
