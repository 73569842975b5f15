"""What a model's tokens cost: prices that the user sets, since no endpoint tells them."""

import math
import os
from dataclasses import dataclass

from crosearch.tools.errors import UsageError

_MILLION = 1_000_000
_VARIABLES = ("CROSEARCH_PRICE_PROMPT", "CROSEARCH_PRICE_COMPLETION")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """US dollars for a million tokens."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what a call costs, in US dollars."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / _MILLION


def read_prices() -> Prices | None:
    """Read `CROSEARCH_PRICE_PROMPT` and `CROSEARCH_PRICE_COMPLETION`; None where neither is set.

    Raises:
        UsageError: Only one is set, or one is not a number of at least 0.
    """
    given = {name: text for name in _VARIABLES if (text := os.environ.get(name, "").strip())}
    if not given:
        return None
    for name in _VARIABLES:
        if name not in given:
            raise UsageError(f"{next(iter(given))} is set and {name} is not: set both, or none")
    prompt, completion = (_parse_price(name, given[name]) for name in _VARIABLES)
    return Prices(prompt=prompt, completion=completion)


def _parse_price(name: str, text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = math.nan
    if not (math.isfinite(price) and price >= 0):
        raise UsageError(
            f"{name} is {text!r}; it must be the price of a million tokens in US dollars, like 0.25"
        )
    return price
