"""Exponentially weighted sums of the past at many cutoffs and half-lives, as one matrix product."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH


def decay_weights(
    n_days: int, cutoffs: IntArray, half_lives: tuple[float, ...], period: int = 1
) -> FloatArray:
    """[T, C, L], weight of each day at each cutoff and half-life; 0 after the cutoff.

    Weights fall week by week, so that all weekdays of a week weigh the same.

    cutoffs: [C], columns of `period` days. half_lives: days.
    """
    age = cutoffs[np.newaxis, :] - np.arange(n_days)[:, np.newaxis]  # [T, C]
    whole_weeks = np.maximum(age, 0) * period // SEASON_LENGTH * SEASON_LENGTH
    weight: FloatArray = 0.5 ** (whole_weeks[:, :, np.newaxis] / np.array(half_lives))
    weight[age < 0] = 0.0
    return weight


def weighted_sums(values: FloatArray, weight: FloatArray) -> FloatArray:
    """[S, C, L], sums over the days of values [S, T] times weight [T, C, L]."""
    n_days, n_cutoffs, n_half_lives = weight.shape
    sums = values @ weight.reshape(n_days, n_cutoffs * n_half_lives)
    return sums.reshape(len(values), n_cutoffs, n_half_lives)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Numerator over denominator; 0 where the denominator is not positive."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.divide(numerator, denominator, out=np.zeros(shape), where=denominator > 0)
