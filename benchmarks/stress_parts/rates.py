"""True rates of made-up shops."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

N_DAYS = 406
"""Whole weeks; the first day is a Monday."""

N_SERIES = 100

HORIZON = 28


def weekday_profile(n_days: int, first_weekday: int = 0) -> FloatArray:
    """[T], a usual week: weekends sell more."""
    profile = np.array([0.85, 0.85, 0.9, 0.95, 1.1, 1.3, 1.05])
    return profile[(np.arange(n_days) + first_weekday) % 7]


def mixed_levels(rng: np.random.Generator, n_series: int) -> FloatArray:
    """[S, 1], daily rates of a catalogue from slow movers to fast ones."""
    return np.exp(rng.normal(0.5, 1.2, (n_series, 1)))


def rates_of(rng: np.random.Generator, n_series: int, n_days: int) -> FloatArray:
    """[S, T + H], Poisson rates of a shop without trend or season."""
    return mixed_levels(rng, n_series) * weekday_profile(n_days + HORIZON)


def poisson_sales(rng: np.random.Generator, rates: FloatArray) -> FloatArray:
    """[S, T + H], Poisson sales of these rates; every series sells on its first day with a rate above 0."""
    units = rng.poisson(rates).astype(np.float64)
    series, first = np.arange(len(rates)), np.argmax(rates > 0, axis=1)
    units[series, first] = np.maximum(units[series, first], 1.0)
    return units
