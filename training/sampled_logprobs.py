"""Log-probabilities of what a policy sampled, computed at those tokens alone.

TRL's fused head does so on a GPU. Elsewhere it projects every token onto the vocabulary, the
evidence with them, which takes a small model longer than all of its layers.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from trl.trainer.utils import FusedCausalLMOutput

_SCALED = (
    "final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier",
    "logits_scaling",
)  # fmt: skip
"""Settings of models whose logits are more than a projection: they keep TRL's head."""


_PLAIN = {"input_ids", "attention_mask", "labels", "fused_lm_head"}
_BATCH_TOKENS = 4_096
"""Tokens, with padding, that are read at a time."""


def score_sampled_only(model: PreTrainedModel, temperature: float) -> None:
    """Give a model on a CPU a head that looks at labelled positions only.

    `model(labels=…, fused_lm_head=True)` returns what TRL's fused head does; every other call goes
    to it as before. Rows may be padded on both sides, and are read without: next to others of like
    lengths, with nothing masked, which a CPU does twice as fast.

    Args:
        model: A causal model that TRL has given its head; it is changed.
        temperature: What logits are divided by.
    """
    config = model.config.get_text_config()
    if any(getattr(config, name, None) is not None for name in _SCALED):
        return
    fused: Callable[..., Any] = model.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        given = {name: value for name, value in kwargs.items() if value is not None}
        is_plain = not args and given.keys() == _PLAIN and kwargs["fused_lm_head"]
        if not is_plain or kwargs["labels"].device.type != "cpu":
            return fused(*args, **kwargs)
        ids, attention, labels = (given[n] for n in ("input_ids", "attention_mask", "labels"))
        return _score(model, temperature, ids, attention, labels)

    model.forward = forward


def _score(
    model: PreTrainedModel, temperature: float, ids: Tensor, attention: Tensor, labels: Tensor
) -> FusedCausalLMOutput:
    found_head = model.get_output_embeddings()  # type: ignore[no-untyped-call]  # transformers' own
    head = cast(nn.Module, found_head)
    shape = labels[:, 1:].shape
    log_probs, entropies = ids.new_zeros((2, *shape), dtype=torch.float32)
    for rows, columns, is_read in _batches(attention):
        read = labels[rows, columns].masked_fill(~is_read, -100)[:, 1:]
        hidden: Tensor = model.base_model(
            input_ids=ids[rows, columns], use_cache=False
        ).last_hidden_state
        mask = read != -100
        logits: Tensor = head(hidden[:, :-1][mask]).float() / temperature
        everywhere = logits.log_softmax(-1)
        found = everywhere.gather(-1, read[mask][:, None])[:, 0]
        place = rows.expand_as(mask)[mask], columns[:, :-1][mask]
        log_probs = log_probs.index_put(place, found)
        entropy = -(everywhere.detach().exp() * everywhere.detach()).sum(-1)
        entropies = entropies.index_put(place, entropy)
        # This keeps the output connected to the model even where nothing is labelled.
        log_probs = log_probs + 0.0 * hidden.sum()
    loss = -log_probs.sum() / (labels[:, 1:] != -100).sum().clamp(min=1)
    return FusedCausalLMOutput(loss=loss, log_probs=log_probs, entropy=entropies)


def _batches(attention: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Put rows of like lengths together, each from its first token on.

    Args:
        attention: 1 where a token is read, in one stretch of each row, shape (n, width).

    Yields:
        Numbers of rows, shape (m, 1); the columns of their tokens, and which of them are no
        padding, shape (m, longest).
    """
    starts, lengths = attention.argmax(dim=1), attention.sum(dim=1).clamp(min=1)
    order = lengths.argsort(descending=True)
    while len(order):
        longest = int(lengths[order[0]])
        count = max(1, _BATCH_TOKENS // longest)
        taken, order = order[:count], order[count:]
        places = torch.arange(longest)[None]
        columns = (starts[taken][:, None] + places).clamp(max=attention.shape[1] - 1)
        yield taken[:, None], columns, places < lengths[taken][:, None]
