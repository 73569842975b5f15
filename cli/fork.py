"""`crosearch fork`: run on from a turn of a recorded run."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosearch.cli.options import AsJson, Corpus, Embedder, Headers, Store, examples
from crosearch.cli.policy_options import (
    Adapter,
    Device,
    MaxTokens,
    Policy,
    Seed,
    Temperature,
    Tokenizer,
    TopK,
    TopP,
    Translator,
    policy_settings,
)
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.training.forking import SearchEdit
    from crosearch.training.recorder import RunRecorder
    from crosearch.training.run_spec import RunSpec
    from crosearch.training.trajectories import Trajectory

EXAMPLES = examples(
    "crosearch fork 3fa9c1 --log runs --turn 2 --languages fr,de",
    "crosearch fork 3fa9c1 --log runs --turn 1 --policy ./my-model --temperature 1.2 --samples 8",
    "crosearch fork 3fa9c1 --log runs --turn 2 --query 'phare de Cordouan' --out forks --json",
)

_CHANGES = "What is changed"


def fork(
    record: Annotated[
        str, typer.Argument(metavar="RECORD", help="The run's key, or as much of it as tells it.")
    ],
    log: Annotated[
        Path, typer.Option("--log", metavar="DIR", help="The trajectory log that holds the run.")
    ],
    turn: Annotated[
        int, typer.Option(min=1, metavar="K", help="The turn that is taken anew, from 1.")
    ],
    samples: Annotated[int, typer.Option(min=1, metavar="N", help="New runs to make.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The log of the new runs (else the same).", show_default=False
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs under way at once.")
    ] = 8,
    languages: Annotated[
        str,
        typer.Option(
            metavar="CODES",
            help="Search in these languages in that turn, such as fr,de.",
            rich_help_panel=_CHANGES,
            show_default=False,
        ),
    ] = "",
    query: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Search for this in that turn.",
            rich_help_panel=_CHANGES,
            show_default=False,
        ),
    ] = "",
    checkpoints: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Go on from the very checkpoint in this SQLite file, which the run was made with "
            "(else from the record's transcript).",
            show_default=False,
        ),
    ] = None,
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    header: Headers = None,
    policy: Policy = "",
    translator: Translator = "",
    temperature: Temperature = None,
    top_p: TopP = None,
    top_k: TopK = None,
    max_tokens: MaxTokens = None,
    adapter: Adapter = "",
    device: Device = "",
    tokenizer: Tokenizer = "",
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Take a recorded run up at one of its turns, and run on from there.

    The policy acts anew in that turn, or an edited search takes the place of what it did. All
    settings are the run's own but for those that are given. The new runs name the old one as their
    parent, and are kept like any others.
    """
    from crosearch.cli.output import print_json
    from crosearch.cli.running import run_interruptibly
    from crosearch.cli.sources import read_headers
    from crosearch.tools.languages import parse_languages
    from crosearch.tools.settings import choose_source
    from crosearch.training.forking import SearchEdit, state_before
    from crosearch.training.forks import recorded_context
    from crosearch.training.run_spec import RunSpec
    from crosearch.training.shards import find_trajectory

    parent = find_trajectory(log, record)
    state_before(parent, turn)  # Refuses a turn that never was, before anything is loaded.
    spec = RunSpec(
        source=choose_source(
            store, corpus or parent["index"]["corpus"], embedder, read_headers(header)
        ),
        policy=policy or _recorded_policy(parent),
        policy_settings=policy_settings(
            top_p=top_p,
            top_k=top_k,
            max_tokens=max_tokens,
            adapter=adapter,
            device=device,
            tokenizer=tokenizer,
        ),
        translator=translator or str(parent["settings"].get("translator", "none")),
        context=recorded_context(parent, {"temperature": temperature, "seed": seed}),
    )
    edit = SearchEdit(
        languages=parse_languages(languages) if languages else None, query=query or None
    )
    records = run_interruptibly(
        _fork(parent, turn, edit, spec, out or log, samples, concurrency, checkpoints)
    )
    if as_json:
        print_json({"parent": parent["key"], "turn": turn, "runs": [_run_json(r) for r in records]})
    else:
        _print_runs(parent, records)


def _recorded_policy(parent: "Trajectory") -> str:
    name = parent["policy"]["name"]
    if name.startswith(("local:", "chat:")):
        raise UsageError(
            f"the run is one of {name}, and a record keeps no place of a model: give --policy"
        )
    return name


async def _fork(
    parent: "Trajectory",
    turn: int,
    edit: "SearchEdit",
    spec: "RunSpec",
    out: Path,
    samples: int,
    concurrency: int,
    checkpoints: Path | None,
) -> "list[Trajectory]":
    from crosearch.training.forks import Fork, make_forks

    async with AsyncExitStack() as stack:
        recorder = await _recorder(spec, checkpoints, stack)
        start = Fork(
            record=parent,
            turn=turn,
            edit=edit,
            recorder=recorder,
            from_checkpoint=checkpoints is not None,
        )
        return await make_forks(start, out, samples=samples, concurrency=concurrency)


async def _recorder(
    spec: "RunSpec", checkpoints: Path | None, stack: AsyncExitStack
) -> "RunRecorder":
    from crosearch.cli.sources import announce_sample
    from crosearch.training.run_spec import make_recorder

    if checkpoints is None:
        return await asyncio.to_thread(lambda: make_recorder(spec, announce_sample))
    if not checkpoints.is_file():
        raise UsageError(f"there is no file {str(checkpoints)!r}: give the run's checkpoints")
    from crosearch.training.checkpoints import open_checkpoints

    saver = await stack.enter_async_context(open_checkpoints(checkpoints))
    return await asyncio.to_thread(lambda: make_recorder(spec, announce_sample, checkpointer=saver))


def _print_runs(parent: "Trajectory", records: "list[Trajectory]") -> None:
    from rich import box
    from rich.table import Table

    from crosearch.cli.output import one_line, result_console

    console = result_console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("run", style="green", no_wrap=True)
    table.add_column("searched", style="cyan")
    table.add_column("found")
    table.add_column("reward", justify="right")
    table.add_column("answer", overflow="fold")
    for record in (parent, *records):
        table.add_row(
            record["key"][:12] + (" (parent)" if record is parent else ""),
            " | ".join(",".join(search["languages"]) for search in record["searches"]),
            "yes" if record["found"] else "failed" if record["failures"] else "no",
            ", ".join(f"{value:.2f}" for value in record["rewards"].values()),
            one_line(record["answer"]),
        )
    console.print(table)


def _run_json(record: "Trajectory") -> dict[str, object]:
    return {
        "key": record["key"],
        "parent": record["parent"],
        "found": record["found"],
        "answer": record["answer"],
        "searches": [
            {"languages": search["languages"], "query": search["query"]}
            for search in record["searches"]
        ],
        "rewards": record["rewards"],
        "untrainable": record["untrainable"],
        "failures": record["failures"],
    }
