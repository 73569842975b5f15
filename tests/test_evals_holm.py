"""P-values of several comparisons are corrected so that all of them hold at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosearch.evals.holm import holm

P_VALUES = st.lists(st.floats(0, 1), max_size=8)


def test_it_is_as_computed_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02] and holm([]) == []


@given(P_VALUES)
def test_none_gets_smaller_and_their_order_stays(values: list[float]) -> None:
    corrected = holm(values)
    assert all(new >= old - 1e-6 for old, new in zip(values, corrected, strict=True))
    assert max(corrected, default=0) <= 1
    order = sorted(range(len(values)), key=values.__getitem__)
    ordered = [corrected[place] for place in order]
    assert ordered == sorted(ordered)
    # Bonferroni's correction is never milder.
    assert all(
        new <= min(1, len(values) * old) + 1e-6 for old, new in zip(values, corrected, strict=True)
    )
