"""Keys and values of the rows of a batch that rows join and leave.

Each layer has one tensor of shape (slots, columns, heads, width): a slot holds a row's tokens from
its first column on, so that a column is a position. A step writes its new keys and values in place
and attends to a view; nothing is copied but a row that moves into the slot of one that left. Rows
fill the first slots without a gap.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from transformers import Cache
from transformers.cache_utils import CacheLayerMixin

if TYPE_CHECKING:
    from torch import Tensor

KeyValues = list[tuple["Tensor", "Tensor"]]
"""Of a row's first tokens: for each layer, keys and values of shape (tokens, heads, width)."""


class RowLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]  # transformers' own
    """One layer's keys and values."""

    def __init__(self, rows: "RowCache") -> None:
        """Belong to `rows`; memory is taken when the first keys show their shape."""
        super().__init__()  # type: ignore[no-untyped-call]  # transformers' own
        self.rows = rows

    def lazy_initialization(self, key_states: "Tensor", value_states: "Tensor") -> None:
        """Take memory; zeros, since what a mask hides has to be a number all the same."""
        self.keys = self._zeros(key_states)
        self.values = self._zeros(value_states)
        self.is_initialized = True

    def update(
        self, key_states: "Tensor", value_states: "Tensor", *args: object, **kwargs: object
    ) -> tuple["Tensor", "Tensor"]:
        """Write the new keys and values, and return all of the rows that are being computed.

        Args:
            key_states: Shape (rows, heads, new tokens, width).
            value_states: The same.
            args: Not used.
            kwargs: Not used.
        """
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        return self.rows.write(self.keys, key_states), self.rows.write(self.values, value_states)

    def resize(self) -> None:
        """Move to tensors of the cache's present size."""
        if self.keys is not None and self.values is not None:
            self.keys, self.values = self._resized(self.keys), self._resized(self.values)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return how many columns a mask has, and where they begin."""
        return self.rows.width, 0

    def get_seq_length(self) -> int:
        """Return 0: every row has a length of its own, and positions are always given."""
        return 0

    def get_max_length(self) -> int:
        """Return -1: it grows."""
        return -1

    def _resized(self, old: "Tensor") -> "Tensor":
        new = old.new_zeros((self.rows.slots, self.rows.columns, *old.shape[2:]))
        new[: old.shape[0], : old.shape[1]] = old
        return new

    def _zeros(self, states: "Tensor") -> "Tensor":
        shape = (self.rows.slots, self.rows.columns, states.shape[1], states.shape[3])
        return states.new_zeros(shape)


class RowCache(Cache):
    """The keys and values of all rows, and the masks that let each see its own tokens."""

    def __init__(self, layers: int, *, dtype: "torch.dtype", device: "torch.device") -> None:
        """Make an empty cache.

        Args:
            layers: How many attention layers the model has.
            dtype: The mask's, which is the model's.
            device: Where the model is.
        """
        self.slots = 0
        self.columns = 0
        self.width = 0
        self._rows: list[RowLayer] = [RowLayer(self) for _ in range(layers)]
        super().__init__(layers=list(self._rows))
        self._device = device
        self._hidden = torch.full((), -torch.inf, dtype=dtype, device=device)
        self._shown = self._hidden.new_zeros(())
        self._first = self._count = 0
        self._places = torch.zeros(0, dtype=torch.long, device=device)

    def reserve(self, slots: int, columns: int) -> None:
        """Grow to at least so many slots and columns, by more than that, since growing copies."""
        if slots <= self.slots and columns <= self.columns:
            return
        if slots > self.slots:
            self.slots = max(slots, 2 * self.slots)
        if columns > self.columns:
            self.columns = max(columns, self.columns * 5 // 4) // 64 * 64 + 64
        for layer in self._rows:
            layer.resize()

    def bytes_per_column(self) -> int:
        """Return what one token of one row takes; 0 until a first one was computed."""
        return sum(
            tensor[0, 0].numel() * tensor.element_size()
            for layer in self._rows
            for tensor in (layer.keys, layer.values)
            if tensor is not None
        )

    def place(self, slot: int, prefix: KeyValues, length: int) -> None:
        """Begin a row with the first `length` tokens of what was computed before."""
        for layer, (keys, values) in zip(self._rows, prefix, strict=False):
            if layer.keys is None:
                layer.lazy_initialization(_as_states(keys), _as_states(values))
            assert layer.keys is not None and layer.values is not None
            layer.keys[slot, :length] = keys[:length]
            layer.values[slot, :length] = values[:length]

    def take(self, slot: int, length: int) -> KeyValues:
        """Copy a row's first tokens."""
        return [
            (layer.keys[slot, :length].clone(), layer.values[slot, :length].clone())
            for layer in self._rows
            if layer.keys is not None and layer.values is not None
        ]

    def move(self, source: int, target: int, length: int) -> None:
        """Put a row into another slot."""
        for layer in self._rows:
            if layer.keys is not None and layer.values is not None:
                layer.keys[target, :length] = layer.keys[source, :length]
                layer.values[target, :length] = layer.values[source, :length]

    def clean(self, slot: int) -> None:
        """Take everything out of a slot that held what is not a number."""
        for layer in self._rows:
            if layer.keys is not None and layer.values is not None:
                layer.keys[slot] = 0
                layer.values[slot] = 0

    def open_block(self, first: int, starts: Sequence[int], length: int) -> "Tensor":
        """Get ready for `length` tokens of each of the rows from slot `first` on.

        Args:
            first: The first row's slot.
            starts: For each row, the position of its first new token.
            length: The new tokens of each row.

        Returns:
            The mask to add to the scores, shape (rows, 1, length, columns).
        """
        self._first, self._count, self.width = first, len(starts), max(starts) + length
        offsets = torch.arange(length, device=self._device)
        positions = torch.tensor(starts, device=self._device)[:, None] + offsets
        slots = torch.arange(first, first + self._count, device=self._device)[:, None]
        self._places = (slots * self.columns + positions).view(-1)
        columns = torch.arange(self.width, device=self._device)
        seen = columns <= positions[:, :, None]
        return torch.where(seen, self._shown, self._hidden)[:, None]

    def write(self, held: "Tensor", states: "Tensor") -> "Tensor":
        """Write a step's states into a layer's tensor, and return those of its rows.

        Args:
            held: Shape (slots, columns, heads, width).
            states: Shape (rows, heads, new tokens, width).
        """
        flat = held.view(-1, *held.shape[2:])
        flat.index_copy_(0, self._places, states.transpose(1, 2).reshape(-1, *held.shape[2:]))
        rows = held[self._first : self._first + self._count, : self.width]
        return rows.transpose(1, 2)


def _as_states(rows: "Tensor") -> "Tensor":
    return rows.transpose(0, 1)[None]
