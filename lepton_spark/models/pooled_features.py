"""What a pooled model knows of a series at a cutoff: averages over its level, and the days ahead.

Every feature is free of units but `log_level`, so that one model serves products of every size. Sums over
the days at many cutoffs are one matrix product.
"""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.batch import SEASON_LENGTH, FloatArray, History, IntArray, weekdays

HALF_LIVES = (3.0, 7.0, 14.0, 28.0, 56.0, 112.0, 224.0, 364.0)
WEEKDAY_HALF_LIVES = (14.0, 28.0, 112.0, 364.0)
LEVEL_HALF_LIVES = (28.0, 112.0)
SHRINKAGE = 80.0


def decay(n_days: int, cutoffs: IntArray, half_lives: tuple[float, ...]) -> FloatArray:
    """[T, C, L], weight of day t at a cutoff: 1 on the cutoff, halved each half-life, 0 after it."""
    age = cutoffs[np.newaxis, :] - np.arange(n_days)[:, np.newaxis]  # [T, C]
    weight = 0.5 ** (np.maximum(age, 0)[:, :, np.newaxis] / np.array(half_lives))
    return weight * (age >= 0)[:, :, np.newaxis]


def project(values: FloatArray, weight: FloatArray) -> FloatArray:
    """[S, C, L], sums over the days of values [S, T] times weight [T, C, L]."""
    return (values @ weight.reshape(len(weight), -1)).reshape(len(values), *weight.shape[1:])
