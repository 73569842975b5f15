"""`crosearch export`: runs as data sets, for analysis and for TRL's trainers."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crosearch.cli.options import AsJson, examples
from crosearch.cli.output import one_line, print_error, print_json, result_console
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.training.export import ExportReport, RowMaker

Target = Literal["parquet", "hf", "sft", "preferences", "grpo"]
Form = Literal["hf", "parquet", "jsonl"]

EXAMPLES = examples(
    "crosearch export ./runs --to parquet --out ./table",
    "crosearch export ./runs --to sft --threshold 0.8 --out ./good",
    "crosearch export ./runs --to sft --tokens --out ./good-tokens",
    "crosearch export ./monday ./tuesday --to preferences --out ./pairs",
)

_HINTS: dict[Target, str] = {
    "sft": "train with SFTConfig(assistant_only_loss=True)",
    "preferences": "train with DPOTrainer",
    "grpo": "train with GRPOTrainer",
}


def export(
    logs: Annotated[
        list[str], typer.Argument(metavar="DIR...", help="Folders of trajectory logs.")
    ],
    to: Annotated[
        Target,
        typer.Option(
            help="parquet, hf: every run with every field. sft: good runs. preferences: a better "
            "and a worse turn of each pair. grpo: prompts with gold answers."
        ),
    ],
    out: Annotated[
        str, typer.Option(metavar="DIR", help="A folder that is not there yet, or is empty.")
    ],
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="A Hugging Face dataset, Parquet or JSON lines (else hf, and parquet with "
            "--to parquet).",
            show_default=False,
        ),
    ] = None,
    reward: Annotated[
        str, typer.Option(metavar="NAME", help="sft, preferences: what tells good from bad.")
    ] = "answer_f1",
    threshold: Annotated[float, typer.Option(help="sft: the least reward of a good run.")] = 0.5,
    margin: Annotated[
        float,
        typer.Option(help="preferences: the least difference of a pair's rewards.", min=0.0),
    ] = 0.1,
    tokens: Annotated[
        bool,
        typer.Option("--tokens", help="sft: the token ids that the policy sampled, with labels."),
    ] = False,
    whole_runs: Annotated[
        bool,
        typer.Option(
            "--whole-runs",
            help="preferences: all after the question, evidence too, not the turn where two part.",
        ),
    ] = False,
    policy: Annotated[
        str,
        typer.Option(metavar="NAME", help="sft: only this policy's runs.", show_default=False),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write runs as a data set; of each run only the latest attempt."""
    from crosearch.training.export import export_runs

    if tokens and to != "sft":
        raise UsageError(f"--tokens goes with --to sft, not with --to {to}")
    if whole_runs and to != "preferences":
        raise UsageError(f"--whole-runs goes with --to preferences, not with --to {to}")
    if policy and to != "sft":
        raise UsageError(f"--policy goes with --to sft, not with --to {to}")
    maker: RowMaker
    if to == "sft":
        maker = _sft(reward, threshold, policy or None, tokens=tokens)
    else:
        maker = _others(to, reward, margin, whole_runs=whole_runs)
    chosen: Form = form or ("parquet" if to == "parquet" else "hf")
    report = export_runs(logs, out, maker, form=chosen, on_problem=lambda p: print_error(str(p)))
    if as_json:
        print_json({"to": to, "format": chosen, "out": out} | report)
    else:
        _print_report(report, out, "" if tokens else _HINTS.get(to, ""))


def _sft(reward: str, threshold: float, policy: str | None, *, tokens: bool) -> "RowMaker":
    from crosearch.training.export import SftRows, SftTokenRows

    kind = SftTokenRows if tokens else SftRows
    return kind(reward=reward, threshold=threshold, policy=policy)


def _others(to: Target, reward: str, margin: float, *, whole_runs: bool) -> "RowMaker":
    from crosearch.training.export import GrpoRows, PreferenceRows, TrajectoryRows

    if to == "preferences":
        return PreferenceRows(reward=reward, margin=margin, whole_runs=whole_runs)
    return GrpoRows() if to == "grpo" else TrajectoryRows()


def _print_report(report: "ExportReport", out: str, hint: str) -> None:
    console = result_console()
    console.print(
        f"{one_line(out)}: {report['rows']:,} rows of {report['runs']:,} runs", soft_wrap=True
    )
    for reason, count in report["left_out"].items():
        console.print(f"  left out {count:,}: {one_line(reason)}", style="dim", soft_wrap=True)
    if hint:
        console.print(f"  {hint}", style="dim", soft_wrap=True)
