"""Significance of several comparisons at once."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number, so that all of them hold at once.

    Holm's step-down procedure (Holm 1979, “A simple sequentially rejective multiple test
    procedure”): the smallest is multiplied by how many there are, the next by one less, and none
    comes out below one that was smaller.

    Args:
        p_values: From 0 to 1.

    Returns:
        The corrected ones, in the given order; at most 1.
    """
    corrected = [0.0] * len(p_values)
    least = 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for step, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - step) * p_values[place]))
        corrected[place] = round(least, 6)
    return corrected
