"""Draws tokens for the rows of a batch, each by its own temperature and its own number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampled:
    """One token for each row."""

    ids: list[int]
    logprobs: list[float]
    """Over the full vocabulary, at the row's temperature (at 1 where that is 0), in float32."""
    valid: list[bool]
    """False for a row whose logits are not numbers."""


def sample_tokens(
    logits: "torch.Tensor",
    temperatures: Sequence[float],
    draws: Sequence[float],
    *,
    top_p: float | None = None,
    top_k: int | None = None,
) -> Sampled:
    """Sample by inversion: a row's token depends on its logits and its draw alone.

    Args:
        logits: Shape (rows, vocabulary).
        temperatures: One for each row; 0 takes the likeliest token.
        draws: One for each row, uniform in [0, 1).
        top_p: Sample from the likeliest tokens that hold this share of probability (nucleus
            sampling, Holtzman et al., 2020).
        top_k: Sample from this many likeliest tokens.
    """
    import torch

    scales = torch.tensor([t or 1.0 for t in temperatures], device=logits.device)
    logprobs = torch.log_softmax(logits.float() / scales[:, None], dim=-1)
    probabilities = logprobs.exp()
    order = None
    if top_p is not None or top_k is not None:
        probabilities, order = _likeliest(probabilities, top_p, top_k)
    # In float64, so that the sum over a large vocabulary leaves no token out.
    cumulative = probabilities.cumsum(-1, dtype=torch.float64)
    total = cumulative[:, -1:]
    goal = torch.tensor(draws, dtype=torch.float64, device=logits.device)[:, None] * total
    goal = torch.minimum(goal, torch.nextafter(total, torch.zeros_like(total)))
    chosen = torch.searchsorted(cumulative, goal, right=True).clamp_(max=logits.shape[-1] - 1)
    if order is not None:
        chosen = order.gather(-1, chosen)
    if 0 in temperatures:
        greedy = torch.tensor([t == 0 for t in temperatures], device=logits.device)
        chosen = torch.where(greedy[:, None], logprobs.argmax(-1, keepdim=True), chosen)
    picked = logprobs.gather(-1, chosen)
    return Sampled(
        ids=chosen[:, 0].tolist(),
        logprobs=picked[:, 0].tolist(),
        valid=total.isfinite()[:, 0].tolist(),
    )


def _likeliest(
    probabilities: "torch.Tensor", top_p: float | None, top_k: int | None
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Sort each row, the likeliest first, and put all that is cut off to 0."""
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    if top_k is not None:
        ordered[:, top_k:] = 0
        ordered = ordered / ordered.sum(-1, keepdim=True)
    if top_p is not None:
        before = ordered.cumsum(-1) - ordered
        ordered = ordered.masked_fill(before >= top_p, 0)
    return ordered, order
