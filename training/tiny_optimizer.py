"""The tiny policy's optimizer: Muon for the layers' matrices, AdamW for all else.

Muon makes each update of a matrix as strong in all its directions (Keller Jordan, 2024). With it
the tiny policy copies out of its evidence after a third of the steps that AdamW alone takes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_MUON_RATE = 10.0
"""Muon's rate, in AdamW's."""
_DECAY = 0.01


class TinyOptimizer:
    """Two optimizers that share a model's weights, and take their steps together."""

    def __init__(self, model: "PreTrainedModel") -> None:
        """Share out the model's weights."""
        import torch

        self._names: dict[torch.Tensor, str] = {w: name for name, w in model.named_parameters()}
        embeddings = model.get_input_embeddings().weight
        # The head's, too: the two are tied.
        self._embeddings = next(weight for weight in self._names if weight is embeddings)
        matrices = [w for w in self._names if w.ndim == 2 and w is not embeddings]
        others = [w for w in self._names if w.ndim != 2 or w is embeddings]
        self._parts: tuple[tuple[torch.optim.Optimizer, float], ...] = (
            (torch.optim.Muon(matrices, lr=0.0, weight_decay=_DECAY), _MUON_RATE),
            (torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.98), weight_decay=_DECAY), 1.0),
        )

    def step(self, rate: float, held: "torch.Tensor") -> None:
        """Change the weights by their gradients, and forget these.

        The embeddings of pieces that the batch does not hold rest. The head pushes each of them a
        little, of which AdamW makes a step as large as any, and rare pieces drift to where the
        model cannot copy them any more.

        Args:
            rate: AdamW's learning rate; Muon's is ten times as high.
            held: The pieces that the batch holds, in any order, as often as they come; of int64.
        """
        import torch

        resting = torch.ones(len(self._embeddings), dtype=torch.bool)
        resting[held] = False
        kept = self._embeddings.detach()[resting]
        for optimizer, times in self._parts:
            for group in optimizer.param_groups:
                group["lr"] = rate * times
            optimizer.step()
            optimizer.zero_grad()
        with torch.no_grad():
            self._embeddings[resting] = kept

    def tensors(self) -> "dict[str, torch.Tensor]":
        """Return what it has to remember, named by the weight and by what it is of it."""
        return {
            f"{self._names[weight]}/{key}": value.contiguous()
            for optimizer, _ in self._parts
            for weight, state in optimizer.state.items()
            for key, value in state.items()
        }

    def load(self, tensors: "Mapping[str, torch.Tensor]") -> None:
        """Remember what another one had to.

        Args:
            tensors: Its `tensors()`.
        """
        for optimizer, _ in self._parts:
            for weight in optimizer.param_groups[0]["params"]:
                start = f"{self._names[weight]}/"
                held = {n[len(start) :]: v for n, v in tensors.items() if n.startswith(start)}
                if held:
                    optimizer.state[weight] = held
