"""The head that looks at sampled tokens only tells what TRL's tells, forwards and backwards."""

from typing import Literal

import pytest
import torch
from tiny_models import tiny_model
from torch import Tensor
from trl.trainer.utils import add_fused_lm_head

from crosearch.training import sampled_logprobs
from crosearch.training.sampled_logprobs import score_sampled_only

pytestmark = pytest.mark.usefixtures("one_thread")


def scored(
    kind: Literal["llama", "qwen"], labels: Tensor, attention: Tensor, ids: Tensor, *, ours: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return log-probabilities and entropies where labelled, and the embeddings' gradient."""
    model = tiny_model(kind)
    add_fused_lm_head(model, temperature=0.7, outputs=("log_probs", "entropy"))
    if ours:
        score_sampled_only(model, 0.7)
    found = model(input_ids=ids, attention_mask=attention, labels=labels, fused_lm_head=True)
    weights = torch.linspace(-1, 1, found.log_probs.numel()).view_as(found.log_probs)
    (found.log_probs * weights).sum().backward()
    gradient = model.get_input_embeddings().weight.grad
    assert isinstance(gradient, Tensor)
    return found.log_probs.detach(), found.entropy.detach(), gradient


@pytest.mark.parametrize("kind", ["llama", "qwen"])
@pytest.mark.parametrize("labelled", ["some", "none", "all"])
def test_it_tells_what_trls_head_tells(kind: Literal["llama", "qwen"], labelled: str) -> None:
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 600, (4, 20), generator=draw)
    attention = torch.ones_like(ids)
    for row, (left, right) in enumerate([(0, 20), (6, 18), (3, 12), (8, 20)]):
        attention[row, :left] = attention[row, right:] = 0
    labels = ids.masked_fill(attention == 0, -100)
    for row in range(4):
        labels[row, attention[row].argmax()] = -100  # nothing stands before it to tell it by
    if labelled != "all":
        labels[:, : 10 if labelled == "some" else 20] = -100
    for own, trl in zip(
        scored(kind, labels, attention, ids, ours=True),
        scored(kind, labels, attention, ids, ours=False),
        strict=True,
    ):
        assert torch.allclose(own, trl, atol=1e-4, rtol=1e-4)


def test_rows_are_read_a_few_at_a_time_where_they_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.randint(0, 600, (5, 16), generator=torch.Generator().manual_seed(1))
    attention = torch.ones_like(ids)
    attention[1, 9:] = attention[4, :4] = 0
    labels = ids.masked_fill(attention == 0, -100)
    at_once = scored("qwen", labels, attention, ids, ours=True)
    monkeypatch.setattr(sampled_logprobs, "_BATCH_TOKENS", 20)
    one_by_one = scored("qwen", labels, attention, ids, ours=True)
    for together, apart in zip(at_once, one_by_one, strict=True):
        assert torch.allclose(together, apart, atol=1e-5, rtol=1e-4)


def test_other_calls_go_to_the_model_as_before() -> None:
    model, other = tiny_model(), tiny_model()
    add_fused_lm_head(model)
    score_sampled_only(model, 1.0)
    ids = torch.arange(8)[None]
    assert torch.equal(model(input_ids=ids).logits, other(input_ids=ids).logits)
    assert torch.equal(model(input_ids=ids, labels=ids).loss, other(input_ids=ids, labels=ids).loss)


def test_a_model_that_changes_its_logits_keeps_trls_head() -> None:
    model = tiny_model()
    model.config.final_logit_softcapping = 30.0
    add_fused_lm_head(model)
    forward = model.forward
    score_sampled_only(model, 1.0)
    assert model.forward == forward
