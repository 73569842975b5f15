"""The trainer trains on the tokens it is given, and on nothing that cannot be scored."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from grpo_parts import (
    BySample,
    FixedGroups,
    RecordingTrainer,
    fixed_settings,
    fixed_trainer,
    rollouts,
    weights_of,
)
from tiny_models import tiny_model, tiny_tokenizer

from crosearch.tools.errors import CroSearchError, TrainingError
from crosearch.training.grpo_settings import LOSS_TYPES, LossType
from crosearch.training.rollouts import Rollout
from crosearch.training.trajectories import Trajectory
from crosearch.training.watching import GroupResult

pytestmark = pytest.mark.usefixtures("one_thread")

ASKED = "How long is the Rhine?"
ANSWERS = ("1233 km", "it is not told", "very long indeed", "865 miles")
REWARDS = (1.0, 0.1, 0.0, 0.7)


def trained(
    group: list[Rollout], tmp_path: Path, *, size: int | None = None, **changes: Any
) -> RecordingTrainer:
    """Train a step on one group; plain gradient descent."""
    source = FixedGroups({ASKED: group}, size or len(group))
    trainer = fixed_trainer(source, BySample(*REWARDS), fixed_settings(tmp_path, **changes))
    trainer.watch_gradients()
    trainer.train()
    return trainer


def loss_of(trainer: RecordingTrainer) -> float:
    return float(trainer.state.log_history[0]["loss"])


def rows_of(trainer: RecordingTrainer) -> list[tuple[list[int], list[int], list[int], list[float]]]:
    """List the rows of a trainer's batches: prompt, completion, mask, old log-probabilities."""
    rows = []
    for batch in trainer.batches:
        for row in range(len(batch["prompt_ids"])):
            prompt = batch["prompt_ids"][row][batch["prompt_mask"][row].bool()]
            there = batch["completion_mask"][row].bool()
            fields = (batch["completion_ids"], batch["tool_mask"], batch["old_per_token_logps"])
            completion, mask, logps = (field[row][there].tolist() for field in fields)
            rows.append((prompt.tolist(), completion, mask, logps))
    return sorted(rows)


def tokens_of(rollout: Rollout) -> list[int]:
    return [*rollout.prompt_ids, *rollout.completion_ids]


def test_the_batch_holds_the_ids_the_mask_and_the_log_probabilities_of_the_runs(
    tmp_path: Path,
) -> None:
    group = rollouts(ASKED, *ANSWERS)
    given = sorted(
        (list(r.prompt_ids), list(r.completion_ids), [int(own) for own in r.mask], list(r.logprobs))
        for r in group
    )
    assert rows_of(trained(group, tmp_path)) == given


def test_no_gradient_comes_back_to_the_logits_of_evidence_prompt_or_padding(
    tmp_path: Path,
) -> None:
    group = rollouts(ASKED, *ANSWERS)
    trainer = trained(group, tmp_path, clip=1.0, clip_high=1e6)
    (gradient,), (read,) = trainer.gradients, trainer.read
    predicts = torch.zeros(read.shape, dtype=torch.bool)
    for row, ids in enumerate(read.tolist()):
        rollout = next(r for r in group if ids[: len(tokens_of(r))] == tokens_of(r))
        # The logits of a token are made from the hidden state before it.
        start = len(rollout.prompt_ids) - 1
        predicts[row, start : start + len(rollout.mask)] = torch.tensor(rollout.mask)
    assert predicts.sum() == sum(sum(rollout.mask) for rollout in group)
    assert torch.equal(gradient[~predicts], torch.zeros_like(gradient[~predicts]))
    assert (gradient[predicts].abs().sum(-1) > 0).all()


