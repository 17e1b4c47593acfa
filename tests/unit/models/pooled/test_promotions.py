"""Planned promotions through training and forecast."""

from dataclasses import replace

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.settings import PooledSettings, TrainingSettings
from lepton_spark.models.pooled.training import train

FIRST, N_SERIES, N_WEEKS = 20_000, 200, 40
HORIZON = 14


def _promoted_shop(times: np.ndarray) -> tuple[Pooled, History, np.ndarray]:
    """Products that sell 3 a day, and every fifth week so many times [S] as much under a promotion.

    The trained model, the history, and which of the two weeks ahead are promoted, [S, 2].
    """
    week = np.arange(N_WEEKS + 2)
    promoted = (week[np.newaxis] + np.arange(N_SERIES)[:, np.newaxis]) % 5 == 0  # [S, W]
    rate = np.where(promoted, 3.0 * times[:, np.newaxis], 3.0)
    quantity = np.random.default_rng(0).poisson(np.repeat(rate[:, :N_WEEKS], 7, axis=1)).astype(float)
    series, start = np.nonzero(promoted)
    first_day = FIRST + 7 * start
    known_day, full = np.zeros(len(start), dtype=np.int64), np.ones((len(start), 1))
    plans = Plans(N_SERIES, series, first_day, first_day + 6, known_day, full, HORIZON)
    days = FIRST + np.arange(7 * N_WEEKS)
    history = History(quantity, days, plans.by_day(days), plans=plans)
    settings = PooledSettings(use_median=False, training=TrainingSettings(n_bags=2))
    pool = fit_pool(history, np.array([len(days) - 1]), settings)
    trees = train(history, HORIZON, settings)
    assert trees is not None
    return Pooled(replace(pool, trees=trees)), history, promoted[:, N_WEEKS:]


def _by_week(model: Pooled, history: History) -> np.ndarray:
    forecast: np.ndarray = model.fit_forecast(history, HORIZON).forecast
    return forecast.reshape(history.n_series, 2, 7).mean(axis=2)


def test_promotion_is_forecast_with_the_uplift_of_the_others() -> None:
    model, history, promoted = _promoted_shop(np.full(N_SERIES, 3.0))
    forecast = _by_week(model, history)
    assert 7.0 < forecast[promoted].mean() < 10.0
    assert 2.5 < forecast[~promoted].mean() < 4.0
    alone = _by_week(model, history.select(np.array([3])))
    np.testing.assert_allclose(alone[0], forecast[3], rtol=1e-9)


def test_promotion_is_forecast_with_the_uplift_of_the_product_itself() -> None:
    """Half of the products sell three times as much under a promotion, half as much as ever."""
    responds = np.arange(N_SERIES) // 5 % 2 == 0
    model, history, promoted = _promoted_shop(np.where(responds, 3.0, 1.0))
    forecast = _by_week(model, history)
    assert 7.0 < forecast[responds][promoted[responds]].mean() < 10.0
    assert 2.5 < forecast[~responds][promoted[~responds]].mean() < 3.5
