"""Models of intermittent demand: Croston's method with bias correction, and TSB."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import LEVEL, Parts
from lepton_spark.models.local.smoothing_grid import (
    ALPHAS,
    ScaledDays,
    as_column,
    best_row,
    of_period,
    pick,
    scaled_days,
)

TSB_ALPHAS = tuple((size, probability) for size in ALPHAS for probability in ALPHAS)


@dataclass(frozen=True)
class CrostonSBA:
    """Demand rate (1 - alpha / 2) size / interval, both smoothed on days with a sale only.

    `alpha` is the one of `alphas` with the least one-step squared error over all known days after the first
    14. An interval counts known days only; a day with a quantity of 0 or less has no sale. `start` is a size
    in units and an interval in days; without it both start at their mean over the history, so that a rare
    product does not depend on its first sale. A series without a sale is forecast 0.
    A series without a known day, or with an infinite quantity, gets a NaN row.
    Coefficients: `alpha`, `size` in units, `interval` in days.

    Source: Croston (1972); Syntetos and Boylan (2005), the approximate correction.
    """

    alphas: tuple[float, ...] = ALPHAS
    start: tuple[float, float] | None = None

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Run all series and all alphas through the days at once."""
        days, alpha = scaled_days(history), as_column(self.alphas)
        sold = _sold(days)
        first_size, frequency = _means(days, sold)
        first_interval = 1.0 / frequency
        if self.start is not None:
            first_size = days.from_units(self.start[0])
            first_interval = np.full_like(frequency, self.start[1])
        size, interval = _states(first_size, alpha), _states(first_interval, alpha)  # [P, S]
        since = np.ones_like(frequency)  # [S], known days since the last sale, today included
        correction = 1.0 - alpha / 2.0
        total = np.zeros_like(size)
        for day, value in enumerate(days.value):
            error = value - correction * size / interval
            total += days.scored[day] * error * error
            size += alpha * sold[day] * (value - size)
            interval += alpha * sold[day] * (since - interval)
            since = np.where(sold[day] > 0, 1.0, since + days.known[day])
        chosen = best_row(total, days.size)
        rate = pick(correction * size / interval, chosen)
        forecast = days.to_units(np.repeat(rate[:, np.newaxis], horizon, axis=1))
        return Fit(
            forecast,
            {
                "alpha": days.where_fittable(pick(alpha, chosen)),
                "size": days.to_units(pick(size, chosen)),
                "interval": days.where_fittable(pick(interval, chosen)),
            },
            explain=lambda: Parts({LEVEL: forecast}),
        )


@dataclass(frozen=True)
class TSB:
    """Demand rate size times probability of a sale.

    The size is smoothed on days with a sale, the probability on every known day.

    The pair of parameters is the one of `alphas` with the least one-step squared error after the first 14
    known days. Unknown days change nothing; a day with a quantity of 0 or less has no sale. `start` is a size
    in units and a probability; without it both start at their mean over the history. A series without a sale
    is forecast 0. A series without a known day, or with an infinite quantity, gets a NaN row.
    Coefficients: `alpha_size`, `alpha_probability`, `size` in units, `probability`.

    Source: Teunter, Syntetos and Babai (2011).
    """

    alphas: tuple[tuple[float, float], ...] = TSB_ALPHAS
    start: tuple[float, float] | None = None

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Run all series and all pairs through the days at once."""
        days = scaled_days(history)
        sizes, probabilities = zip(*self.alphas, strict=True)
        alpha_size = as_column(of_period(alpha, history.period) for alpha in sizes)
        alpha_probability = as_column(of_period(alpha, history.period) for alpha in probabilities)
        sold = _sold(days)
        first_size, frequency = _means(days, sold)
        if self.start is not None:
            first_size = days.from_units(self.start[0])
            frequency = np.full_like(frequency, self.start[1])
        size, probability = _states(first_size, alpha_size), _states(frequency, alpha_size)  # [P, S]
        total = np.zeros_like(size)
        for day, value in enumerate(days.value):
            error = value - size * probability
            total += days.scored[day] * error * error
            size += alpha_size * sold[day] * (value - size)
            probability += alpha_probability * days.known[day] * (sold[day] - probability)
        chosen = best_row(total, days.size)
        rate = pick(size * probability, chosen)
        forecast = days.to_units(np.repeat(rate[:, np.newaxis], horizon, axis=1))
        return Fit(
            forecast,
            {
                "alpha_size": days.where_fittable(pick(alpha_size, chosen)),
                "alpha_probability": days.where_fittable(pick(alpha_probability, chosen)),
                "size": days.to_units(pick(size, chosen)),
                "probability": days.where_fittable(pick(probability, chosen)),
            },
            explain=lambda: Parts({LEVEL: forecast}),
        )


def _sold(days: ScaledDays) -> FloatArray:
    """[T, S], 1 on days with a sale."""
    return (days.value > 0).astype(np.float64)


def _means(days: ScaledDays, sold: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S] each: the mean size of a sale, 0 if there was none, and the share of known days with a sale.

    The share counts at least one sale, so that a series without any has a finite interval.
    """
    by_series = [np.ascontiguousarray(array.T) for array in (days.value * sold, sold, days.known)]
    units, n_sales, n_known = (np.sum(array, axis=1) for array in by_series)
    return units / np.maximum(n_sales, 1.0), np.maximum(n_sales, 1.0) / np.maximum(n_known, 1.0)


def _states(first: FloatArray, alpha: FloatArray) -> FloatArray:
    """[P, S], the initial state for every member of the grid."""
    return np.repeat(first[np.newaxis], len(alpha), axis=0)