def test_a_recorded_log_probability_changes_the_loss(tmp_path: Path) -> None:
    group = rollouts(ASKED, *ANSWERS)
    perturbed = [replace(group[0], logprobs=tuple(p and p - 0.05 for p in group[0].logprobs))]
    as_recorded = trained(group, tmp_path, clip=0.9, clip_high=1e6)
    otherwise = trained([*perturbed, *group[1:]], tmp_path, clip=0.9, clip_high=1e6)
    assert loss_of(as_recorded) != pytest.approx(loss_of(otherwise), rel=1e-4)


def test_the_ratio_is_taken_to_the_recorded_policy(tmp_path: Path) -> None:
    ratios: list[torch.Tensor] = []

    class Watching:
        def on_groups(self, groups: Any) -> None:
            pass

        def on_ratios(self, log_ratios: torch.Tensor, mask: torch.Tensor) -> None:
            ratios.append(log_ratios[mask.bool()])

    group = rollouts(ASKED, *ANSWERS)
    source = FixedGroups({ASKED: group}, 4)
    settings = fixed_settings(tmp_path)
    trainer = fixed_trainer(source, BySample(*REWARDS), settings, watchers=[Watching()])
    model = tiny_model(vocabulary=len(tiny_tokenizer()))
    trainer.train()
    expected = []
    for rollout in group:
        ids = torch.tensor([*rollout.prompt_ids, *rollout.completion_ids])
        with torch.no_grad():
            logits = model(input_ids=ids[None]).logits[0, :-1].log_softmax(-1)
        fresh = logits.gather(-1, ids[1:, None])[len(rollout.prompt_ids) - 1 :, 0]
        recorded = torch.tensor(rollout.logprobs)
        expected.append((fresh - recorded)[torch.tensor(rollout.mask)])
    assert torch.allclose(
        torch.cat(ratios).sort().values, torch.cat(expected).sort().values, atol=1e-3
    )


