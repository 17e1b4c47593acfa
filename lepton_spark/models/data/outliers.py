"""Damping of outliers: days far beyond all earlier sales count less in fitting, never in scoring."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

MIN_SALES = 8
"""Days with a sale needed before an outlier can be distinguished from demand."""

STANDARD_DEVIATIONS = 8.0
MIN_SPREAD = 0.5
"""Lower bound of the standard deviation as a share of the mean sale: a few equal sales have none."""


def damp_outliers(quantity: FloatArray, planned: FloatArray | None = None) -> FloatArray:
    """[S, T], each day capped at the mean of all earlier sales plus eight standard deviations.

    Only earlier days, themselves damped, enter the cap: nothing leaks from the future, and lasting growth
    raises the cap. Unknown days stay unknown; days under promotion are not capped.

    quantity: [S, T], units; NaN = unknown. planned: [S, >=T, K], promotion measures, 0 = none.
    """
    promoted = None if planned is None else planned[:, : quantity.shape[1]].max(axis=2) > 0
    damped = quantity.copy()
    n_series = len(quantity)
    count, total, squares = np.zeros(n_series), np.zeros(n_series), np.zeros(n_series)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for day in range(quantity.shape[1]):
            mean = total / count
            spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
            cap = mean + STANDARD_DEVIATIONS * np.maximum(spread, MIN_SPREAD * mean)
            value = damped[:, day]
            is_outlier = (count >= MIN_SALES) & (value > cap)
            if promoted is not None:
                is_outlier &= ~promoted[:, day]
            value[is_outlier] = cap[is_outlier]
            sold = value > 0
            count += sold
            total += np.where(sold, value, 0.0)
            squares += np.where(sold, value**2, 0.0)
    return damped
