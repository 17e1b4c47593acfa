"""Sales and settings that the tests of the pooled family share."""

from dataclasses import replace
from typing import Any

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings, TrainingSettings

HORIZON = 14
FIRST = 20_000


def small_settings(**training: Any) -> PooledSettings:
    """Few and small trees."""
    small = TrainingSettings(
        n_cutoffs=6,
        n_bags=2,
        max_weeks=4_000,
        min_weeks=100,
        mean=BoostingSettings(20, 4, 20, 0.1),
        median=BoostingSettings(20, 4, 50, 0.1),
    )
    return PooledSettings(training=replace(small, **training))


def random_sales(n_series: int = 30, n_days: int = 140) -> History:
    """Poisson sales with a weekday pattern; the fourth series has no known quantity on its first 60 days."""
    rng = np.random.default_rng(11)
    week = np.array([0.5, 0.7, 0.8, 1.0, 1.2, 1.6, 1.2])
    rate = rng.gamma(1.0, 3.0, n_series)[:, np.newaxis] * week[np.arange(n_days) % 7]
    quantity = rng.poisson(rate).astype(float)
    quantity[3, :60] = np.nan
    return History(quantity, FIRST + np.arange(n_days))
