"""`crosearch train grpo`: a policy learns from groups of its own runs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crosearch.cli.grpo_options import (
    Beta,
    Clip,
    Concurrency,
    Cooldown,
    Deterministic,
    Each,
    Every,
    FromLog,
    GradientCheckpointing,
    Group,
    Groups,
    Iterations,
    Keep,
    LearningRate,
    Lora,
    Loss,
    MaxEvidenceTokens,
    MaxSearches,
    MaxTokens,
    MaxTurns,
    MicroBatch,
    Out,
    Passages,
    Passes,
    Policy,
    Questions,
    Recipe,
    Reward,
    Scale,
    SearchLanguages,
    Seed,
    Steps,
    Stop,
    Temperature,
    Track,
    Translator,
    Updates,
    Validation,
    ValidationLimit,
    Vllm,
    Warmup,
)
from crosearch.cli.main import INTERRUPTED
from crosearch.cli.options import AsJson, Corpus, Embedder, Headers, Store, examples
from crosearch.cli.output import one_line, print_error, print_json
from crosearch.cli.tuning_options import prepare_libraries
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from crosearch.training.grpo_settings import GrpoSettings

EXAMPLES = examples(
    "crosearch train grpo questions/train.jsonl --policy tiny --corpus facts --out policy",
    "crosearch train grpo questions/train.jsonl --policy ./my-model --group languages:8 --groups "
    "16 --learning-rate 1e-4 --steps 140 --validation questions/validation.jsonl --out policy",
    "crosearch train grpo --from-log runs --policy ./my-model --out policy",
    "crosearch train grpo mkqa.jsonl --recipe qwen2.5-3b-1gpu --out policy",
    "accelerate launch --num_processes 4 -m crosearch.cli.main train grpo --recipe my.toml --out "
    "policy",
)


def grpo(
    out: Out,
    questions: Questions = "",
    policy: Policy = "",
    recipe: Recipe = "",
    from_log: FromLog = None,
    iterations: Iterations = None,
    each: Each = 64,
    corpus: Corpus = "",
    store: Store = "",
    embedder: Embedder = "",
    header: Headers = None,
    translator: Translator = None,
    group: Group = None,
    groups: Groups = None,
    concurrency: Concurrency = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    passages: Passages = None,
    max_searches: MaxSearches = None,
    max_turns: MaxTurns = None,
    max_evidence_tokens: MaxEvidenceTokens = None,
    search_languages: SearchLanguages = None,
    vllm: Vllm = None,
    micro_batch: MicroBatch = None,
    steps: Steps = None,
    updates: Updates = None,
    passes: Passes = None,
    learning_rate: LearningRate = None,
    warmup: Warmup = None,
    cooldown: Cooldown = None,
    beta: Beta = None,
    loss: Loss = None,
    scale: Scale = None,
    clip: Clip = None,
    reward: Reward = None,
    lora: Lora = None,
    gradient_checkpointing: GradientCheckpointing = None,
    validation: Validation = None,
    validation_limit: ValidationLimit = None,
    every: Every = None,
    keep: Keep = None,
    stop: Stop = None,
    track: Track = None,
    seed: Seed = None,
    deterministic: Deterministic = None,
    as_json: AsJson = False,
) -> None:
    """Train a policy by GRPO: runs of one question are compared, the better ones made likelier.

    The graph that answers is the graph that is trained on, token by token. A run that the machine
    failed, be it in one language's search, counts nowhere.

    A Ctrl-C or a kill loses nothing but the steps since the last checkpoint.
    """
    prepare_libraries()
    from crosearch.cli.sources import read_headers
    from crosearch.training.grpo_recipes import read_recipe, settings_of
    from crosearch.training.trackers import check_tracker

    context = {
        "passages": passages,
        "max_searches": max_searches,
        "max_turns": max_turns,
        "max_evidence_tokens": max_evidence_tokens,
        "search_languages": search_languages,
    }
    given: dict[str, Any] = {
        "questions": questions or ",".join(map(str, from_log or ())) or None,
        "policy": policy or None,
        "corpus": corpus or None,
        "store": store or None,
        "embedder": embedder or None,
        "headers": read_headers(header) or None,
        "translator": translator,
        "group": group,
        "groups": groups,
        "concurrency": concurrency,
        "temperature": temperature,
        "max_tokens": max_tokens,
        "vllm": vllm,
        "micro_batch": micro_batch,
        "steps": steps,
        "updates": updates,
        "passes": passes,
        "learning_rate": learning_rate,
        "warmup": warmup,
        "cooldown": cooldown,
        "beta": beta,
        "loss": loss,
        "scale": scale,
        "clip": clip,
        "lora": lora,
        "gradient_checkpointing": gradient_checkpointing,
        "validation": validation,
        "validation_limit": validation_limit,
        "every": every,
        "keep": keep,
        "track": track,
        "seed": seed,
        "deterministic": deterministic,
    }
    values = dict(read_recipe(recipe)) if recipe else {}
    # A search brings ten passages elsewhere on the command line, too.
    values["context"] = {"passages": 10} | values.get("context", {}) | _given(context)
    values["rewards"] = _weights(reward or (), values.get("rewards", {}))
    values = {"track": "auto"} | values | _given(given)
    check_tracker(values["track"])
    if questions and from_log:
        raise UsageError("QUESTIONS are asked anew, --from-log learns from what was: give one")
    settings = settings_of(values, out=out)
    if iterations is None:
        _train(settings, from_log or (), stop or (), as_json=as_json)
    else:
        if from_log:
            raise UsageError("--iterations collects logs of its own: leave --from-log out")
        _iterate(settings, iterations, each, stop or (), as_json=as_json)


def _train(
    settings: "GrpoSettings", logs: Sequence[Path], stop: Sequence[str], *, as_json: bool
) -> None:
    from crosearch.cli.train_grpo_report import print_trained, showing_grpo
    from crosearch.training.grpo import train
    from crosearch.training.replay import LoggedGroups
    from crosearch.training.stop_rules import REPLAY_RULES, parse_stop_rules

    source = LoggedGroups(logs, temperature=settings.temperature, note=_note) if logs else None
    rules = parse_stop_rules(stop, REPLAY_RULES if logs else None)
    try:
        with showing_grpo() as show:
            report = train(settings, source=source, rules=rules, note=_note, show=show)
    except KeyboardInterrupt as interrupt:
        raise _interrupted() from interrupt
    if not _is_first():
        return
    if as_json:
        # A training that was done before reads no log.
        log = {"log": asdict(source.report)} if source and source.report.runs else {}
        print_json({**report.figures, **log, "history": list(report.history)})
    else:
        print_trained(report)


def _iterate(
    settings: "GrpoSettings", iterations: int, each: int, stop: Sequence[str], *, as_json: bool
) -> None:
    from crosearch.cli.train_grpo_report import iterations_json, print_iterations, showing_grpo
    from crosearch.training.grpo_iterations import iterate
    from crosearch.training.stop_rules import REPLAY_RULES, parse_stop_rules

    rules = parse_stop_rules(stop, REPLAY_RULES)
    try:
        with showing_grpo() as show:
            report = iterate(
                settings, iterations=iterations, each=each, rules=rules, note=_note, show=show
            )
    except KeyboardInterrupt as interrupt:
        raise _interrupted() from interrupt
    if not _is_first():
        return
    if as_json:
        print_json(iterations_json(report))
    else:
        print_iterations(report)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _weights(given: Sequence[str], base: Mapping[str, float]) -> dict[str, float]:
    from crosearch.training.reward_settings import parse_weights

    return parse_weights(given, base)


def _note(text: str) -> None:
    if _is_first():
        print_error(one_line(text))


def _interrupted() -> typer.Exit:
    print_error("interrupted; the same command goes on from the last checkpoint")
    return typer.Exit(INTERRUPTED)


def _is_first() -> bool:
    """Tell whether this is the first of the training's processes, which alone speaks."""
    return os.environ.get("RANK", "0") == "0"
