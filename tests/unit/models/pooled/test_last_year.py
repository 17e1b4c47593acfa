from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History, PoolProfile
from lepton_spark.models.pooled.boosting import BoostingSettings
from lepton_spark.models.pooled.features import pooled_features
from lepton_spark.models.pooled.last_year import PRIOR_UNITS, last_year
from lepton_spark.models.pooled.model import (
    TREES_SHARE,
    UNITS_TO_GO_BY,
    YEAR_SHARE,
    Pooled,
    trees_share,
)
from lepton_spark.models.pooled.shrunk_weekday import neutral_profile, pool_at
from lepton_spark.models.pooled.training import PooledSettings, train
from lepton_spark.models.pooled.weeks import over_level, week_features

YEAR, BEFORE, WEEK = 364, 56, 7
HORIZON = 28
FIRST = 18_000


def _last_year(
    history: History, *cutoffs: int, pool: PoolProfile | None = None, horizon: int = HORIZON
) -> FloatArray:
    places = np.array(cutoffs)
    pool = pool or neutral_profile(len(cutoffs))
    return last_year(history, places, horizon, pool, np.zeros((history.n_series, len(cutoffs))))


def _steady(rate: float, n_days: int, **weeks: float) -> np.ndarray:
    """[1, T], units a day; `w2=3.0` makes the second week after that time's cutoff sell threefold."""
    quantity = np.full((1, n_days), rate)
    for name, times in weeks.items():
        start = n_days - YEAR + WEEK * (int(name[1:]) - 1)
        quantity[:, start : start + WEEK] *= times
    return quantity


def _history(quantity: np.ndarray, period: int = 1) -> History:
    return History(quantity, FIRST + period * np.arange(quantity.shape[1]), period=period)


def _drawn(sold: float, told: float) -> float:
    return float(np.log((sold + PRIOR_UNITS) / (told + PRIOR_UNITS)))


