"""The options of `crosearch train grpo`; what is not given is the recipe's, or the default."""

from pathlib import Path
from typing import Annotated

import typer

_RUNS = "Runs"
_LEARNED = "What is learned"
_KEPT = "Checkpoints and figures"

Out = Annotated[
    Path,
    typer.Option(
        metavar="DIR",
        help="The trained policy's folder. After a kill the same command goes on there.",
    ),
]
Questions = Annotated[
    str,
    typer.Argument(
        metavar="QUESTIONS",
        help="What is asked, with gold answers, as for crosearch collect.",
        show_default=False,
    ),
]
Policy = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The model to begin with: tiny, or a Hugging Face model's folder or name.",
        show_default=False,
    ),
]
Recipe = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help="Settings from a .toml file, or one that comes with the package, such as "
        "qwen2.5-3b-8gpu; options given beside it win.",
        show_default=False,
    ),
]
FromLog = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="LOG",
        help="Learn from groups that crosearch collect recorded with this very policy, in the "
        "place of QUESTIONS; repeatable.",
        show_default=False,
    ),
]
Iterations = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Collect and learn by turns, so many times.",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Each = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        help="Questions that are collected in each iteration.",
        rich_help_panel=_RUNS,
    ),
]
Translator = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who translates what is found: none; lexicon, word for word; or openai:MODEL "
        "(else none).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC",
        help="How the members of a group differ: same:8, languages:8, nudges:8, or a JSON file "
        "(else same:8).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Groups = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Questions of a batch, over all processes (else 16).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Runs under way at once, in each process (else 128).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        metavar="T", help="Of sampling (else 1).", rich_help_panel=_RUNS, show_default=False
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The longest turn (else 512).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Passages = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Passages that a search may bring (else 10).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
MaxSearches = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Searches of a run (else 4).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
MaxTurns = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Turns of a run (else 8).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
MaxEvidenceTokens = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="About how many tokens of evidence a search may show (else 2000).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
SearchLanguages = Annotated[
    str | None,
    typer.Option(
        metavar="CODES",
        help="Search in these languages only, such as fr,de.",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
Vllm = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A vLLM server that samples, and is sent the weights (else the model itself).",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
MicroBatch = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Rollouts that are trained on at a time (else 8).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Updates in all (else 100).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Updates = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Updates that a batch is cut into (else 1).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Passes = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="How often a batch is gone through (else 1).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        metavar="RATE",
        help="Else 1e-6, and 1e-5 with LoRA; a model of few parameters takes 1e-4.",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Warmup = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Updates over which the rate rises.",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Cooldown = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The last updates, over which the rate falls to nothing (else 0).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Beta = Annotated[
    float | None,
    typer.Option(
        metavar="B",
        help="The weight of the divergence from the policy as it began (else 0).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Loss = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="grpo, bnpo, dr_grpo, dapo, cispo, sapo, luspo or vespo (else dapo).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Scale = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What advantages are divided by: the deviation of the rewards in the group or the "
        "batch, or none (else batch).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Clip = Annotated[
    float | None,
    typer.Option(
        metavar="E",
        help="How far an importance ratio may be from 1 (else 0.2).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Reward = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=WEIGHT",
        help="Weigh a reward otherwise than by default; NAME may be module:function; repeatable.",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Lora = Annotated[
    int | None,
    typer.Option(
        metavar="RANK",
        help="Train low-rank matrices only, and merge them in the end.",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
GradientCheckpointing = Annotated[
    bool | None,
    typer.Option(
        "--gradient-checkpointing/--no-gradient-checkpointing",
        help="Compute activations twice, which saves memory.",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        metavar="QUESTIONS",
        help="Answered greedily at every checkpoint; the best checkpoint is kept.",
        rich_help_panel=_KEPT,
        show_default=False,
    ),
]
ValidationLimit = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The most of them (else 200).",
        rich_help_panel=_KEPT,
        show_default=False,
    ),
]
Every = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Updates between two checkpoints (else 20).",
        rich_help_panel=_KEPT,
        show_default=False,
    ),
]
Keep = Annotated[
    bool | None,
    typer.Option(
        "--keep/--no-keep",
        help="Keep the rollouts in a trajectory log, OUT/rollouts.",
        rich_help_panel=_KEPT,
        show_default=False,
    ),
]
Stop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=NUMBER",
        help="Change a rule that ends a training early, such as kl_most=0.5 or "
        "entropy_least=off; repeatable.",
        rich_help_panel=_KEPT,
        show_default=False,
    ),
]
Track = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who gets the figures beside OUT/training/metrics.jsonl: auto (trackio, where it "
        "is installed), trackio, wandb, mlflow, tensorboard or none (else auto).",
        rich_help_panel=_KEPT,
        show_default=False,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="What all sampling is drawn from (else 0).",
        rich_help_panel=_LEARNED,
        show_default=False,
    ),
]
Deterministic = Annotated[
    bool | None,
    typer.Option(
        "--deterministic/--no-deterministic",
        help="Sample each turn by itself, so that equal seeds give equal policies; slower.",
        rich_help_panel=_RUNS,
        show_default=False,
    ),
]
