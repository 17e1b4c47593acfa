from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.features.last_year import last_year_features
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings, TrainingSettings
from lepton_spark.models.pooled.training import train

YEAR, BASE, WEEK = 364, 56, 7
HORIZON = 28
FIRST = 18_000


def _last_year(
    history: History, *cutoffs: int, pool: Pool | None = None, horizon: int = HORIZON
) -> FloatArray:
    pool = pool or neutral_pool(len(cutoffs))
    poisson = np.zeros((history.n_series, len(cutoffs)))
    return last_year_features(history, np.array(cutoffs), horizon, pool, poisson)


def _steady(rate: float, n_days: int, **weeks: float) -> np.ndarray:
    """[1, T], units a day; `w2=3.0` triples the second week after the cutoff, a year earlier."""
    quantity = np.full((1, n_days), rate)
    for name, times in weeks.items():
        start = n_days - YEAR + WEEK * (int(name[1:]) - 1)
        quantity[:, start : start + WEEK] *= times
    return quantity


def _history(quantity: np.ndarray, period: int = 1) -> History:
    return History(quantity, FIRST + period * np.arange(quantity.shape[1]), period=period)


def test_week_is_compared_with_the_56_days_before_it_a_year_ago() -> None:
    found = _last_year(_history(_steady(10.0, 500, w2=3.0)), 499)
    assert found.shape == (1, 1, 4, 2)
    own, around = found[0, 0].T
    # the week sold 210 units where 70 were expected; both sides add a prior of 20
    np.testing.assert_allclose(own, [0.0, np.log(230.0 / 90.0), 0.0, 0.0], atol=1e-12)
    # with the week before and after it, 350 of 210
    np.testing.assert_allclose(around, [np.log(370.0 / 230.0)] * 3 + [0.0], atol=1e-12)


def test_few_units_are_shrunk_to_zero() -> None:
    many, few = (_last_year(_history(_steady(rate, 500, w1=2.0)), 499)[0, 0, 0, 0] for rate in (100.0, 0.1))
    assert many == pytest.approx(np.log(1420.0 / 720.0))
    assert few == pytest.approx(np.log(21.4 / 20.7))


def test_lumpy_demand_is_shrunk_further_by_the_mean_log_dispersion() -> None:
    history, log_dispersion = _history(_steady(10.0, 500, w1=2.0)), np.full((1, 1), 2.0)
    found = last_year_features(history, np.array([499]), HORIZON, neutral_pool(), log_dispersion)
    prior = 20.0 * np.e  # between e^2 of the series and 1 of the pool
    assert found[0, 0, 0, 0] == pytest.approx(np.log((140.0 + prior) / (70.0 + prior)))


def test_season_of_the_pool_is_not_counted_twice() -> None:
    history = _history(_steady(100.0, 500, w1=2.0))
    pool = replace(neutral_pool(), factors={"year_weeks": np.array([[2.0, 1.0, 1.0]])})
    np.testing.assert_allclose(_last_year(history, 499, pool=pool)[0, 0, :, 0], 0.0, atol=1e-12)
    assert _last_year(history, 499, pool=pool, horizon=35).shape[2] == 5  # the pool has three weeks


def test_units_of_several_years_are_added() -> None:
    n_days = 2 * YEAR + BASE
    quantity = np.full((1, n_days), 10.0)
    for year, times in ((1, 3.0), (2, 2.0)):
        start = n_days - year * YEAR
        quantity[:, start : start + WEEK] *= times
    # 210 + 140 units where 70 + 70 were expected
    assert _last_year(_history(quantity), n_days - 1)[0, 0, 0, 0] == pytest.approx(np.log(370.0 / 160.0))


def test_history_without_a_year_and_56_days_has_no_last_year() -> None:
    quantity = _steady(10.0, YEAR + BASE, w1=3.0)
    assert _last_year(_history(quantity), YEAR + BASE - 1).any()
    assert not _last_year(_history(quantity[:, 1:]), YEAR + BASE - 2).any()


@pytest.mark.parametrize(("n_unknown", "expected"), [(28, True), (29, False)])
def test_series_known_on_fewer_than_half_of_the_base_days_has_no_last_year(
    n_unknown: int, expected: bool
) -> None:
    quantity = _steady(10.0, YEAR + BASE, w1=3.0)
    quantity[:, :n_unknown] = np.nan
    assert _last_year(_history(quantity), YEAR + BASE - 1).any() == expected


