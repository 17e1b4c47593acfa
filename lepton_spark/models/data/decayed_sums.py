"""Sums over the past at many cutoffs, with weights that halve week by week: one matrix product."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH


def decay(n_days: int, cutoffs: IntArray, half_lives: tuple[float, ...], period: int = 1) -> FloatArray:
    """[T, C, L], the weight of each day at each cutoff and half-life in days; 0 after the cutoff.

    The seven days of a week weigh the same, else a sum would lean to the weekdays just before the cutoff.

    cutoffs: [C], columns of the history, of `period` days each.
    """
    age = cutoffs[np.newaxis, :] - np.arange(n_days)[:, np.newaxis]  # [T, C]
    weeks = np.maximum(age, 0) * period // SEASON_LENGTH * SEASON_LENGTH
    weight: FloatArray = 0.5 ** (weeks[:, :, np.newaxis] / np.array(half_lives))
    weight[age < 0] = 0.0
    return weight


def project(values: FloatArray, weight: FloatArray) -> FloatArray:
    """[S, C, L], sums over the days of values [S, T] times weight [T, C, L]."""
    n_days, n_cutoffs, n_half_lives = weight.shape
    sums = values @ weight.reshape(n_days, n_cutoffs * n_half_lives)
    return sums.reshape(len(values), n_cutoffs, n_half_lives)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Numerator over denominator; 0 where the denominator is not above 0."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.divide(numerator, denominator, out=np.zeros(shape), where=denominator > 0)
