"""What TRL is told: its own arguments, from the settings of a training."""

from pathlib import Path

import torch
from trl.trainer.grpo_config import GRPOConfig

from crosearch.training.grpo_settings import GrpoSettings, Layout


def trl_arguments(settings: GrpoSettings, layout: Layout, folder: Path) -> GRPOConfig:
    """Return TRL's arguments: checkpoints in a folder, and no reports to anyone."""
    on_gpu = torch.cuda.is_available()
    return GRPOConfig(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.micro_batch,
        gradient_accumulation_steps=layout.accumulation,
        steps_per_generation=layout.micro_batches,
        num_iterations=settings.passes,
        num_generations=layout.size,
        temperature=settings.temperature,
        max_completion_length=settings.max_tokens * settings.context.max_turns,
        learning_rate=settings.rate,
        lr_scheduler_type="warmup_stable_decay",
        lr_scheduler_kwargs={"num_decay_steps": settings.cooldown},
        warmup_steps=settings.warmup,
        weight_decay=0.0,
        max_grad_norm=settings.max_grad_norm,
        beta=settings.beta,
        loss_type=settings.loss,
        epsilon=settings.clip,
        epsilon_high=settings.clip_high,
        scale_rewards=settings.scale,
        importance_sampling_level="sequence" if settings.loss == "luspo" else "token",
        use_vllm=bool(settings.vllm),
        vllm_mode="server",
        vllm_server_base_url=settings.vllm or None,
        # The recorded log-probabilities are the server's: the ratio corrects for it already.
        vllm_importance_sampling_correction=False,
        # Rollouts are sampled without dropout.
        disable_dropout=True,
        gradient_checkpointing=settings.gradient_checkpointing,
        bf16=on_gpu and torch.cuda.is_bf16_supported(),
        use_cpu=not on_gpu,
        ddp_find_unused_parameters=False,
        seed=settings.seed,
        save_strategy="steps",
        save_steps=settings.every,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
