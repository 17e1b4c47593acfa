"""Two short series of sales for which references.py computes the forecasts that tests expect."""

import numpy as np

WEEKLY = np.array([
    12, 15, 9, 14, 20, 31, 25, 13, 14, 11, 16, 22, 30, 27, 10, 17, 12, 15, 24, 35, 24, 14, 0,
    13, 18, 23, 33, 29,
], dtype=np.float64)  # fmt: skip
RARE = np.array(
    [0, 0, 3, 0, 0, 0, 1, 5, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0, 6, 0, 0], dtype=np.float64
)
