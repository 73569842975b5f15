"""The local policy: how much faster many runs at once are than one after the other.

Beside it stands bare decoding of the same runs: `model.generate` on static, left-padded batches
of the recorded prompts, each turn for as long as it was, against the same one by one. No run waits
for a search there, and nothing is parsed or kept; a batch decodes until its longest turn is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rollout_clock import Clock
from rollout_report import Figure, Report
from rollout_runs import Collected, collect_tiny, warm_up
from rollout_setting import Setting, sampled_questions
from transformers import LlamaForCausalLM

from crosearch.training.trajectories import Trajectory

PART = "policy"
ALONE = 4
"""One question in so many is also run alone."""


@dataclass(frozen=True, kw_only=True)
class RecordedTurn:
    """What the model read in a turn, and how many tokens it made."""

    prompt: torch.Tensor
    length: int


def measure_policy(setting: Setting, report: Report) -> None:
    """Time the policy in the graph and bare, at both concurrencies, in turn."""
    torch.set_num_threads(setting.threads)
    questions = sampled_questions(setting.questions)
    alone = questions[::ALONE]
    warm_up(setting)
    model = load_bare(setting)
    measured: list[tuple[Collected, Collected]] = []
    bare: list[tuple[Clock, Clock]] = []
    for _ in range(setting.repeats):
        together = collect_tiny(setting, questions, concurrency=setting.concurrency)
        single = collect_tiny(setting, alone, concurrency=1)
        measured.append((together, single))
        batches = decode_bare(model, together.records, setting.concurrency)
        bare.append((batches, decode_bare(model, single.records, 1)))
        report.note(f"{PART}: {together.describe()}")
    _report(report, measured, bare, setting)
    report.note(
        f"{PART}: {len(questions)} questions, {len(alone)} of them also one at a time; both "
        "write the log; bare decoding takes the recorded prompts and lengths, and only decodes"
    )


def load_bare(setting: Setting) -> LlamaForCausalLM:
    """Load the model as `transformers` does."""
    model = LlamaForCausalLM.from_pretrained(setting.model, dtype=torch.float32)
    model.train(False)
    return model


def decode_bare(model: LlamaForCausalLM, records: Sequence[Trajectory], batch: int) -> Clock:
    """Decode all turns of the runs again, and time it.

    Turns of one place are decoded together, as in a loop that waits for all of them, and those of
    like length in one batch, so that little is decoded in vain.
    """
    by_place: dict[int, list[RecordedTurn]] = {}
    for record in records:
        for place, turn in enumerate(recorded_turns(record)):
            by_place.setdefault(place, []).append(turn)
    with Clock() as clock:
        for turns in by_place.values():
            turns.sort(key=lambda turn: turn.length)
            for first in range(0, len(turns), batch):
                _decode(model, turns[first : first + batch])
    return clock


def recorded_turns(record: Trajectory) -> list[RecordedTurn]:
    """List what the model read and how much it made, turn by turn."""
    ids: list[int] = []
    turns: list[RecordedTurn] = []
    for segment in record["transcript"]:
        own = segment.get("token_ids", [])
        if segment["kind"] == "policy":
            turns.append(RecordedTurn(prompt=torch.tensor(ids), length=len(own)))
        ids = ids + own
    return turns


def _decode(model: LlamaForCausalLM, turns: Sequence[RecordedTurn]) -> None:
    pad = torch.nn.utils.rnn.pad_sequence
    prompts = [turn.prompt for turn in turns]
    longest = max(turn.length for turn in turns)
    with torch.inference_mode():
        model.generate(  # type: ignore[misc]  # its protocol of a model fits no model
            pad(prompts, batch_first=True, padding_side="left"),
            attention_mask=pad(
                [torch.ones_like(prompt) for prompt in prompts],
                batch_first=True,
                padding_side="left",
            ),
            min_new_tokens=longest,
            max_new_tokens=longest,
            do_sample=False,
        )


def _report(
    report: Report,
    measured: Sequence[tuple[Collected, Collected]],
    bare: Sequence[tuple[Clock, Clock]],
    setting: Setting,
) -> None:
    size = setting.concurrency
    many = [together.rate for together, _ in measured]
    one = [single.rate for _, single in measured]
    bare_many = [
        len(together.records) / clock.seconds
        for (together, _), (clock, _) in zip(measured, bare, strict=True)
    ]
    bare_one = [
        len(single.records) / clock.seconds
        for (_, single), (_, clock) in zip(measured, bare, strict=True)
    ]
    gains = [a / b for a, b in zip(many, one, strict=True)]
    bare_gains = [a / b for a, b in zip(bare_many, bare_one, strict=True)]
    shares = [a / b for a, b in zip(gains, bare_gains, strict=True)]
    add = report.add
    add(Figure(part=PART, name=f"{size} runs at once", values=many, unit="runs/s"))
    add(Figure(part=PART, name="one at a time", values=one, unit="runs/s"))
    add(Figure(part=PART, name=f"bare, batches of {size}", values=bare_many, unit="runs/s"))
    add(Figure(part=PART, name="bare, one by one", values=bare_one, unit="runs/s"))
    add(Figure(part=PART, name="bare gain", values=bare_gains))
    add(Figure(part=PART, name=f"{size} at once / one", values=gains, least=2.5))
    by_cpu = [together.cpu_rate / single.cpu_rate for together, single in measured]
    add(Figure(part=PART, name=f"{size} at once / one, by CPU time", values=by_cpu))
    add(Figure(part=PART, name="that gain / bare gain", values=shares, least=0.8))
