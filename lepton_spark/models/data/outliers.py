"""Days beyond anything sold before: damped for fitting, never for scoring."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

LEAST_SALES = 8
"""Days with a sale before a spike can be told from demand."""

STANDARD_DEVIATIONS = 8.0
LEAST_SPREAD = 0.5
"""Share of the mean sale that the standard deviation is at least: equal sales say little of the spread."""


def damped(quantity: FloatArray, planned: FloatArray | None = None) -> FloatArray:
    """[S, T], each day at most the mean of the sales before it and eight of their standard deviations.

    Only days before count, themselves damped, so that nothing is known ahead of time and a product that
    grows is followed; growth that lasts raises the limit. Unknown days stay unknown, promoted ones as sold.

    quantity: [S, T], units; NaN = unknown. planned: [S, >=T, K], measures of promotions, 0: none.
    """
    spared = None if planned is None else planned[:, : quantity.shape[1]].max(axis=2) > 0
    calm = quantity.copy()
    n_series = len(quantity)
    count, total, squares = np.zeros(n_series), np.zeros(n_series), np.zeros(n_series)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for day in range(quantity.shape[1]):
            mean = total / count
            spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
            limit = mean + STANDARD_DEVIATIONS * np.maximum(spread, LEAST_SPREAD * mean)
            value = calm[:, day]
            spike = (count >= LEAST_SALES) & (value > limit)
            if spared is not None:
                spike &= ~spared[:, day]
            value[spike] = limit[spike]
            sold = value > 0
            count += sold
            total += np.where(sold, value, 0.0)
            squares += np.where(sold, value**2, 0.0)
    return calm
