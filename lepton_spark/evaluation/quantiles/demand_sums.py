"""Dispersion of demand over several columns: days of one series are not independent of each other.

Variance = dispersion x mean, as for single days, but with a dispersion that is fitted on sums of a length.
It never falls with the length, so that more days never mean less uncertainty.
"""

from collections.abc import Callable

import numpy as np

from lepton_spark.evaluation.quantiles.calibration import Calibration, Spread
from lepton_spark.evaluation.quantiles.dispersion import LARGEST_DISPERSION, likely_dispersion
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH

PRIOR_SUMS = 4
"""Sums that the history's dispersion counts as, for series of fractions."""

MIN_SCORED_SHARE = 0.5
"""Share of a sum's days that must be scored."""

MIN_DISPERSION = 1e-9
"""Lower bound of a dispersion, in units; that of whole units is 1."""

ExpectedLogDispersion = Callable[[FloatArray], FloatArray]
"""Level in units -> log dispersion that the pool expects; both [S]."""


def sum_lengths(horizon: int) -> tuple[int, ...]:
    """Lengths at which the dispersion is fitted: one column, a week (or seven weeks), and the horizon.

    >>> sum_lengths(28), sum_lengths(7), sum_lengths(3)
    ((1, 7, 28), (1, 7), (1, 3))
    """
    return tuple(sorted({1, min(SEASON_LENGTH, horizon), horizon}))


def sum_dispersion_name(length: int) -> str:
    """Name of the dispersion of sums of a length in `models.parameters`."""
    return f"sum_dispersion_{length}"


def fitted_sum_dispersions(calibration: Calibration, expected: ExpectedLogDispersion) -> FloatArray:
    """[S, N], dispersion of sums of each of N lengths, from consecutive sums in every window.

    For whole units the most likely one, with the pool's dispersion of series that sell as much in a day as
    this one in the sum as the prior. For others the squared errors over the forecasts, with the history's
    dispersion as the prior. NaN where no sum is scored.
    """
    columns = []
    for length in sum_lengths(calibration.residual.shape[2]):
        forecast, actual = _sums(calibration, length)
        scored = ~np.isnan(actual)
        n_sums = np.count_nonzero(scored, axis=1)
        level = np.sum(forecast, axis=1, where=scored) / np.maximum(n_sums, 1)
        by_counts = likely_dispersion(forecast, actual, scored, expected(level), calibration.settings)
        by_errors = _of_fractions(forecast, actual, level, calibration.history_dispersion)
        fitted = np.where(calibration.whole_units, by_counts, by_errors)
        columns.append(np.where(n_sums > 0, fitted, np.nan))
    return np.stack(columns, axis=1)


def sum_dispersions(
    fitted: FloatArray, forecast: FloatArray, spread: Spread, expected: ExpectedLogDispersion
) -> FloatArray:
    """[S, N], dispersion of sums of the days ahead, which never falls with their length.

    Where none was fitted, that which the pool expects at the level of the forecast; for series of fractions,
    that of the history.

    fitted: [S, N], NaN where nothing was scored. forecast: [S, H], units.
    """
    level = forecast.cumsum(axis=1)
    of_pool = [np.exp(expected(level[:, length - 1])) for length in sum_lengths(forecast.shape[1])]
    without = np.where(spread.whole_units, np.stack(of_pool), spread.without_errors).T
    return _never_falling(np.where(np.isnan(fitted), without, fitted))


def dispersion_at(dispersions: FloatArray, lengths: IntArray, n_columns: IntArray) -> FloatArray:
    """[S], the dispersion of the sum of the first columns, interpolated between the fitted lengths in logs.

    dispersions: [S, N]. lengths: [N], rising. n_columns: [S], from 1 to the largest length.
    """
    if len(lengths) == 1:
        return dispersions[:, 0]
    upper = np.clip(np.searchsorted(lengths, n_columns), 1, len(lengths) - 1)
    rows, x = np.arange(len(dispersions)), np.log(lengths)
    share = (np.log(n_columns) - x[upper - 1]) / (x[upper] - x[upper - 1])
    below, above = (np.log(dispersions[rows, at]) for at in (upper - 1, upper))
    return np.asarray(np.exp(below + share * (above - below)))


def _sums(calibration: Calibration, length: int) -> tuple[FloatArray, FloatArray]:
    """[S, P] each, forecasts and actuals over the scored days of consecutive sums; NaN actual = unscored."""
    n_series, n_windows, horizon = calibration.residual.shape
    n_sums = horizon // length
    shape = (n_series, n_windows * n_sums, length)
    residual = calibration.residual[:, :, : n_sums * length].reshape(shape)
    scored = ~np.isnan(residual)
    forecast = np.where(scored, calibration.forecast[:, :, : n_sums * length].reshape(shape), 0.0).sum(axis=2)
    actual = forecast + np.where(scored, residual, 0.0).sum(axis=2)
    enough = np.count_nonzero(scored, axis=2) >= MIN_SCORED_SHARE * length
    return forecast, np.where(enough, np.maximum(actual, 0.0), np.nan)


def _of_fractions(
    forecast: FloatArray, actual: FloatArray, level: FloatArray, history_dispersion: FloatArray | None
) -> FloatArray:
    """[S], squared errors over forecasts of the scored sums [S, P]; level: [S], mean forecast of a sum."""
    scored = ~np.isnan(actual)
    prior = np.ones(len(level)) if history_dispersion is None else history_dispersion
    squared = np.sum((np.nan_to_num(actual) - forecast) ** 2, axis=1, where=scored)
    expected = np.sum(forecast, axis=1, where=scored)
    weight = PRIOR_SUMS * level
    total = expected + weight
    ratio = np.divide(squared + weight * prior, total, out=prior.copy(), where=total > 0)
    return np.asarray(np.clip(ratio, MIN_DISPERSION, LARGEST_DISPERSION))


def _never_falling(dispersions: FloatArray) -> FloatArray:
    """[S, N], the week's dispersion unchanged, shorter sums at most and longer ones at least as large."""
    week = min(1, dispersions.shape[1] - 1)
    made = dispersions.copy()
    made[:, 0] = np.minimum(made[:, 0], made[:, week])
    return np.maximum.accumulate(made, axis=1)
