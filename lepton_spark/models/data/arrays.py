"""Array types of the numpy core."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
StringArray = NDArray[np.str_]

T = TypeVar("T", bound=np.generic)


def placed(values: NDArray[T], rows: IntArray, others: NDArray[T]) -> NDArray[T]:
    """A copy of the values with some rows replaced.

    >>> placed(np.array([1.0, 2.0, 3.0]), np.array([1]), np.array([9.0])).tolist()
    [1.0, 9.0, 3.0]
    """
    result = values.astype(np.promote_types(values.dtype, others.dtype))
    result[rows] = others
    return result
