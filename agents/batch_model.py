"""Runs a causal language model over rows that each stand at a place of their own."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from crosearch.agents.kv_cache import KeyValues, RowCache
from crosearch.tools.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel

_BLOCK = 1_024
"""How many tokens of a row are computed at once while it is read."""

_ATTENTION = ("full_attention", "sliding_attention")

_CHECKED_TOKENS = 8


class BatchModel:
    """A model and the cache of its rows; one thread at a time may use it."""

    def __init__(self, model: "PreTrainedModel") -> None:
        """Check that the model's layers are attention, which rows of a shared cache need.

        Raises:
            UsageError: They are not, or the model cannot be run in this way.
        """
        self.model = model
        self.config: PreTrainedConfig = model.config.get_text_config()
        self.name = _name(model)
        self._windows = _windows(self.config, self.name)
        parameters = inspect.signature(_unwrapped(model).forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in parameters else {}
        self.cache = self._empty_cache()
        self.bytes_per_token = self._check()

    @property
    def context(self) -> int | None:
        """How many tokens the model can read; None where its configuration sets no end."""
        length = getattr(self.config, "max_position_embeddings", None)
        return length if isinstance(length, int) and length > 0 else None

    def reset(self) -> None:
        """Forget all rows, after a failure that may have left them half-written."""
        self.cache = self._empty_cache()

    def place(self, slot: int, states: KeyValues, length: int) -> None:
        """Begin a row with the first `length` tokens of what was computed before."""
        self.cache.reserve(slot + 1, length)
        self.cache.place(slot, states, length)

    def read(self, first: int, tokens: Sequence[Sequence[int]], starts: Sequence[int]) -> None:
        """Compute the keys and values of rows' new tokens.

        Args:
            first: The slot of the first row; the others follow it.
            tokens: Each row's new tokens.
            starts: For each row, the position of its first new token.
        """
        longest = max(map(len, tokens))
        self.cache.reserve(first + len(tokens), max(starts) + longest)
        for begin in range(0, longest, _BLOCK):
            length = min(_BLOCK, longest - begin)
            block = [list(row[begin : begin + length]) for row in tokens]
            padded = [row + [0] * (length - len(row)) for row in block]
            at = [start + begin for start in starts]
            # What is written for padding is overwritten before it is ever seen.
            last = [max(start + len(row) - 1, 0) for start, row in zip(starts, tokens, strict=True)]
            positions = torch.tensor(at)[:, None] + torch.arange(length)
            positions = positions.clamp(max=torch.tensor(last)[:, None])
            mask = self.cache.open_block(first, at, length)
            self._forward(torch.tensor(padded), positions, mask)

    def step(self, tokens: Sequence[int], positions: Sequence[int]) -> "Tensor":
        """Compute one token of each row; return the logits that follow, (rows, vocabulary)."""
        self.cache.reserve(len(tokens), max(positions) + 1)
        mask = self.cache.open_block(0, positions, 1)
        both = torch.tensor([tokens, positions])[:, :, None]
        return self._forward(both[0], both[1], mask)

    def _forward(self, tokens: "Tensor", positions: "Tensor", mask: "Tensor") -> "Tensor":
        device = self.model.device
        tokens, positions = tokens.to(device), positions.to(device)
        output = self.model(
            input_ids=tokens,
            attention_mask=self._masks(mask, positions),
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            **self._last_only,
        )
        logits: Tensor = output.logits[:, -1]
        return logits

    def _masks(self, mask: "Tensor", positions: "Tensor") -> "Tensor | dict[str, Tensor]":
        """Hide what lies before a sliding layer's window."""
        if not self._windows:
            return mask
        columns = torch.arange(mask.shape[-1], device=mask.device)
        behind = columns <= (positions - self._windows["sliding_attention"])[:, None, :, None]
        sliding = mask.masked_fill(behind, -torch.inf)
        if "full_attention" not in self._windows:
            return sliding
        return {"full_attention": mask, "sliding_attention": sliding}

    def _empty_cache(self) -> RowCache:
        return RowCache(
            self.config.num_hidden_layers, dtype=self.model.dtype, device=self.model.device
        )

    def _check(self) -> int:
        """Compare a short text, read at once, with the same text read in pieces by two rows.

        Returns:
            The bytes that keys and values of a token take.
        """
        vocabulary = self.config.vocab_size
        tokens = [(7 * place + 3) % vocabulary for place in range(_CHECKED_TOKENS)]
        try:
            with torch.no_grad():
                whole = self.model(input_ids=torch.tensor([tokens], device=self.model.device))
                expected = whole.logits[0, -1].float()
                self.read(0, [tokens[:3], tokens[:5]], [0, 0])
                self.read(0, [tokens[3:7], tokens[5:7]], [3, 5])
                found = self.step([tokens[-1]] * 2, [7, 7]).float()
        except Exception as error:  # each architecture fails in its own way
            raise UsageError(
                f"{self.name} cannot be run in a shared batch: {type(error).__name__}: "
                f"{' '.join(str(error).split())[:200]}"
            ) from error
        size = self.cache.bytes_per_column()
        self.reset()
        if not expected.isfinite().all():
            return size  # its turns will say so
        difference = float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-6))
        tolerance = 1e-3 if self.model.dtype == torch.float32 else 5e-2
        if not difference <= tolerance:
            raise UsageError(
                f"{self.name} cannot be run in a shared batch: its layers keep more than the keys "
                f"and values of attention (read in pieces, its logits differ by {difference:.2g})"
            )
        return size


def _name(model: "PreTrainedModel") -> str:
    return str(model.config.model_type)


def _unwrapped(model: "PreTrainedModel") -> torch.nn.Module:
    """Return a model without the adapters around it."""
    unwrap = getattr(model, "get_base_model", None)
    base = unwrap() if callable(unwrap) else model
    assert isinstance(base, torch.nn.Module)
    return base


def _windows(config: "PreTrainedConfig", name: str) -> dict[str, int]:
    """Return the kinds of attention of a model that has sliding layers, with their windows."""
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ())
    if unknown := sorted(kinds.difference(_ATTENTION)):
        raise UsageError(
            f"{name} models cannot be run here: their layers are {', '.join(unknown)}, and only "
            "plain and sliding attention are known"
        )
    if not window or kinds == {"full_attention"}:
        return {}
    if not kinds and getattr(config, "use_sliding_window", True) is False:
        return {}
    return dict.fromkeys(sorted(kinds) or ["sliding_attention"], int(window))
