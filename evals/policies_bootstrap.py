"""Bootstrap intervals of shares and means, and of how far two of them differ on the same questions.

Questions that ask for one fact in several languages are no independent draws: what is drawn anew
are facts, each with all its questions (a cluster bootstrap; Field and Welsh 2007). All figures of a
comparison are taken from the same draws, so that two of them differ as they do on the same facts
(the paired bootstrap; Koehn 2004).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

Observation = tuple[str, float, float]
"""A fact, what was observed for it, and how much that counts; a figure is the quotient of sums."""

_OUTSIDE = (2.5, 97.5)


class Estimate(TypedDict):
    """A figure with its 95% interval; plain JSON."""

    value: float
    low: float
    high: float
    n: float
    """What was divided by: how many questions, runs or pairs the figure is a mean of."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Sums by fact, of what was observed and of what that is divided by; shape (facts,)."""

    sums: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def added(cls, parts: "Sequence[Ratio]") -> "Ratio":
        """Add up the sums of several."""
        return cls(
            np.sum([part.sums for part in parts], axis=0),
            np.sum([part.weights for part in parts], axis=0),
        )

    @property
    def value(self) -> float | None:
        """The figure; None where nothing was observed."""
        total = self.weights.sum()
        return float(self.sums.sum() / total) if total else None


class Bootstrap:
    """Draws facts anew, once for all figures."""

    def __init__(self, facts: Sequence[str], *, resamples: int = 1_000, seed: int = 0) -> None:
        """Draw.

        Args:
            facts: All facts of the comparison.
            resamples: How often all of them are drawn anew.
            seed: What they are drawn from.
        """
        self._places = {fact: place for place, fact in enumerate(dict.fromkeys(facts))}
        count = len(self._places)
        generator = np.random.default_rng(seed)
        self._draws = np.zeros((resamples, 0))
        if count:
            drawn = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
            self._draws = drawn.astype(np.float64)

    def ratio(self, observed: Iterable[Observation]) -> Ratio:
        """Sum observations up by fact."""
        sums, weights = np.zeros(len(self._places)), np.zeros(len(self._places))
        for fact, value, weight in observed:
            sums[self._places[fact]] += value
            weights[self._places[fact]] += weight
        return Ratio(sums, weights)

    def estimate(self, ratio: Ratio) -> Estimate | None:
        """Give a figure its interval; None where nothing was observed."""
        value = ratio.value
        if value is None:
            return None
        return _estimate(value, self._resampled(ratio), float(ratio.weights.sum()))

    def difference(self, one: Ratio, other: Ratio) -> Estimate | None:
        """Say how much higher `one` is than `other`, on the facts that both were observed for."""
        tested = self.test(one, other)
        return None if tested is None else tested[0]

    def test(self, one: Ratio, other: Ratio) -> tuple[Estimate, float] | None:
        """Say how much higher `one` is than `other`, and how likely that is by chance alone.

        Returns:
            The difference, on the facts that both were observed for, and the p-value of there being
            none: two-sided, twice the share of draws on the rarer side of 0, the draw that was
            observed counted among them. None where no fact was observed for both.
        """
        both = (one.weights > 0) & (other.weights > 0)
        one, other = (Ratio(r.sums * both, r.weights * both) for r in (one, other))
        if one.value is None or other.value is None:
            return None
        drawn = self._resampled(one) - self._resampled(other)
        estimate = _estimate(one.value - other.value, drawn, float(one.weights.sum()))
        return estimate, _p_value(drawn)

    def _resampled(self, ratio: Ratio) -> NDArray[np.float64]:
        """Return the figure of each draw, shape (resamples,); NaN where a draw holds nothing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            quotients: NDArray[np.float64] = (self._draws @ ratio.sums) / (
                self._draws @ ratio.weights
            )
        return quotients


def _p_value(drawn: NDArray[np.float64]) -> float:
    known = drawn[np.isfinite(drawn)]
    rarer = min(np.sum(known <= 0), np.sum(known >= 0))
    return round(min(1.0, 2 * (float(rarer) + 1) / (known.size + 1)), 6)


def _estimate(value: float, drawn: NDArray[np.float64], n: float) -> Estimate:
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, _OUTSIDE) if known.size else (value, value)
    return Estimate(
        value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4), n=round(n, 1)
    )
