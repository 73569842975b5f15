"""Products in pieces are the products."""

import numpy as np
import pytest

from crosearch.tools.products import row_products


@pytest.mark.parametrize("rows", [1, 7, 300])
@pytest.mark.parametrize("others", [0, 1, 90, 1000])
def test_pieces_come_to_the_whole(rows: int, others: int) -> None:
    draw = np.random.default_rng(rows + others)
    one, other = draw.random((rows, 256), np.float32), draw.random((others, 256), np.float32)
    np.testing.assert_allclose(row_products(one, other), one @ other.T, rtol=1e-5)
    assert row_products(one, other).dtype == np.float32
