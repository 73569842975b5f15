"""Quantiles of a stream in flat memory, each within a hundredth of its value."""

import math
from collections import Counter

_ACCURACY = 0.01
_RATIO = math.log((1 + _ACCURACY) / (1 - _ACCURACY))
_SMALLEST = 1e-6


class Quantiles:
    """Counts numbers in buckets whose widths grow with the numbers (Masson et al., VLDB 2019)."""

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self.total = 0.0
        self.highest = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """Count a number; one below a millionth counts as 0."""
        self.count += 1
        self.total += value
        self.highest = max(self.highest, value)
        if value >= _SMALLEST:
            self._buckets[math.ceil(math.log(value) / _RATIO)] += 1

    def quantile(self, share: float) -> float:
        """Return what a share of the numbers, from 0 to 1, is not above; 0 where there are none."""
        rank = share * (self.count - 1)
        below = self.count - self._buckets.total()
        if rank < below:
            return 0.0
        for bucket in sorted(self._buckets):
            below += self._buckets[bucket]
            if rank < below:
                return min(self.highest, 2 * math.exp(bucket * _RATIO) / (math.exp(_RATIO) + 1))
        return self.highest
