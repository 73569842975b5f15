"""Prices come from the user, both or none."""

import pytest

from crosearch.tools.errors import UsageError
from crosearch.tools.prices import Prices, read_prices

PROMPT, COMPLETION = "CROSEARCH_PRICE_PROMPT", "CROSEARCH_PRICE_COMPLETION"


def test_without_prices_nothing_has_a_cost() -> None:
    assert read_prices() is None


def test_prices_are_dollars_for_a_million_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROMPT, " 0.25 ")
    monkeypatch.setenv(COMPLETION, "2")
    prices = read_prices()
    assert prices is not None and prices == Prices(prompt=0.25, completion=2.0)
    assert prices.cost(1_000_000, 500_000) == pytest.approx(1.25)


def test_half_of_the_prices_would_make_wrong_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROMPT, "1")
    with pytest.raises(UsageError, match=f"{PROMPT} is set and {COMPLETION} is not"):
        read_prices()


@pytest.mark.parametrize("text", ["free", "-1", "nan", "inf", "1,5"])
def test_what_is_no_price_is_told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(PROMPT, text)
    monkeypatch.setenv(COMPLETION, "1")
    with pytest.raises(UsageError, match="must be the price of a million tokens"):
        read_prices()
