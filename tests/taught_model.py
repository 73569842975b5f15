"""A tiny model that was taught to act: random weights would never search or answer."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tiny_models import Family, TemplateName, tiny_model, tiny_tokenizer

from crosearch.agents.rendering import TranscriptRenderer
from crosearch.agents.transcript import Segment

Transcript = tuple[Segment, ...]


def teach(
    folder: Path,
    transcripts: Sequence[Sequence[Segment]],
    *,
    family: Family = "bytes",
    template: TemplateName = "chatml",
    steps: int = 60,
) -> Path:
    """Write a model into `folder` that has nearly learned the policy's turns of the transcripts."""
    tokenizer = tiny_tokenizer(family, template)
    model = tiny_model(vocabulary=len(tokenizer))
    ends = tokenizer.convert_tokens_to_ids(["</s>", "<|im_end|>"])
    model.generation_config.eos_token_id = ends
    renderer = TranscriptRenderer(tokenizer)
    examples = [renderer.render(transcript) for transcript in transcripts]
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for step in range(steps):
        rendered = examples[step % len(examples)]
        ids = torch.tensor([rendered.ids])
        labels = ids.masked_fill(~torch.tensor([rendered.mask]), -100)
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.train(False)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
