"""What is exported is what TRL's trainers take: each is built on it, and learns from it."""

from pathlib import Path
from typing import Any

import pytest
from recorded_runs import recorded_run
from tiny_models import save_tiny_model, tiny_tokenizer

from crosearch.training.export import (
    GrpoRows,
    PreferenceRows,
    SftRows,
    SftTokenRows,
    export_runs,
)
from crosearch.training.export_rows import RowMaker
from crosearch.training.export_sft import NO_LOSS
from crosearch.training.shards import TrajectoryWriter

MARKED = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content }}<|im_end|>"
    "{% endgeneration %}{% else %}{{ message.content }}<|im_end|>{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A chat template that marks what the assistant says, as TRL's `assistant_only_loss` wants it."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "model", family="bytes")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "log"
    with TrajectoryWriter(folder) as writer:
        for question in ("How long?", "How deep?"):
            for sample, reward in enumerate([1.0, 0.0]):
                writer.append_now(
                    recorded_run(
                        question,
                        sample,
                        answer=f"{reward} km",
                        reward=reward,
                        with_tokens=True,
                    )
                )
    return folder


def exported(log: Path, maker: RowMaker, out: Path) -> Any:
    from datasets import load_from_disk  # type: ignore[import-untyped]  # it ships no types

    export_runs([log], out, maker)
    return load_from_disk(str(out))


def arguments(out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out),
        "max_steps": 1,
        "per_device_train_batch_size": 2,
        "report_to": [],
        "use_cpu": True,
        "save_strategy": "no",
        "disable_tqdm": True,
    }


def test_sft_learns_the_logged_tokens_and_only_the_policys(
    log: Path, model: Path, tmp_path: Path
) -> None:
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    rows = exported(log, SftTokenRows(), tmp_path / "sft")
    trainer = SFTTrainer(
        model=str(model),
        args=SFTConfig(**arguments(tmp_path / "run"), max_length=None),
        train_dataset=rows,
    )
    (batch,) = trainer.get_train_dataloader()
    learnt = {tuple(labels[labels != NO_LOSS].tolist()) for labels in batch["labels"]}
    said = {tuple(label for label in row["labels"] if label != NO_LOSS) for row in rows}
    assert learnt == said
    assert trainer.train().training_loss > 0


def test_sft_learns_messages_and_only_the_assistants(
    log: Path, model: Path, tmp_path: Path
) -> None:
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    tokenizer = tiny_tokenizer("bytes")
    tokenizer.chat_template = MARKED
    trainer = SFTTrainer(
        model=str(model),
        args=SFTConfig(**arguments(tmp_path / "run"), max_length=None, assistant_only_loss=True),
        train_dataset=exported(log, SftRows(), tmp_path / "sft"),
        processing_class=tokenizer,
    )
    (batch,) = trainer.get_train_dataloader()
    learnt = tokenizer.decode(batch["labels"][0][batch["labels"][0] != NO_LOSS])
    assert "<search" in learnt and "<answer>" in learnt
    assert "Der Rhein ist" not in learnt and "Question" not in learnt
    assert trainer.train().training_loss > 0


@pytest.mark.parametrize("whole_runs", [False, True])
def test_dpo_takes_pairs_and_by_default_learns_no_evidence(
    log: Path, model: Path, tmp_path: Path, whole_runs: bool
) -> None:
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    trainer = DPOTrainer(
        model=str(model),
        args=DPOConfig(**arguments(tmp_path / "run"), max_length=None),
        train_dataset=exported(log, PreferenceRows(whole_runs=whole_runs), tmp_path / "pairs"),
    )
    (batch,) = trainer.get_train_dataloader()
    tokenizer = tiny_tokenizer("bytes")
    learnt = tokenizer.decode(batch["input_ids"][0][batch["completion_mask"][0] == 1])
    assert "<answer>1.0 km" in learnt
    assert ("Der Rhein ist" in learnt) == whole_runs
    assert trainer.train().training_loss > 0


def test_grpo_hands_groups_and_gold_answers_to_the_rewards(
    log: Path, model: Path, tmp_path: Path
) -> None:
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    seen: list[tuple[str, list[str]]] = []

    def reward(completions: list[Any], **columns: Any) -> list[float | None]:
        seen.extend(zip(columns["group"], columns["answers"], strict=True))
        return [float(len(completion[0]["content"])) for completion in completions]

    trainer = GRPOTrainer(
        model=str(model),
        reward_funcs=reward,
        args=GRPOConfig(**arguments(tmp_path / "run"), num_generations=2, max_completion_length=4),
        train_dataset=exported(log, GrpoRows(), tmp_path / "prompts"),
    )
    trainer.train()
    assert len({group for group, _ in seen}) == 1 and len(seen) == 2
    assert all(answers == ["1233 kilometres"] for _, answers in seen)