def test_a_week_is_held_against_the_weeks_before_it_a_year_ago() -> None:
    history = _history(_steady(10.0, 500, w2=3.0))
    found = _last_year(history, 499)
    assert found.shape == (1, 1, 4, 2)
    own, around = found[0, 0].T
    np.testing.assert_allclose(own, [0.0, _drawn(210.0, 70.0), 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(around, [_drawn(350.0, 210.0)] * 3 + [0.0], atol=1e-12)


def test_few_units_say_little() -> None:
    rich, poor = (_last_year(_history(_steady(rate, 500, w1=2.0)), 499)[0, 0, 0, 0] for rate in (100.0, 0.1))
    assert rich == pytest.approx(np.log(2.0), abs=0.05)
    assert 0.0 < poor < 0.05
    lumpy = last_year(
        _history(_steady(10.0, 500, w1=2.0)),
        np.array([499]),
        HORIZON,
        neutral_profile(),
        np.full((1, 1), 2.0),
    )
    prior = PRIOR_UNITS * np.exp(1.0)  # halfway, in logs, between the product's and the pool's
    assert lumpy[0, 0, 0, 0] == pytest.approx(np.log((140.0 + prior) / (70.0 + prior)))


def test_what_the_pool_tells_is_not_told_again() -> None:
    history = _history(_steady(100.0, 500, w1=2.0))
    pool = replace(neutral_profile(), year_weeks=np.array([[2.0, 1.0, 1.0]]))
    own = _last_year(history, 499, pool=pool)[0, 0, :, 0]
    np.testing.assert_allclose(own, 0.0, atol=1e-12)
    assert _last_year(history, 499, pool=pool, horizon=35).shape[2] == 5  # beyond the pool's weeks: factor 1


def test_years_are_added_up() -> None:
    n_days = 2 * YEAR + BEFORE
    quantity = np.full((1, n_days), 10.0)
    for year, times in ((1, 3.0), (2, 2.0)):
        start = n_days - year * YEAR
        quantity[:, start : start + WEEK] *= times
    assert _last_year(_history(quantity), n_days - 1)[0, 0, 0, 0] == pytest.approx(_drawn(350.0, 140.0))


def test_nothing_is_said_without_half_of_the_days_before() -> None:
    quantity = _steady(10.0, YEAR + BEFORE, w1=3.0)
    assert _last_year(_history(quantity), YEAR + BEFORE - 1).any()
    assert not _last_year(_history(quantity[:, 1:]), YEAR + BEFORE - 2).any()
    for unknown, said in ((BEFORE // 2, True), (BEFORE // 2 + 1, False)):
        born = quantity.copy()
        born[:, :unknown] = np.nan
        assert _last_year(_history(born), YEAR + BEFORE - 1).any() == said


@pytest.mark.parametrize("factor", [0.9, 0.95, 1.0 - 2.0**-53, 1.1])
def test_an_unknown_year_is_exactly_nothing_whatever_the_pools_was(factor: float) -> None:
    quantity = np.repeat(_steady(10.0, 500), 40, axis=0)
    quantity[:, :450] = np.nan
    pool = replace(neutral_profile(), year_weeks=np.full((1, 4), factor))
    for dispersion in (0.0, 0.7, 1.3):  # the prior's size decides how its product rounds
        spread = np.full((40, 1), dispersion) + np.linspace(0.0, 1.0, 40)[:, np.newaxis]
        assert not last_year(_history(quantity), np.array([499]), HORIZON, pool, spread).any()


def test_unknown_days_count_on_neither_side() -> None:
    quantity = _steady(10.0, 500, w1=2.0)
    quantity[:, 500 - YEAR + 2] = np.nan
    quantity[:, 500 - YEAR - 5] = np.nan
    found = _last_year(_history(quantity), 499)[0, 0]
    assert found[0, 0] == pytest.approx(_drawn(120.0, 60.0))
    quantity[:, 500 - YEAR : 500 - YEAR + WEEK] = np.nan
    assert _last_year(_history(quantity), 499)[0, 0, 0, 0] == 0.0


def test_nothing_after_a_cutoff_is_seen() -> None:
    rng = np.random.default_rng(0)
    history = _history(rng.poisson(4.0, (5, 900)).astype(float))
    cutoffs = [430, 600, 830]
    whole = _last_year(history, *cutoffs)
    for place, cutoff in enumerate(cutoffs):
        alone = _last_year(history.until(cutoff), cutoff)
        np.testing.assert_array_equal(alone[:, 0], whole[:, place])
    # a horizon of more than a year reaches the cutoff and no further
    assert np.isfinite(_last_year(history, 899, horizon=400)).all()


def test_weeks_are_looked_up_as_days_are() -> None:
    quantity = _steady(10.0, 504, w2=3.0)
    weeks = quantity.reshape(1, -1, WEEK).sum(axis=2)
    found = _last_year(_history(weeks, period=WEEK), 71, horizon=4)
    np.testing.assert_allclose(found, _last_year(_history(quantity), 503), atol=1e-12)


def test_sums_beyond_all_numbers_say_nothing() -> None:
    quantity = np.vstack([_steady(10.0, 500, w1=2.0), np.full((1, 500), 1e308)])
    found = _last_year(_history(quantity), 499)
    assert not found[1].any()
    np.testing.assert_array_equal(found[0], _last_year(_history(quantity[:1]), 499)[0])


def _seasonal(n_series: int = 60, n_days: int = 700) -> History:
    """Products of which each has its own season of eight weeks, at four times the rest, each year."""
    rng = np.random.default_rng(5)
    week = np.arange(n_days) % YEAR // WEEK
    start = rng.integers(0, 52, n_series)[:, np.newaxis]
    rate = np.where((week - start) % 52 < 8, 8.0, 2.0)
    return History(rng.poisson(rate).astype(float), FIRST + np.arange(n_days))


def test_trees_foretell_a_season_that_only_the_product_had() -> None:
    history = _seasonal()
    settings = PooledSettings(n_cutoffs=16, n_rows=20_000, mean=BoostingSettings(80, 8, 20, 0.1))
    cut = 660
    seen = history.until(cut)
    pool = replace(pool_at(seen, np.array([cut])), trees=train(seen, HORIZON, settings))
    forecast = Pooled().fit_forecast(replace(seen, pools={int(seen.days[-1]): pool}), HORIZON).forecast
    week = np.arange(cut - YEAR + 1, cut - YEAR + 1 + HORIZON)
    actual = history.quantity[:, cut + 1 : cut + 1 + HORIZON]
    last = history.quantity[:, week]
    begins = last[:, :7].mean(axis=1) < 4.0  # quiet now, its season within four weeks
    begins &= last[:, -7:].mean(axis=1) > 6.0
    assert begins.sum() >= 3
    assert forecast[begins, -7:].mean() > 0.6 * actual[begins, -7:].mean()


def test_the_trees_part_is_more_where_last_year_is_known() -> None:
    quantity = np.full((2, 500), 4.0)
    quantity[0, 150] = 9.0  # in the second week a year after which the forecast begins
    quantity[1, :100] = np.nan
    cutoff = np.array([499])
    known, unknown = trees_share(pooled_features(_history(quantity), cutoff, HORIZON))
    units = 4.0 * 112
    plain = 1.0 - (1.0 - TREES_SHARE) * units / (units + UNITS_TO_GO_BY)
    assert known == pytest.approx(YEAR_SHARE, abs=1e-12)
    assert unknown == pytest.approx(plain)
    assert plain < YEAR_SHARE


def test_features_of_a_week_are_its_forecast_over_the_level_and_last_year() -> None:
    history = _history(_steady(10.0, 500, w2=3.0))
    features = pooled_features(history, np.array([499]), HORIZON)
    of_week = week_features(features)
    assert of_week.shape == (1, 1, 4, 3)
    np.testing.assert_array_equal(of_week[..., 1:], features.last_year)
    np.testing.assert_allclose(np.exp(of_week[..., 0]), over_level(features), rtol=1e-9)