@pytest.mark.parametrize("loss", LOSS_TYPES)
def test_an_unscorable_run_changes_nothing_whatever_the_loss(
    loss: LossType, tmp_path: Path
) -> None:
    """The machine failed the last one in one language; without it the group has three."""
    with_it = rollouts(ASKED, *ANSWERS, failed=[3])
    without_it = rollouts(ASKED, *ANSWERS[:3])
    losses, ends = [], []
    for group, micro_batch in ((with_it, 4), (without_it, 3)):
        settings = fixed_settings(tmp_path, loss=loss, beta=0.1, micro_batch=micro_batch)
        source = FixedGroups({ASKED: group}, len(group))
        trainer = fixed_trainer(
            source, BySample(*REWARDS), settings, reference=tmp_path / "reference"
        )
        trainer.train()
        losses.append(loss_of(trainer))
        ends.append(weights_of(trainer.network))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5, abs=1e-7)
    assert torch.allclose(ends[0], ends[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", ["grpo", "dr_grpo", "dapo", "sapo", "cispo"])
def test_nor_does_it_over_several_micro_batches(loss: LossType, tmp_path: Path) -> None:
    with_it = trained(rollouts(ASKED, *ANSWERS, failed=[3]), tmp_path, loss=loss, micro_batch=2)
    without_it = trained(rollouts(ASKED, *ANSWERS[:3]), tmp_path, loss=loss, micro_batch=3)
    assert loss_of(with_it) == pytest.approx(loss_of(without_it), rel=1e-5, abs=1e-7)
    assert torch.allclose(
        weights_of(with_it.network), weights_of(without_it.network), rtol=1e-4, atol=1e-6
    )


def test_a_run_that_the_reward_cannot_score_is_left_out_as_well(tmp_path: Path) -> None:
    group = rollouts(ASKED, *ANSWERS)
    settings = fixed_settings(tmp_path)
    left_out = fixed_trainer(
        FixedGroups({ASKED: group}, 4), BySample(1.0, 0.1, 0.0, None), settings
    )
    left_out.train()
    without_it = trained(group[:3], tmp_path, micro_batch=3)
    assert torch.allclose(
        weights_of(left_out.network), weights_of(without_it.network), rtol=1e-4, atol=1e-6
    )


def test_advantages_compare_the_scorable_members_alone(tmp_path: Path) -> None:
    seen: list[GroupResult] = []

    class Watching:
        def on_groups(self, groups: Any) -> None:
            seen.extend(groups)

        def on_ratios(self, log_ratios: Any, mask: Any) -> None:
            pass

    group = rollouts(ASKED, *ANSWERS, failed=[1])
    source = FixedGroups({ASKED: group}, 4)
    trainer = fixed_trainer(
        source, BySample(*REWARDS), fixed_settings(tmp_path), watchers=[Watching()]
    )
    trainer.train()
    (result,) = seen
    scores = torch.tensor([1.0, 0.0, 0.7])
    wanted = (scores - scores.mean()) / (scores.std() + 1e-4)
    assert [a for at, a in enumerate(result.advantages) if at != 1] == pytest.approx(
        wanted.tolist(), rel=1e-4
    )
    assert result.advantages[1] == 0.0
    assert result.rewards[1] is None and result.rollouts[1] is group[1]


def test_a_group_with_fewer_than_two_scorable_members_is_dropped(tmp_path: Path) -> None:
    other = "How deep is Lake Neusiedl?"
    lonely = rollouts(other, *ANSWERS, failed=[0, 1, 3])
    group = rollouts(ASKED, *ANSWERS)
    both = FixedGroups({ASKED: group, other: lonely}, 4)
    trainer = fixed_trainer(both, BySample(*REWARDS), fixed_settings(tmp_path, groups=2))
    trainer.train()
    alone = trained(group, tmp_path)
    assert torch.allclose(
        weights_of(trainer.network), weights_of(alone.network), rtol=1e-4, atol=1e-6
    )


def test_a_group_may_lack_members(tmp_path: Path) -> None:
    group = rollouts(ASKED, *ANSWERS[:3])
    short = trained(group, tmp_path, size=4)
    whole = trained(group, tmp_path, micro_batch=3)
    assert torch.allclose(
        weights_of(short.network), weights_of(whole.network), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("loss", ["grpo", "dapo"])
def test_where_nothing_counts_the_weights_stay_as_they_are(loss: LossType, tmp_path: Path) -> None:
    """Even an optimizer with momentum leaves them."""
    settings = fixed_settings(tmp_path, loss=loss, steps=2)
    first, second = "How long is the Rhine?", "How wide is it?"
    groups = {first: rollouts(first, *ANSWERS), second: rollouts(second, *ANSWERS, failed=range(4))}
    source = FixedGroups(groups, 4)
    trainer = fixed_trainer(source, BySample(*REWARDS), settings)
    trainer.args.optim = "adamw_torch"
    states: list[torch.Tensor] = []

    class Watching:
        def on_groups(self, groups: Any) -> None:
            states.append(weights_of(trainer.network))

        def on_ratios(self, log_ratios: Any, mask: Any) -> None:
            pass

    trainer._watchers = [Watching()]
    trainer.train()
    states.append(weights_of(trainer.network))
    barren = [request.question.text for request in source.asked].index(second)
    assert torch.equal(states[barren], states[barren + 1])
    assert not torch.equal(states[1 - barren], states[2 - barren])


def test_groups_of_more_members_than_asked_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="1 groups of at most 2 were asked for, and 1 of 4"):
        trained(rollouts(ASKED, *ANSWERS), tmp_path, size=2, micro_batch=2)


class _Raises(BySample):
    def score(self, records: Any) -> Any:
        raise ZeroDivisionError("division by zero")


class _Miscounts(BySample):
    def score(self, records: Any) -> Any:
        return super().score(records)[1:]


@pytest.mark.parametrize(
    ("reward", "message"),
    [
        (BySample(1.0, float("nan"), 0.0, 0.0), r"the reward 'total' of a run of .* is nan"),
        (BySample(1.0, float("inf"), 0.0, 0.0), r"is inf: it must be a number"),
        (_Raises(), "the reward failed on the runs of 'How long.*ZeroDivisionError"),
        (_Miscounts(*REWARDS), "gave 3 scores for 4 runs"),
    ],
)
def test_a_reward_that_fails_is_told_by_its_name(
    reward: BySample, message: str, tmp_path: Path
) -> None:
    source = FixedGroups({ASKED: rollouts(ASKED, *ANSWERS)}, 4)
    with pytest.raises(TrainingError, match=message):
        fixed_trainer(source, reward, fixed_settings(tmp_path)).train()


def test_a_loss_that_is_no_number_ends_the_training_at_once(tmp_path: Path) -> None:
    group = rollouts(ASKED, *ANSWERS)
    source = FixedGroups({ASKED: group}, 4)
    model = tiny_model(vocabulary=len(tiny_tokenizer()))
    with torch.no_grad():
        model.lm_head.weight[5] = float("nan")
    trainer = fixed_trainer(source, BySample(*REWARDS), fixed_settings(tmp_path), model=model)
    with pytest.raises(TrainingError, match=r"loss of step 1 is nan.*learning rate below 0.05"):
        trainer.train()


def test_out_of_memory_says_what_to_change(tmp_path: Path) -> None:
    class Exhausted(RecordingTrainer):
        def _compute_loss(self, model: Any, inputs: Any) -> Any:
            raise torch.OutOfMemoryError("CUDA out of memory")

    source = FixedGroups({ASKED: rollouts(ASKED, *ANSWERS)}, 4)
    trainer = fixed_trainer(source, BySample(*REWARDS), fixed_settings(tmp_path))
    trainer.__class__ = Exhausted
    with pytest.raises(TrainingError, match=r"out of memory in step 1, with 4 rollouts.*smaller"):
        trainer.train()


def test_errors_of_ours_are_passed_on_as_they_are(tmp_path: Path) -> None:
    class Refuses(FixedGroups):
        def __call__(self, requests: Any) -> Any:
            raise CroSearchError("the log is gone")

    source = Refuses({ASKED: rollouts(ASKED, *ANSWERS)}, 4)
    with pytest.raises(CroSearchError, match="the log is gone"):
        fixed_trainer(source, BySample(*REWARDS), fixed_settings(tmp_path)).train()


def test_the_reward_sees_what_it_gave_and_the_metrics_are_logged(tmp_path: Path) -> None:
    reward = BySample(*REWARDS)
    source = FixedGroups({ASKED: rollouts(ASKED, *ANSWERS, failed=[2])}, 4)
    trainer = fixed_trainer(source, reward, fixed_settings(tmp_path))
    trainer.train()
    logged = trainer.state.log_history[0]
    assert reward.seen == 4
    assert logged["reward"] == pytest.approx((1.0 + 0.1 + 0.7) / 3)
    assert not [name for name in logged if name.startswith(("completions/", "rewards/"))]


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({}, [1.0] * 6),
        ({"warmup": 2}, [0.0, 0.5, 1.0, 1.0, 1.0, 1.0]),
        ({"warmup": 1, "cooldown": 2}, [0.0, 1.0, 1.0, 1.0, 1.0, 0.5]),
        ({"cooldown": 4}, [1.0, 1.0, 1.0, 0.854, 0.5, 0.146]),
    ],
)
def test_the_rate_rises_stays_and_falls(
    changes: dict[str, int], rates: list[float], tmp_path: Path
) -> None:
    trainer = trained(rollouts(ASKED, *ANSWERS), tmp_path, steps=6, learning_rate=1e-3, **changes)
    steps = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert [step["learning_rate"] * 1e3 for step in steps] == pytest.approx(rates, abs=1e-3)


def test_scores_of_a_record_are_untouched_by_training(tmp_path: Path) -> None:
    group = rollouts(ASKED, *ANSWERS)
    before: list[Trajectory] = [{**rollout.record} for rollout in group]
    trained(group, tmp_path)
    assert [rollout.record for rollout in group] == before
