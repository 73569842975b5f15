"""What the tests of GRPO are made of: groups that are fixed beforehand, and trainers on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from recorded_runs import TIMEOUT, recorded_run
from tiny_models import tiny_model, tiny_tokenizer
from torch import Tensor, nn
from transformers import (
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Qwen2ForCausalLM,
)

from crosearch.training.grpo_arguments import trl_arguments
from crosearch.training.grpo_batches import MicroSteps, QuestionDraw
from crosearch.training.grpo_scoring import Scores
from crosearch.training.grpo_settings import GrpoSettings, lay_out
from crosearch.training.grpo_trainer import Batch, GraphGRPOTrainer
from crosearch.training.questions import Question
from crosearch.training.rollouts import GroupRequest, Rollout, scored_rollout
from crosearch.training.trajectories import Json, Trajectory

TinyModel = LlamaForCausalLM | Qwen2ForCausalLM


class FixedGroups:
    """A source that gives each question the group that was made for it."""

    def __init__(self, groups: Mapping[str, Sequence[Rollout]], size: int) -> None:
        self.groups = groups
        self.questions = [Question(text=question) for question in groups]
        self.group_size = size
        self.asked: list[GroupRequest] = []

    def bind(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        pass

    def __call__(self, requests: Sequence[GroupRequest]) -> list[list[Rollout]]:
        self.asked += requests
        return [list(self.groups[request.question.text]) for request in requests]


class BySample:
    """Rewards the runs of every group by their sample's number; what is None is not scorable."""

    def __init__(self, *totals: float | None) -> None:
        self.totals = totals
        self.seen = 0

    def score(self, records: Sequence[Trajectory]) -> list[Scores | None]:
        return [self._scores(record["sample"]) for record in records]

    def observe(self, scores: Sequence[Mapping[str, float] | None]) -> None:
        self.seen += len(scores)

    def state(self) -> dict[str, Json]:
        return {"seen": self.seen}

    def load_state(self, state: Mapping[str, Json]) -> None:
        assert isinstance(state["seen"], int)
        self.seen = state["seen"]

    def _scores(self, sample: int) -> Scores | None:
        total = self.totals[sample]
        return None if total is None else {"total": total}


class RecordingTrainer(GraphGRPOTrainer):
    """Remembers its micro-batches, and the gradients that come back to the last hidden states."""

    batches: list[Batch]
    read: list[Tensor]
    """The tokens that the model read, row by row as it read them."""
    gradients: list[Tensor]

    def _compute_loss(self, model: nn.Module, inputs: Batch) -> Tensor:
        self.batches = [*getattr(self, "batches", []), inputs]
        return super()._compute_loss(model, inputs)

    def watch_gradients(self) -> None:
        self.gradients, self.read = [], []

        def keep(module: nn.Module, inputs: Any, given: Any, output: Any) -> None:
            if output.last_hidden_state.requires_grad:
                self.read.append(given["input_ids"])
                output.last_hidden_state.register_hook(self.gradients.append)

        self.network.get_submodule("model").register_forward_hook(keep, with_kwargs=True)


def rollouts(question: str, *answers: str, failed: Sequence[int] = ()) -> list[Rollout]:
    """Make a group: a run for each answer, some of which the machine failed in one language."""
    return [
        scored_rollout(
            recorded_run(
                question,
                sample,
                answer=answer,
                with_tokens=True,
                failures=[TIMEOUT] if sample in failed else [],
            )
        )
        for sample, answer in enumerate(answers)
    ]


def fixed_settings(out: Path, **changes: Any) -> GrpoSettings:
    """Settings of a step on fixed groups."""
    values: dict[str, Any] = {
        "policy": "", "questions": "", "out": out, "groups": 1, "micro_batch": 4, "steps": 1,
        "every": 1, "learning_rate": 0.05, "max_tokens": 64, "max_grad_norm": 1e9,
    }  # fmt: skip
    return GrpoSettings(**{**values, **changes})


def fixed_trainer(
    source: FixedGroups,
    reward: BySample,
    settings: GrpoSettings,
    *,
    model: TinyModel | None = None,
    reference: Path | None = None,
    **options: Any,
) -> RecordingTrainer:
    """Make a trainer whose steps are those of plain gradient descent.

    Args:
        reference: A folder to write the model into, for the reference to be read from.
    """
    tokenizer = tiny_tokenizer()
    model = model or tiny_model(vocabulary=len(tokenizer))
    if reference is not None:
        model.save_pretrained(reference)
        model.config.name_or_path = str(reference)
    layout = lay_out(settings, size=source.group_size, processes=1)
    arguments = trl_arguments(settings, layout, settings.out)
    arguments.optim = "sgd"
    arguments.save_strategy = "no"
    return RecordingTrainer(
        model,
        tokenizer,
        source=source,
        reward=reward,
        steps=MicroSteps(
            QuestionDraw(source.questions, 0), layout, steps=settings.steps, passes=1,
            process=0, of=1,
        ),
        layout=layout,
        arguments=arguments,
        **options,
    )  # fmt: skip


def weights_of(model: nn.Module) -> Tensor:
    """Return a model's weights, one after the other."""
    return torch.cat([weight.detach().flatten().clone() for weight in model.parameters()])