@pytest.mark.parametrize("factor", [0.9, 0.95, 1.0 - 2.0**-53, 1.1])
def test_unknown_year_is_exactly_zero_whatever_the_pools_season(factor: float) -> None:
    quantity = np.repeat(_steady(10.0, 500), 40, axis=0)
    quantity[:, :450] = np.nan
    pool = replace(neutral_pool(), factors={"year_weeks": np.full((1, 4), factor)})
    for dispersion in (0.0, 0.7, 1.3):  # the size of the prior decides how products round
        log_dispersion = np.full((40, 1), dispersion) + np.linspace(0.0, 1.0, 40)[:, np.newaxis]
        cutoff = np.array([499])
        assert not last_year_features(_history(quantity), cutoff, HORIZON, pool, log_dispersion).any()


def test_unknown_days_count_neither_as_sold_nor_as_expected() -> None:
    quantity = _steady(10.0, 500, w1=2.0)
    quantity[:, 500 - YEAR + 2] = np.nan
    quantity[:, 500 - YEAR - 5] = np.nan
    # six days of the week: 120 units where 60 were expected
    assert _last_year(_history(quantity), 499)[0, 0, 0, 0] == pytest.approx(np.log(140.0 / 80.0))
    quantity[:, 500 - YEAR : 500 - YEAR + WEEK] = np.nan
    assert _last_year(_history(quantity), 499)[0, 0, 0, 0] == 0.0


def test_last_year_can_be_switched_off() -> None:
    history = _history(_steady(10.0, 500, w2=3.0))
    pool = replace(neutral_pool(), settings=PooledSettings(use_last_year=False))
    assert not _last_year(history, 499, pool=pool).any()


def test_last_year_is_not_changed_by_days_after_the_cutoff() -> None:
    rng = np.random.default_rng(0)
    history = _history(rng.poisson(4.0, (5, 900)).astype(float))
    cutoffs = [430, 600, 830]
    together = _last_year(history, *cutoffs)
    for position, cutoff in enumerate(cutoffs):
        alone = _last_year(history.until(cutoff), cutoff)
        np.testing.assert_array_equal(alone[:, 0], together[:, position])


def test_horizon_above_a_year_sees_no_day_after_the_cutoff() -> None:
    quantity = np.random.default_rng(0).poisson(4.0, (5, 900)).astype(float)
    changed = quantity.copy()
    changed[:, 700:] = 1e6
    found, expected = (_last_year(_history(each), 699, horizon=400) for each in (changed, quantity))
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(_last_year(_history(quantity), 899, horizon=400)).all()


def test_last_year_of_weekly_columns_is_that_of_their_days() -> None:
    quantity = _steady(10.0, 504, w2=3.0)
    weeks = quantity.reshape(1, -1, WEEK).sum(axis=2)
    found = _last_year(_history(weeks, period=WEEK), 71, horizon=4)
    np.testing.assert_allclose(found, _last_year(_history(quantity), 503), atol=1e-12)


def test_series_whose_sums_overflow_has_no_last_year() -> None:
    quantity = np.vstack([_steady(10.0, 500, w1=2.0), np.full((1, 500), 1e308)])
    found = _last_year(_history(quantity), 499)
    assert not found[1].any()
    np.testing.assert_array_equal(found[0], _last_year(_history(quantity[:1]), 499)[0])


def test_trees_forecast_a_season_that_only_the_product_has() -> None:
    """Each product sells fourfold in eight weeks of its own, every year."""
    rng = np.random.default_rng(5)
    week = np.arange(700) % YEAR // WEEK
    start = rng.integers(0, 52, 60)[:, np.newaxis]
    quantity = rng.poisson(np.where((week - start) % 52 < 8, 8.0, 2.0)).astype(float)
    cutoff = 660
    past = History(quantity, FIRST + np.arange(700)).until(cutoff)
    training = TrainingSettings(n_bags=1, max_weeks=20_000, mean=BoostingSettings(80, 8, 20, 0.1))
    trees = train(past, HORIZON, PooledSettings(use_median=False, training=training))
    assert trees is not None
    pool = replace(fit_pool(past, np.array([cutoff])), trees=trees)
    forecast = Pooled(pool).fit_forecast(past, HORIZON).forecast
    actual = quantity[:, cutoff + 1 : cutoff + 1 + HORIZON]
    a_year_ago = quantity[:, cutoff - YEAR + 1 : cutoff - YEAR + 1 + HORIZON]
    begins = (a_year_ago[:, :7].mean(axis=1) < 4.0) & (a_year_ago[:, -7:].mean(axis=1) > 6.0)
    assert begins.sum() >= 3  # their season begins within the four weeks ahead
    assert forecast[begins, -7:].mean() > 0.6 * actual[begins, -7:].mean()
