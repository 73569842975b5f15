"""Products of matrices in pieces so small that the linear algebra starts no threads for them.

Many runs share a machine's cores already. Threads of BLAS that wait for each other beside them took
half of all the time that a run's policy had, for products that one thread does in microseconds.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

_SERIAL = 200_000
"""Multiplications; OpenBLAS takes up to 262,144 for one thread's."""


def row_products(rows: NDArray[Float], others: NDArray[Float]) -> NDArray[Float]:
    """Multiply each of some rows with each of others.

    Args:
        rows: Shape (n, dimension), n at least 1.
        others: Shape (m, dimension).

    Returns:
        `rows @ others.T`, shape (n, m).
    """
    step = max(1, _SERIAL // max(1, rows.size))
    products = np.empty((len(rows), len(others)), rows.dtype)
    for start in range(0, len(others), step):
        products[:, start : start + step] = rows @ others[start : start + step].T
    return products
