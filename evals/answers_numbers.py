"""How figures of answers, their intervals and differences are written."""

from collections.abc import Mapping

from crosearch.evals.policies_bootstrap import Estimate

DIGITS: Mapping[str, int] = {
    "searches": 2,
    "languages_searched": 2,
    "turns": 2,
    "seconds": 2,
    "read_tokens": 0,
    "generated_tokens": 0,
}
"""Of what runs take; all other figures are from 0 to 1, and have three."""


def spoken(figure: str) -> str:
    """Write a figure's name for people."""
    return figure.replace("_", " ")


def write_figure(value: float, figure: str) -> str:
    """Write a figure with as many digits as mean something."""
    return f"{value:,.{DIGITS.get(figure, 3)}f}"


def write_interval(estimate: Estimate, figure: str) -> str:
    """Write a figure's 95% interval."""
    return f"{write_figure(estimate['low'], figure)}–{write_figure(estimate['high'], figure)}"


def write_difference(value: float, figure: str) -> str:
    """Write by how much figures differ, with a sign where it is not nothing."""
    text = write_figure(abs(value), figure)
    sign = "" if not text.strip("0.,") else "+" if value > 0 else "−"
    return sign + text


def write_difference_interval(difference: Estimate, figure: str) -> str:
    """Write the 95% interval of a difference."""
    low, high = (write_difference(difference[end], figure) for end in ("low", "high"))
    return f"{low} to {high}"


def write_p(p: float) -> str:
    """Write a p-value; below a thousandth, only that."""
    return f"{p:.3f}" if p >= 0.001 else "<0.001"
